"""What `penholder agent start` is told: a word that may mean two things is refused."""

import pytest

from tests.helpers.command_line import Cli

_AMBIGUOUS = "write --worktree=BRANCH for the branch, and the prompt before --worktree"


def test_a_word_that_may_be_the_branch_or_the_prompt_is_refused(cli: Cli) -> None:
    ran = cli("agent", "start", "-d", "--worktree", "fixit")
    assert (ran.code, _AMBIGUOUS in ran.err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        ("--worktree=fixit",),
        ("--worktree=fixit", "a prompt"),
        ("--worktree", "fixit", "a prompt"),
        ("a prompt", "--worktree"),
        ("--worktree", "--", "a prompt"),
        ("--worktree",),
    ],
)
def test_what_can_mean_one_thing_only_is_taken(cli: Cli, words: tuple[str, ...]) -> None:
    ran = cli("agent", "start", "-d", "--launcher", "no-such", *words)
    assert "there is no launcher" in ran.err

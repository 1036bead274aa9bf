"""Agents in git worktrees of their own: made, compared, kept, removed."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.agents import Agent, Agents

OWN = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
}  # fmt: skip


def git(directory: Path, *words: str) -> str:
    """Run git."""
    done = subprocess.run(
        ["git", *words], cwd=directory, env=OWN, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def repository(agents: Agents) -> Path:
    """Give a repository with a commit, a folder in it, and hooks that must not run."""
    git(agents.cwd, "init", "--quiet", "--initial-branch", "main")
    (agents.cwd / "sub").mkdir()
    (agents.cwd / "sub" / "file").write_text("one\n")
    git(agents.cwd, "add", ".")
    git(agents.cwd, "commit", "--quiet", "-m", "first")
    hook = agents.cwd / ".git/hooks/post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {agents.home}/hooked\n")
    hook.chmod(0o700)
    return agents.cwd


def test_a_worktree_is_made_on_a_branch_of_its_own(agents: Agents, repository: Path) -> None:
    agent = agents.start(words=("--worktree",))

    place = Path(agent.record()["cwd"])
    assert place.is_relative_to(agents.daemon.state_dir / "worktrees")
    assert place.name == agent.name
    assert git(place, "branch", "--show-current") == f"penholder/{agent.name}\n"
    assert (place / "sub/file").read_text() == "one\n"
    assert not (agents.home / "hooked").exists()
    assert git(repository, "branch", "--show-current") == "main\n"


def test_a_folder_is_the_same_folder_in_the_worktree(agents: Agents, repository: Path) -> None:
    agents.configure("fake", agents.command)
    start = ("agent", "start", "-d", "--launcher", "fake", "--cwd", str(repository / "sub"))

    ran = agents.say(*start, "--name", "apart", "--worktree=feature/x")

    assert (ran.code, ran.err) == (0, "")
    place = Path(Agent(agents, "apart").record()["cwd"])
    assert place.parts[-2:] == ("apart", "sub")
    assert git(place, "branch", "--show-current") == "feature/x\n"


def test_a_branch_that_is_there_is_not_taken(agents: Agents, repository: Path) -> None:
    git(repository, "branch", "penholder/fake-1")

    ran = agents.try_start(words=("-d", "--worktree"))

    assert ran.code == 4
    assert "there is a branch penholder/fake-1 already" in ran.err.replace("'", "")
    assert not (agents.daemon.state_dir / "worktrees").exists()


@pytest.mark.parametrize("branch", ["a prompt, not a branch", "-x", "a..b", "@{-1}"])
def test_what_is_no_branch_is_refused(agents: Agents, repository: Path, branch: str) -> None:
    ran = agents.try_start(words=("-d", f"--worktree={branch}"))

    assert ran.code == 2
    assert "no name of a branch" in ran.err
    assert git(repository, "worktree", "list").count("\n") == 1


def test_outside_of_a_repository_there_is_no_worktree(agents: Agents) -> None:
    ran = agents.try_start(words=("-d", "--worktree"))

    assert ran.code != 0
    assert "is in no git repository" in ran.err


def test_an_agent_that_does_not_start_leaves_no_worktree(agents: Agents, repository: Path) -> None:
    ran = agents.try_start("--login", words=("-d", "--worktree"))

    assert ran.code == 22
    assert git(repository, "worktree", "list").count("\n") == 1
    assert "penholder/" not in git(repository, "branch", "--list")


def test_a_diff_shows_commits_changes_and_new_files(agents: Agents, repository: Path) -> None:
    git(repository, "config", "diff.external", "false")
    agent = agents.start(words=("--worktree",))
    place = Path(agent.record()["cwd"])
    (place / "committed").write_text("by it\n")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "second")
    (place / "sub/file").write_text("two\n")
    (place / "new").write_text("nobody knows it\n")
    before = git(place, "status", "--porcelain")

    ran = agent.say("diff")

    assert (ran.code, ran.err) == (0, "")
    for line in ("+by it", "-one", "+two", "+nobody knows it"):
        assert line in ran.out.splitlines()
    assert git(place, "status", "--porcelain") == before
    assert "3 files changed" in agent.say("diff", "--stat").out


def test_a_change_in_the_second_of_the_commit_is_shown(agents: Agents, repository: Path) -> None:
    agent = agents.start(words=("--worktree",))
    place = Path(agent.record()["cwd"])
    git(place, "config", "core.trustctime", "false")
    file = place / "sub/file"
    before = file.stat()
    file.write_text("two\n")
    index = git(place, "rev-parse", "--path-format=absolute", "--git-path", "index").strip()
    for path in (file, index):
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert "+two" in agent.say("diff").out.splitlines()


def test_without_a_worktree_it_says_that_others_are_there(agents: Agents, repository: Path) -> None:
    agent = agents.start()
    (repository / "sub/file").write_text("two\n")

    ran = agent.say("diff")

    assert "+two" in ran.out
    assert "no worktree of its own" in ran.err


def test_rm_keeps_a_worktree_or_removes_a_clean_one(agents: Agents, repository: Path) -> None:
    agent = agents.start(words=("--worktree",))
    place = Path(agent.record()["cwd"])
    (place / "new").write_text("x")
    assert agents.say("stop", agent.worker_id).code == 0

    refused = agents.say("rm", "--worktree", agent.worker_id)

    assert refused.code == 4
    assert "not committed" in refused.err
    (place / "new").unlink()
    assert agents.say("rm", "--worktree", agent.worker_id).code == 0
    assert not place.exists()
    assert f"penholder/{agent.name}" in git(repository, "branch", "--list")


def test_rm_keeps_new_files_where_git_was_told_not_to_show_them(
    agents: Agents, repository: Path
) -> None:
    git(repository, "config", "status.showUntrackedFiles", "no")
    agent = agents.start(words=("--worktree",))
    place = Path(agent.record()["cwd"])
    (place / "new").write_text("x")
    assert agents.say("stop", agent.worker_id).code == 0

    refused = agents.say("rm", "--worktree", agent.worker_id)

    assert refused.code == 4
    assert (place / "new").read_text() == "x"


def test_rm_keeps_a_commit_that_is_on_no_branch(agents: Agents, repository: Path) -> None:
    agent = agents.start(words=("--worktree",))
    place = Path(agent.record()["cwd"])
    git(place, "switch", "--quiet", "--detach")
    (place / "new").write_text("x")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "second")
    assert agents.say("stop", agent.worker_id).code == 0

    refused = agents.say("rm", "--worktree", agent.worker_id)

    assert refused.code == 4
    assert "on no branch" in refused.err
    git(place, "branch", "kept")
    assert agents.say("rm", "--worktree", agent.worker_id).code == 0
    assert git(repository, "show", "kept:new") == "x"

"""Agents that are ended with the test, and everything below them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import soak
from tests.helpers.agents import Agents
from tests.helpers.background import end_all_below
from tests.helpers.daemon_process import DaemonProcess

USUAL = {
    "test_a_cancel_ends_the_turn",
    "test_a_handoff_says_how_it_stands_and_is_private",
    "test_a_large_update_is_a_blob_beside_its_event",
    "test_a_prompt_is_a_turn_from_start_to_end",
    "test_a_question_outlives_them_all_and_is_answered_once[all]",
    "test_a_session_is_resumed",
    "test_a_turn_ends_when_the_agent_is_idle",
    "test_a_session_of_claude_is_a_worker_that_has_ended",
    "test_a_worktree_is_made_on_a_branch_of_its_own",
    "test_a_question_outlives_the_runner",
    "test_an_agent_that_cannot_be_talked_with_is_ended[output]",
    "test_an_agent_that_dies_ends_its_turn_by_our_record",
    "test_a_daemon_is_started_where_there_is_none",
    "test_inbox_and_timeline_show_what_an_agent_is_at",
    "test_it_is_said_within_the_turn_before_what_waits[switches0]",
    "test_it_is_said_within_the_turn_before_what_waits[switches1]",
    "test_it_says_who_an_agent_is_and_what_it_can_do[switches2-2-can2]",
    "test_its_permission_is_answered_with_one_key[a-allow]",
    "test_nothing_is_lost_or_doubled_over_a_kill_of_the_daemon",
    "test_one_that_says_nothing_is_ended_with_all_that_it_started",
    "test_options_are_the_agents_one_to_one",
    "test_prompts_are_taken_in_order_one_after_the_other",
    "test_stop_ends_a_turn_and_the_whole_group",
    "test_the_agent_of_node_asks_and_is_answered[approve-Perfect!]",
    "test_the_agent_of_two_versions_speaks_the_newest_that_it_is_offered[2-v2]",
    "test_the_configuration_never_allows_always",
    "test_the_echo_agent_of_python_echoes",
    "test_the_example_does_what_it_is_allowed_to[approve-hello\\n]",
    "test_two_questions_at_once_get_each_its_own_answer",
    "test_what_an_agent_is_at_is_listed",
    "test_what_is_not_asked_again_is_superseded",
    "test_what_the_agent_does_not_take_is_the_next_turn[switches0]",
    "test_where_runner_and_keeper_were_killed_the_same_worker_goes_on",
    "test_who_ignores_a_cancel_is_ended_with_all_that_it_left_and_starts_again",
}
"""What `make test` has time for; `make soak` tries all."""


@pytest.fixture(autouse=True)
def _is_usual(request: pytest.FixtureRequest) -> None:
    soak.skip_unless_usual(request, USUAL)


@pytest.fixture
def agents(daemon: DaemonProcess, short_dir: Path) -> Iterator[Agents]:
    """Give what starts agents."""
    found = Agents(daemon, short_dir)
    yield found
    for running in found.running:
        running.clean_up()
    end_all_below(short_dir)

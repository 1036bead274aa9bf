"""Commands in the background below a user's own manager: nothing escapes, whoever is killed."""

from tests.helpers.systemd.service import Service
from tests.helpers.waiting import until

VALUE = "by-file-only"
SCRIPT = "setsid sleep 1000 & echo started; exec sleep 1000"


def _run(user: Service) -> str:
    """Start a command in the background; returns its worker's id."""
    user.variables = {**user.variables, "TOLD": VALUE}
    told = user.run("penholder", "run", "-d", "--env", "TOLD", "sh", "-c", SCRIPT)
    assert (told.stdout, told.stderr) == ("sh-1\n", "")
    (worker,) = user.penholder("worker", "list")["items"]
    return str(worker["worker_id"])


def test_a_command_is_a_unit_that_ends_with_all_that_is_in_it(user: Service) -> None:
    worker_id = _run(user)
    unit = f"penholder-run-{worker_id}.service"
    assert user.show("ActiveState", unit) == "active"
    assert VALUE not in user.show("ExecStart", unit) + user.show("Environment", unit)

    keeper = user.show("MainPID", unit)
    runner = user.penholder("worker", "get", "--worker-id", worker_id)["runtime_pid"]
    # Not checked: without the keeper systemd may have ended the runner before this does.
    user.run("kill", "-KILL", keeper, str(runner), check=False)
    until(lambda: user.run("pgrep", "-x", "sleep", check=False).stdout == "", "something escaped")
    until(lambda: user.show("LoadState", unit) == "not-found", "the unit is not collected")


def test_a_unit_that_is_stopped_ends_its_command_in_the_usual_way(user: Service) -> None:
    worker_id = _run(user)
    user.systemctl("stop", f"penholder-run-{worker_id}.service")
    worker = user.penholder("worker", "get", "--worker-id", worker_id)
    assert (worker["state"], worker["last_error"]) == ("error", "killed by SIGTERM")
    assert user.run("pgrep", "-x", "sleep", check=False).stdout == ""

"""What is the user manager's own: its sandbox, its timer, and installing as a user."""

from tests.helpers.systemd.service import Service
from tests.helpers.waiting import until


def test_a_worker_that_dies_is_noticed_from_inside_the_sandbox(user: Service) -> None:
    socket = user.make_worker()
    with user.worker(socket):
        pass
    worker_id = socket.rpartition("/")[2].removesuffix(".sock")
    until(
        lambda: (
            user.penholder("worker", "get", "--worker-id", worker_id)["recovery_state"] == "lost"
        ),
        "its end was not noticed",
    )


def test_a_backup_by_the_timer(user: Service) -> None:
    user.penholder("status")
    assert user.show("ActiveState", "penholder-backup.timer") == "active"
    user.systemctl("start", "penholder-backup.service")
    assert len(user.run("ls", f"{user.state_dir}/backups").stdout.split()) == 1


def test_uninstalling_takes_away_what_was_installed_and_keeps_the_data(user: Service) -> None:
    user.make_worker()
    user.run("penholder", "service", "uninstall")
    assert user.run("ls", "/home/ada/.config/systemd/user").stdout.split() == []
    assert user.run("test", "-e", user.control_socket, check=False).returncode == 1
    assert user.run("test", "-e", f"{user.state_dir}/penholder.db").returncode == 0

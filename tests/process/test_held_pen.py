"""Another program holds the database's write lock, though none should: only writes wait for it."""

from contextlib import closing

import apsw

from tests.helpers.daemon_process import DaemonProcess, make_worker


def test_the_daemon_answers_while_a_write_waits_for_anothers_lock(daemon: DaemonProcess) -> None:
    with daemon.connect() as control, daemon.connect() as other:
        worker_id = make_worker(control)
        with closing(apsw.Connection(str(daemon.state_dir / "penholder.db"))) as another:
            another.execute("BEGIN IMMEDIATE")
            asked = control.request("event.append", worker_id=worker_id, type="t")
            for _ in range(100):
                other.call("rpc.ping")
                assert other.call("event.list", worker_id=worker_id)["items"] == []
            another.execute("COMMIT")
        assert control.answer(asked)["result"]["event_seq"] == 1

"""How blobs are looked after: figures of them, and what the doctor finds wrong with their files."""

from tests.helpers.blobs import encoded, id_of
from tests.helpers.daemon_process import DaemonProcess, Json, RawConnection
from tests.helpers.programs import penholder


def _put(control: RawConnection, data: bytes) -> str:
    return str(control.call("blob.put", bytes_base64=encoded(data), last=True)["blob_id"])


def _finding(daemon: DaemonProcess, check: str) -> Json:
    findings = penholder(daemon, "doctor").json["findings"]
    (found,) = [each for each in findings if each["check"] == check and each["level"] != "ok"] or [
        {"level": "ok"}
    ]
    return dict(found)


def test_metrics_count_blobs(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        for data in (b"x", b"y" * 5000, b"x"):
            _put(control, data)
        lines = control.call("daemon.metrics")["text"].splitlines()

    assert "penholder_blobs 2.0" in lines
    # In whole blocks of a disk, as the limit counts them.
    assert f"penholder_blob_bytes {float(3 * 4096)}" in lines


def test_the_doctor_says_whose_bytes_are_missing_and_of_what_nobody_knows(
    daemon: DaemonProcess,
) -> None:
    assert _finding(daemon, "blobs")["level"] == "ok"
    with daemon.connect() as control:
        blob_id = _put(control, b"x")
    assert _finding(daemon, "blobs")["level"] == "ok"
    file = daemon.state_dir / "blobs" / blob_id
    other = file.with_name(id_of(b"y"))
    other.write_bytes(b"y")

    found = _finding(daemon, "blobs")
    assert (found["level"], found["detail"]) == ("warning", "2 files, of which the daemon knows 1")

    other.unlink()
    file.rename(daemon.state_dir / "aside")
    found = _finding(daemon, "blobs")
    assert (found["level"], found["detail"]) == (
        "problem", "0 files, and the daemon knows of 1 blobs",
    )  # fmt: skip
    found = _finding(daemon, "verify")
    assert blob_id in found["detail"]
    assert found["what_to_do"].startswith("put the same bytes again")
    with daemon.connect() as control:
        assert _put(control, b"x") == blob_id
    assert _finding(daemon, "blobs")["level"] == "ok"
    assert _finding(daemon, "verify")["level"] == "ok"


def test_the_doctor_sees_a_directory_of_blobs_that_others_may_read(daemon: DaemonProcess) -> None:
    with daemon.connect() as control:
        _put(control, b"x")
    (daemon.state_dir / "blobs").chmod(0o755)

    found = _finding(daemon, "blobs")

    assert (found["level"], "chmod 0700" in found["what_to_do"]) == ("problem", True)

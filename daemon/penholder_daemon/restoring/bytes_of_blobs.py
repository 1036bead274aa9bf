"""The bytes of blobs that a backup names, brought to where the daemon looks for them.

They lie beside the backup, or are still in the state directory: it may be a copy from before an
upgrade, or one whose blobs somebody has not carried along. What is in neither is lost. Then nothing
is restored unless that was asked for, since entries would name what is not there; but who has only
that much of a backup must be able to have it.
"""

from pathlib import Path

from penholder_daemon.core import blobs
from penholder_daemon.core.transaction import Rx
from penholder_daemon.refusals import Refused
from penholder_daemon.shell.disk import blob_copies, copying
from penholder_daemon.shell.disk.copying import CopyFailed
from penholder_daemon.shell.disk.paths import make_private_directory


def bring(rx: Rx, file: Path, directory: Path, *, without_lost: bool) -> list[str]:
    """Copy what a backup names into the daemon's directory; returns which of it are lost."""
    lost = [blob_id for blob_id, _ in blobs.all_of(rx) if not _brought(blob_id, file, directory)]
    if lost and not without_lost:
        raise Refused(
            f"{len(lost)} of the blobs that {file} names are neither in"
            f" {blob_copies.beside(file)} nor in {directory}, or damaged: {lost[0]}"
            f"{' and others' if len(lost) > 1 else ''}; put them there, or restore it without them"
            " (--without-blobs)"
        )
    if directory.is_dir():
        copying.sync(directory)
        copying.sync(directory.parent)
    return lost


def _brought(blob_id: str, file: Path, directory: Path) -> bool:
    source = blob_copies.beside(file)
    if blob_copies.is_there(blob_id, source):
        make_private_directory(directory)
        try:
            blob_copies.copy(blob_id, source, directory, lambda: False)
        except CopyFailed:
            pass  # it is damaged there; perhaps it is not where the daemon has it
        else:
            return True
    return blob_copies.is_whole(blob_id, directory)

"""Records of the blobs room: bytes that are too large for a value."""

from penholder_protocol.nouns import told
from penholder_protocol.nouns._base import Record
from penholder_protocol.nouns.words import BlobPartText


class Upload(Record, frozen=True, kw_only=True):
    """What an upload holds by now, and the blob that it became with its last part."""

    upload_id: told.UploadId
    blob_id: told.BlobId | None
    size: int
    """In bytes."""


class BlobPart(Record, frozen=True, kw_only=True):
    """A piece of a blob; `eof` says that it reaches the end."""

    bytes_base64: BlobPartText
    size: int
    """Of the whole blob, in bytes."""
    eof: bool

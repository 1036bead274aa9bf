"""The calls of the blob room. Made by `python -m penholder_daemon.generate`; do not edit."""

from typing import Final

from msgspec import UNSET, UnsetType
from msgspec.json import Decoder

from penholder._callers import AsyncCaller, Caller
from penholder_protocol import nouns


_BLOB_PART: Final[Decoder[nouns.BlobPart]] = Decoder(nouns.BlobPart)
_UPLOAD: Final[Decoder[nouns.Upload]] = Decoder(nouns.Upload)


class BlobCalls:
    """The blob room, blocking."""

    __slots__ = ("_client",)

    def __init__(self, client: Caller) -> None:
        """Call through a client."""
        self._client = client

    def put(
        self,
        *,
        bytes_base64: str,
        upload_id: str | None | UnsetType = UNSET,
        offset: int | UnsetType = UNSET,
        last: bool | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Upload:
        """Put a part of a blob; with the `last` one it is kept, on disk, and has its id.

        The first part has offset 0 and no `upload_id`, or a new one of the caller's own; each further
        one begins where the answer's `size` ends. A part that is there already may be sent again; the
        last one is where what is there ends. An upload ends with the daemon's run, and an hour after
        its last part.
        """
        return self._client.ask("blob.put", {
            "upload_id": upload_id,
            "offset": offset,
            "bytes_base64": bytes_base64,
            "last": last,
            "idempotency_key": idempotency_key,
        }, _UPLOAD)

    def get(
        self,
        *,
        blob_id: str,
        offset: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
    ) -> nouns.BlobPart:
        """Return a piece of a blob; on a runtime socket of one that the worker's own entries name."""
        return self._client.ask("blob.get", {
            "blob_id": blob_id,
            "offset": offset,
            "limit": limit,
        }, _BLOB_PART)


class AsyncBlobCalls:
    """The blob room, awaited."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncCaller) -> None:
        """Call through a client."""
        self._client = client

    async def put(
        self,
        *,
        bytes_base64: str,
        upload_id: str | None | UnsetType = UNSET,
        offset: int | UnsetType = UNSET,
        last: bool | UnsetType = UNSET,
        idempotency_key: str | None = None,
    ) -> nouns.Upload:
        """Put a part of a blob; with the `last` one it is kept, on disk, and has its id.

        The first part has offset 0 and no `upload_id`, or a new one of the caller's own; each further
        one begins where the answer's `size` ends. A part that is there already may be sent again; the
        last one is where what is there ends. An upload ends with the daemon's run, and an hour after
        its last part.
        """
        return await self._client.ask("blob.put", {
            "upload_id": upload_id,
            "offset": offset,
            "bytes_base64": bytes_base64,
            "last": last,
            "idempotency_key": idempotency_key,
        }, _UPLOAD)

    async def get(
        self,
        *,
        blob_id: str,
        offset: int | UnsetType = UNSET,
        limit: int | UnsetType = UNSET,
    ) -> nouns.BlobPart:
        """Return a piece of a blob; on a runtime socket of one that the worker's own entries name."""
        return await self._client.ask("blob.get", {
            "blob_id": blob_id,
            "offset": offset,
            "limit": limit,
        }, _BLOB_PART)

"""Messages of JSON-RPC as the protocol has them: what was refused, and how answers are written.

Reading is `penholder_protocol.jsonrpc`; its errors are the daemon's own, so what is refused here
gets the numbers of the standard and no more.
"""

import msgspec

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND = -32700, -32600, -32601
INVALID_PARAMS, INTERNAL_ERROR = -32602, -32603
RESOURCE_NOT_FOUND = -32002
"""Of the older era; the newer one says INVALID_PARAMS."""
UNSUPPORTED_VERSION = -32022
Body = dict[str, object]

_encode = msgspec.json.Encoder().encode


class Refused(Exception):
    """A request that is none: the answer is an error of the protocol, not a tool's result."""

    def __init__(self, number: int, message: str, data: object = None) -> None:
        """Take what the error object holds."""
        super().__init__(message)
        self.number = number
        self.data = data


def result(request_id: bytes, body: Body) -> bytes:
    """Write an answer."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (request_id, _encode(body))


def error(request_id: bytes, refused: Refused) -> bytes:
    """Write the error of a request."""
    body: Body = {"code": refused.number, "message": str(refused)}
    if refused.data is not None:
        body["data"] = refused.data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (request_id, _encode(body))


def notification(method: str, params: Body) -> bytes:
    """Write a notification."""
    return _encode({"jsonrpc": "2.0", "method": method, "params": params})

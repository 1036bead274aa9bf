"""What the events of `penholder run` stand for."""

from base64 import b64decode

from penholder.cli.run.lines import Output


def content(output: Output) -> bytes:
    """Return the bytes that an event stands for."""
    piece = b64decode(output.base64) if output.base64 is not None else (output.text or "").encode()
    newline = b"\r\n" if output.crlf else b"\n"
    return piece if output.continued or not output.newline else piece + newline

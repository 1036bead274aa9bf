"""Lines of an agent: whole, in pieces, too long, or for people."""

import msgspec

from penholder.cli.agent.protocol import Message
from penholder.cli.agent.wire import Wire


class Heard:
    """What a wire hands on."""

    def __init__(self, most_bytes: int = 1000) -> None:
        """Take lines of so many bytes."""
        self.messages: list[Message] = []
        self.skipped: list[int] = []
        self.waited = self.closed = 0
        self.wire = Wire(self._hear, self.skipped.append, self._close, self._wait, most_bytes)

    def _hear(self, message: Message, _line: bytes) -> None:
        self.messages.append(message)

    def _close(self) -> None:
        self.closed += 1

    def _wait(self) -> None:
        self.waited += 1

    def feed(self, *chunks: bytes) -> list[object]:
        """Feed chunks; returns the text of what is for people."""
        found = [raw for chunk in chunks for raw in self.wire.feed(chunk)]
        return [msgspec.json.decode(raw).get("text") for raw in found]


def test_the_end_is_told_after_the_last_line() -> None:
    heard = Heard()
    heard.feed(b'{"jsonrpc":"2.0","method":"m"}')
    assert (heard.closed, list(heard.wire.end())) == (0, [])
    assert (heard.closed, [each.method for each in heard.messages]) == (1, ["m"])


def test_a_message_may_come_byte_by_byte() -> None:
    heard = Heard()
    line = b'{"jsonrpc":"2.0","method":"m","params":{"a":1}}\n'

    assert heard.feed(*(bytes([byte]) for byte in line)) == []

    assert [each.method for each in heard.messages] == ["m"]
    assert heard.waited == len(line)


def test_what_is_no_message_is_for_people() -> None:
    heard = Heard()

    said = heard.feed(b'starting up\n{"a":\n[1]\n\n{"id":1,"result":{}}\n7\n')

    assert said == ["starting up", '{"a":', "[1]", "7"]
    assert [each.id for each in heard.messages] == [1]


def test_a_message_with_bytes_that_are_no_text_is_one_and_can_be_passed_on() -> None:
    heard = Heard()

    assert heard.feed(b'{"method":"m","params":{"text":"\xe6\xbc"}}\n{"method":"next"}\n') == []

    assert [each.method for each in heard.messages] == ["m", "next"]
    assert bytes(heard.messages[0].params).decode() == '{"text":"\ufffd"}'


def test_an_answer_with_an_error_of_another_form_is_an_answer() -> None:
    heard = Heard()

    assert (
        heard.feed(b'{"id":3,"error":{"code":"E_BUSY","message":null}}\n{"id":4,"error":"no"}\n')
        == []
    )

    (first, second) = heard.messages
    assert (first.id, str(first.error)) == (3, '{"code":"E_BUSY","message":null} (0)')
    assert (second.id, str(second.error)) == (4, '"no" (0)')


def test_a_line_that_is_too_long_is_skipped_and_the_next_is_heard() -> None:
    heard = Heard(most_bytes=30)

    assert heard.feed(b'{"method":"', b"x" * 40, b'"}\n{"method":"next"}\n') == []

    assert heard.skipped == [53]
    assert [each.method for each in heard.messages] == ["next"]


def test_what_is_longer_than_any_line_is_not_kept() -> None:
    heard = Heard(most_bytes=30)
    for _ in range(100):
        heard.feed(b"x" * 30)

    assert heard.wire._pieces == []


def test_a_last_line_needs_no_newline() -> None:
    heard = Heard()
    heard.feed(b'{"method":"bye"}')

    assert list(heard.wire.end()) == []

    assert [each.method for each in heard.messages] == ["bye"]


def test_members_of_odd_types_make_a_line_for_people_of_it() -> None:
    heard = Heard()

    said = heard.feed(b'{"method":7}\n', b'{"method":"\xff"}\n')

    # What is not UTF-8 is kept as base64.
    assert said == ['{"method":7}', None]
    assert heard.messages == []


def test_several_messages_may_come_in_an_array_all_or_none() -> None:
    heard = Heard()

    said = heard.feed(
        b'[{"method":"a"}, {"id":2,"result":[1]}]\n', b'[{"method":"b"}, 7]\n', b"[info] up\n[]\n"
    )

    assert [(each.method, each.id) for each in heard.messages] == [("a", None), (None, 2)]
    assert said == ['[{"method":"b"}, 7]', "[info] up", "[]"]

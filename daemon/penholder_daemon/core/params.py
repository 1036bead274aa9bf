"""Params: from a function's annotations to a strict decoder with errors that say how to go on.

A handler's signature is the one place where its params are said. From it a struct type is made once
(`_struct_type`), and the decoder of that type checks everything while it reads: names, types,
lengths, patterns. Nothing is coerced and nothing unknown is passed over, since a param that is
misspelled and dropped in silence is a call that does something else than was asked.

A refusal is read by whoever wrote the call. The decoder tells in a text of its own what is wrong,
and nothing else, so that text is taken apart (`_explain`): which param, what was expected, and the
name that was probably meant. A text that is not known is passed on as it is.

Two things the decoder cannot see:

- JSON values that are stored as they are stay raw; they are compacted and checked for size, depth
  and numbers (`values.compact`) once all is read. Those in records within params are not: such
  records are the clients' types, too, so the handler does it (`compact_struct`). One that is marked
  `checked_late` is left to its handler as well, which has to refuse other things first.
- U+0000, which is no text for many who read it later. It is looked for only where its escape is in
  the params at all, for which the bytes are enough.
"""

import difflib
import inspect
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated, Literal, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Raw

from penholder_daemon.core import nulls, texts
from penholder_daemon.core.values import compact
from penholder_protocol import patterns
from penholder_protocol.errors import InvalidParams
from penholder_protocol.limits import MAX_TYPE_CHARACTERS
from penholder_protocol.nouns.words import NULL

StructT = TypeVar("StructT", bound=msgspec.Struct)
_MISSING = re.compile(r"missing required field `([^`]*)`")
_WRONG_WORD = re.compile(r"Invalid enum value (.*) - at `\$\.([^.`\[]*)`$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `([^`]*)`( - at .*)?$")


class Field(NamedTuple):
    """One param: its name, annotation, and default (inspect.Parameter.empty: it is required)."""

    name: str
    hint: object
    default: object

    @property
    def is_required(self) -> bool:
        """Whether it must be given."""
        return self.default is inspect.Parameter.empty

    def with_default(self, default: object, hint: object) -> "Field":
        """Return it as optional."""
        return Field(self.name, hint, default)


class Params:
    """The params of one method on one socket: a struct type made from a signature."""

    def __init__(self, name: str, fields: Sequence[Field], *, takes_nul: bool = False) -> None:
        """Make the decoder once; `takes_nul`: any of its strings may hold U+0000."""
        self._takes_nul = takes_nul
        self._shape = nulls.shape_of((each.name, each.hint, each.is_required) for each in fields)
        self.fields = tuple(fields)
        self.names = tuple(field.name for field in fields)
        self.type = _struct_type(name, fields)
        self._decode = msgspec.json.Decoder(self.type).decode
        self._json = [
            (each.name, kind != "value", kind != "object", each.default)
            for each in fields
            if (kind := _json_kind(each.hint)) is not None
        ]

    def without_nulls(self, text: bytes) -> bytes:
        """Return params without what is null in place of being left out."""
        return nulls.without_nulls(text, self._shape)

    def read(self, text: bytes) -> tuple[bytes, dict[str, object]]:
        """Check params against the signature; return them without nulls, and as arguments.

        Raises InvalidParams, which names the param and what was expected, or ValueTooLarge.

        Searched with `find`, and `in` only for a byte: of bytes in bytes it makes an error first,
        of which a call had five for a twentieth of all its time.
        """
        bare = text if text.find(b"null") < 0 else self.without_nulls(text)
        try:
            decoded = self._decode(bare)
        # First, since it is a DecodeError, too: here the JSON is sound and does not fit.
        except msgspec.ValidationError as error:
            raise self._explain(str(error)) from None
        except msgspec.DecodeError as error:
            raise InvalidParams(texts.what_is_wrong(text, str(error))) from None
        except RecursionError:
            raise InvalidParams("the params are nested too deep") from None
        arguments = msgspec.structs.asdict(decoded)
        for name, must_be_object, takes_null, default in self._json:
            given = getattr(decoded, name)
            # What was left out is as short as it can be, and so is null.
            if given is not default and not (takes_null and given == NULL):
                arguments[name] = compact(given, name, must_be_object=must_be_object)
        if texts.BACKSLASH in text and texts.MAYBE_NUL in text and not self._takes_nul:
            self._refuse_nul(decoded)
        return bare, arguments

    def _refuse_nul(self, decoded: msgspec.Struct) -> None:
        for field in self.fields:
            if texts.holds_nul(getattr(decoded, field.name), field.hint):
                raise InvalidParams(
                    f"param `{field.name}` holds U+0000, which only JSON values and keys of the"
                    " state room may hold",
                    param=field.name,
                )

    def _explain(self, reason: str) -> InvalidParams:
        if reason == "Expected `object`, got `array`":
            return InvalidParams("params are passed by name, as an object, not by position")
        if unknown := _UNKNOWN.search(reason):
            return self._explain_unknown(unknown[1], unknown[2] or "")
        if missing := _MISSING.search(reason):
            return InvalidParams(f"param `{missing[1]}` is missing", param=missing[1])
        if wrong := _WRONG_WORD.match(reason):
            return self._explain_word(wrong[1], wrong[2])
        reason = patterns.explained(reason)
        return InvalidParams(f"wrong params: {reason.replace('$.', '')}", reason=reason)

    def _explain_word(self, word: str, name: str) -> InvalidParams:
        hint = next(field.hint for field in self.fields if field.name == name)
        known = _words(hint)
        return InvalidParams(
            f"param `{name}` may not be {word}; it is one of {', '.join(known)}",
            param=name,
            known=known,
        )

    def _explain_unknown(self, name: str, place: str) -> InvalidParams:
        if place:
            return InvalidParams(f"unknown field `{name}`{place.replace('$.', '')}", param=name)
        # Cut, since comparing costs by the length of a name that a peer may have made a megabyte.
        nearest = difflib.get_close_matches(name[:MAX_TYPE_CHARACTERS], self.names, 1)
        hint = f"did you mean `{nearest[0]}`? " if nearest else ""
        known = ", ".join(self.names) or "none"
        return InvalidParams(
            f"unknown param `{name}`; {hint}known are: {known}", param=name, known=list(self.names)
        )


def signature_fields(function: Callable[..., object]) -> list[Field]:
    """Return the keyword-only params of a handler."""
    hints = get_type_hints(function, include_extras=True)
    return [
        Field(name, hints[name], parameter.default)
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]


def _words(hint: object) -> list[str]:
    """Return the words that an annotation allows, be it optional or one of several."""
    if get_origin(hint) is Literal:
        return [str(word) for word in get_args(hint)]
    return [word for part in get_args(hint) for word in _words(part)]


def _struct_type(name: str, fields: Sequence[Field]) -> type[msgspec.Struct]:
    made: list[object] = []
    for field, hint, default in fields:
        if default is inspect.Parameter.empty:
            made.append((field, hint))
        elif isinstance(default, list | dict):
            made.append((field, hint, msgspec.field(default_factory=_constant(default))))
        else:
            made.append((field, hint, default))

    return msgspec.defstruct(
        name,
        made,  # type: ignore[arg-type]  # built above in the forms that defstruct takes
        kw_only=True,
        forbid_unknown_fields=True,
    )


def _constant(value: object) -> Callable[[], object]:
    # Handlers never change their params, so one value may serve every call.
    return lambda: value


def _json_kind(hint: object) -> str | None:
    """Tell whether an annotation is a JSON value that is stored as it is, and of which kind."""
    if hint is Raw:
        return "value"
    if get_origin(hint) is Annotated and get_args(hint)[0] is Raw:
        if any((meta.extra or {}).get("checked_late") for meta in get_args(hint)[1:]):
            return None
        schemas = [meta.extra_json_schema or {} for meta in get_args(hint)[1:]]
        if any(schema.get("type") == "object" for schema in schemas):
            return "object"
        return "optional_object" if any("anyOf" in schema for schema in schemas) else "value"
    return None


def compact_struct(value: StructT) -> StructT:
    """Check the JSON values of a nested record in params and return it with them compacted."""
    changed: dict[str, Raw] = {}
    for name, must_be_object, takes_null in _json_fields(type(value)):
        given = getattr(value, name)
        if takes_null and given == NULL:
            continue
        compacted = compact(given, name, must_be_object=must_be_object)
        if compacted is not given:
            changed[name] = compacted
    return msgspec.structs.replace(value, **changed) if changed else value


@cache
def _json_fields(record: type[msgspec.Struct]) -> tuple[tuple[str, bool, bool], ...]:
    """Name the JSON values of a record: whether each must be an object, and whether it takes null.

    Null is as short as it can be, as most are that may be null.
    """
    hints = get_type_hints(record, include_extras=True)
    return tuple(
        (name, kind != "value", kind != "object")
        for name, hint in hints.items()
        if (kind := _json_kind(hint))
    )

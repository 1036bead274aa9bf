"""What a statement reads and writes, found in its words.

SQLite says of a statement what it touches; PostgreSQL does not, or only of a plan, which may be
another one tomorrow. So the words are looked at: each that is the name of a table is a table, and
each that is a column of one of those is read of all of them that have it. That may be too much, and
never too little: a name cannot be left out of a statement that uses it. Too much costs that rows
are read again.

Of the words that write only those are known which the rooms use. What has another shape is held to
touch everything.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from penholder_daemon.core.store import Touched

_WORD = re.compile(r"'(?:[^']|'')*'|\w+|[^\s\w]")
_VERBS = frozenset({"SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE"})
_ENDS_OF_SET = frozenset({"WHERE", "FROM", "RETURNING"})
_CONTROL = frozenset({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"})


@dataclass(frozen=True)
class Catalogue:
    """The tables that there are."""

    columns: Mapping[str, frozenset[str]]
    """Of each table."""
    followers: Mapping[str, frozenset[str]]
    """Tables of which rows go when rows of another do."""

    def touched(self, sql: str) -> Touched:
        """Tell what a statement would read and write."""
        words = _WORD.findall(sql)
        verb = words[0].upper() if words else ""
        if verb in _CONTROL:
            return Touched(frozenset(), frozenset(), frozenset(), frozenset())
        if verb not in _VERBS:
            return self._everything()
        inserts = self._after(words, "INSERT", "INTO")
        deletes = self._after(words, "DELETE", "FROM")
        updates = set(_updates(words, inserts))
        if any(table not in self.columns for table in (*inserts, *deletes, *dict(updates))):
            return self._everything()
        return Touched(
            frozenset(self._reads(words)),
            frozenset(updates),
            frozenset(inserts),
            frozenset(deletes).union(*(self.followers.get(each, ()) for each in deletes)),
        )

    def _reads(self, words: list[str]) -> Iterator[tuple[str, str]]:
        named = set(words)
        everything = "*" in named
        for table in named & self.columns.keys():
            # That it is read at all, as where rows are counted.
            yield table, ""
            columns = self.columns[table]
            for column in columns if everything else columns & named:
                yield table, column

    @staticmethod
    def _after(words: list[str], first: str, second: str) -> list[str]:
        """Return the words that follow two others."""
        upper = [word.upper() for word in words]
        pairs = zip(upper, upper[1:], words[2:], strict=False)
        return [third for one, two, third in pairs if (one, two) == (first, second)]

    def _everything(self) -> Touched:
        tables = frozenset(self.columns)
        all_columns = frozenset(
            (table, column) for table, columns in self.columns.items() for column in (*columns, "")
        )
        return Touched(all_columns, all_columns, tables, tables)


def _updates(words: list[str], inserts: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what is set, by an UPDATE or where an INSERT finds a row that is there."""
    table = ""
    for at, word in enumerate(words):
        match word.upper():
            case "UPDATE" if words[at - 1].upper() == "DO":
                table = inserts[-1]
            case "UPDATE":
                table = words[at + 1]
            case "SET":
                yield from ((table, column) for column in _set(words[at + 1 :]))


def _set(words: list[str]) -> Iterator[str]:
    """Yield the columns that are assigned to in what follows SET: `a = …, (b, c) = …`."""
    depth, is_target = 0, True
    for word in words:
        if depth == 0 and word.upper() in _ENDS_OF_SET:
            return
        if word in "()":
            depth += 1 if word == "(" else -1
        elif is_target and word.isidentifier():
            yield word
        if depth == 0:
            is_target = word == "," or (is_target and word == ")")
        if word == "=":
            is_target = False

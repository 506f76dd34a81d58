"""TOML files: reading them with the line of each key, and writing them with their comments kept.

The settings and the books' files are read by it. The standard library's tomllib reads the values
and forgets the lines; tomlkit, which keeps everything, is only imported to write.
"""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias, cast

import attrs

from avbc.errors import Fault, FaultyInputError
from avbc.toml_slips import slip


@attrs.frozen
class TomlFile:
    """A TOML file as it was read."""

    source: str
    text: str
    data: dict[str, object]


def read_toml(
    path: str | PathLike[str],
    error: type[FaultyInputError],
    parse_float: Callable[[str], object] = float,
) -> TomlFile:
    """Read a TOML file. A byte order mark, which some editors on Windows write, is fine.

    Raises:
        FaultyInputError: It cannot be read or is not TOML; of the class `error`.
    """
    source = str(path)
    if not source:
        raise error("the file", [Fault("file", "cannot be read: its path is empty")])
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as found:
        message = f"cannot be read: {found.strerror}"
    except UnicodeDecodeError:
        message = "cannot be read: it is not a text file in UTF-8"
    else:
        return parse_toml(source, text, error, parse_float)
    # Raised outside of the handler: the error of a decoder holds the whole text, and with it
    # secrets.
    raise error(source, [Fault("file", message)])


def parse_toml(
    source: str,
    text: str,
    error: type[FaultyInputError],
    parse_float: Callable[[str], object] = float,
) -> TomlFile:
    """Read a text of TOML, which errors call `source`.

    Raises:
        FaultyInputError: It is not TOML; of the class `error`.
    """
    text, line = text.removeprefix("\ufeff"), None
    try:
        return TomlFile(source, text, tomllib.loads(text, parse_float=parse_float))
    except tomllib.TOMLDecodeError as found:
        line, words = slip(text, str(found))
        message = f"is not TOML: {words}"
    except RecursionError:
        message = "is not TOML: it is nested too deeply"
    except (ValueError, ArithmeticError):
        message = "is not TOML: a number in it is too long"
    # Raised outside of the handler, as above.
    raise error(source, [Fault("file", message, line)])


Convert: TypeAlias = Callable[[object], Any]
"""Makes a field's value of what is in the file, or raises ValueError with what it must be."""


def of_type(wanted: str, *types: type) -> Convert:
    """Make the converter that takes values of these types as they are.

    >>> of_type("a whole number", int)(True)
    Traceback (most recent call last):
        ...
    ValueError: must be a whole number, not true or false
    """

    def convert(value: object) -> object:
        if isinstance(value, types) and (bool in types or not isinstance(value, bool)):
            return value
        is_unquoted = wanted == "text" and isinstance(value, int | float | Decimal)
        advice = ": put it in quotes" if is_unquoted else ""
        raise ValueError(f"must be {wanted}, not {called(value)}{advice}")

    return convert


as_text = of_type("text", str)
as_flag = of_type("true or false", bool)
as_whole_number = of_type("a whole number", int)


class RecordReader:
    """Collects the faults of a table while it is read, so that all of them are found at once."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, key: str, message: str) -> None:
        """Note a fault of the value at the path `key`."""
        self.faults.append(Fault(key, message))

    def value(self, convert: Convert, given: object, path: str) -> Any:
        """Return a value as `convert` makes it, or None where it is faulty."""
        try:
            return convert(given)
        except ValueError as error:
            self.fault(path, str(error))
            return None

    def table(
        self, given: object, path: str, wanted: str = "a table"
    ) -> Mapping[str, object] | None:
        """Return a table, or None where something else is given."""
        table: Mapping[str, object] | None = self.value(of_type(wanted, Mapping), given, path)
        return table

    def tables(self, given: object, path: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield the tables of a list, each with its path."""
        if not isinstance(given, list | tuple):
            self.fault(path, f"must be a list of rows, each under [[{path}]], not {called(given)}")
            return
        for index, row in enumerate(cast("Sequence[object]", given)):
            place = f"{path}[{index}]"
            if (table := self.table(row, place)) is not None:
                yield place, table


def placed(faults: Iterable[Fault], lines: Mapping[str, int]) -> list[Fault]:
    """Return faults with the lines of their keys, in the order of the lines."""
    found = [attrs.evolve(fault, line=_line(fault.key, lines)) for fault in faults]
    return sorted(found, key=lambda fault: (fault.line is None, fault.line or 0))


def called(value: object) -> str:
    """Name the type of a value, never the value: it may be a secret in the wrong place.

    >>> called(True), called(1), called([])
    ('true or false', 'a whole number', 'a list')
    """
    if isinstance(value, bool):
        return "true or false"
    names: list[tuple[type | tuple[type, ...], str]] = [
        (str, "text"),
        (int, "a whole number"),
        ((float, Decimal), "a fraction"),
        (Mapping, "a table"),
        ((list, tuple), "a list"),
        ((date, time), "a date or time"),
    ]
    return next((name for types, name in names if isinstance(value, types)), type(value).__name__)


def with_parents(key: str) -> Iterator[str]:
    """Yield the path of a key, then of its table, and so on outwards.

    >>> list(with_parents("gl.payment_methods[0].bigcommerce"))
    ['gl.payment_methods[0].bigcommerce', 'gl.payment_methods[0]', 'gl.payment_methods', 'gl']
    """
    while key:
        yield key
        key = re.sub(r'(^|\.)("(?:\\.|[^"\\])*"|[^."\[\]]+)$|\[\d+\]$', "", key)


def _line(key: str, lines: Mapping[str, int]) -> int | None:
    """The line of a key, or else of the table that lacks it."""
    return next((lines[place] for place in with_parents(key) if place in lines), None)


_TOKEN = re.compile(
    r"""
      (?P<space> [ \t\r]+ | \#[^\n]* )
    | (?P<newline> \n )
    | (?P<quoted> \"{3} (?:\\.|[^\\])*? \"{3} \"{0,2} | '{3} .*? '{3} '{0,2}
                | "(?:\\.|[^"\\])*" | '[^']*' )
    | (?P<mark> [\[\]{}=,.] )
    | (?P<bare> [^\s\[\]{}=,."'\#]+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def join_key(table: str, key: str) -> str:
    """Return the path of a key in a table, as a person would write it in TOML.

    >>> join_key("order_status.mapping[0]", "bigcommerce"), join_key("", "odd key")
    ('order_status.mapping[0].bigcommerce', '"odd key"')
    """
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)
    return f"{table}.{name}" if table else name


def _quoted(text: str) -> str:
    # JSON's escapes are TOML's too; only DEL must be escaped as well.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key_lines(text: str) -> dict[str, int]:
    r"""Find the line of each key of a TOML text, by its path.

    Tables, arrays of tables (`mapping[0]`), dotted keys and inline tables have paths too. The text
    must be valid: tomllib has read it.

    >>> text = '[gl]\ntax_area = "BC"\n\n[[gl.payment_methods]]\nbigcommerce = "Card"'
    >>> key_lines(text)["gl.payment_methods[0].bigcommerce"]
    5
    """
    return _KeyFinder(text).lines


class _KeyFinder:
    """Walks the tokens of a TOML text, of which only the keys matter."""

    def __init__(self, text: str) -> None:
        self.lines: dict[str, int] = {}
        self._rows: dict[str, int] = {}
        self._tokens: list[tuple[str, int, bool]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "space":
                self._tokens.append((match[0], line, match.lastgroup == "quoted"))
            line += match[0].count("\n")
        self._tokens.append(("", line, False))
        self._at = 0
        self._statements()

    def _take(self, *wanted: str) -> bool:
        text, _, quoted = self._tokens[self._at]
        if quoted or text not in wanted:
            return False
        self._at += 1
        return True

    def _statements(self) -> None:
        table = ""
        while self._tokens[self._at][0] or self._tokens[self._at][2]:
            if self._take("\n"):
                continue
            if self._take("["):
                table = self._header(is_row=self._take("["))
            else:
                self._pair(table)

    def _key(self) -> list[str]:
        names: list[str] = []
        while True:
            text, _, quoted = self._tokens[self._at]
            self._at += 1
            names.append(str(tomllib.loads(f"key = {text}")["key"]) if quoted else text)
            if not self._take("."):
                return names

    def _header(self, *, is_row: bool) -> str:
        line = self._tokens[self._at][1]
        names = self._key()
        path = ""
        for index, name in enumerate(names):
            path = join_key(path, name)
            self.lines.setdefault(path, line)
            if is_row and index == len(names) - 1:
                self._rows[path] = self._rows.get(path, 0) + 1
            if path in self._rows:
                path = f"{path}[{self._rows[path] - 1}]"
                self.lines.setdefault(path, line)
        while self._take("]"):
            pass
        return path

    def _pair(self, table: str) -> None:
        line = self._tokens[self._at][1]
        path = table
        for name in self._key():
            path = join_key(path, name)
            self.lines.setdefault(path, line)
        self._take("=")
        self._value(path)

    def _value(self, path: str) -> None:
        if self._take("["):
            index = 0
            while not self._take("]"):
                if self._take("\n", ","):
                    continue
                self.lines[f"{path}[{index}]"] = self._tokens[self._at][1]
                self._value(f"{path}[{index}]")
                index += 1
        elif self._take("{"):
            while not self._take("}"):
                if not self._take("\n", ","):
                    self._pair(path)
        else:
            while self._tokens[self._at][2] or self._tokens[self._at][0] not in (
                "",
                "\n",
                ",",
                "]",
                "}",
            ):
                self._at += 1


# Writing.

_SHORT = 55
"""How long a line of choices is, so that it fits a narrow terminal."""


def toml_row(table: str, choices: Iterable[str] = (), **values: str) -> str:
    r"""Write one row of an array of tables.

    A row with an empty value is a comment, which a person fills in first; `choices` are beside it,
    or below where they are many.

    >>> print(toml_row("gl.payment_methods", bigcommerce="Card", receipt_type="Visa"))
    [[gl.payment_methods]]
    bigcommerce = "Card"
    receipt_type = "Visa"
    >>> choices = ["Visa", "Check"]
    >>> print(toml_row("gl.payment_methods", choices, bigcommerce="Card", receipt_type=""))
    # [[gl.payment_methods]]
    # bigcommerce = "Card"
    # receipt_type = ""  # one of: Visa, Check
    """
    section, _, key = table.partition(".")
    row = write_toml({section: {key: [values]}}).partition("\n")[2].strip()
    if all(values.values()):
        return row
    named = ", ".join(choices)
    if named:
        beside = f"{row}  # one of: {named}"
        is_short = len(beside.splitlines()[-1]) <= _SHORT
        below = textwrap.wrap(f"one of: {named}", _SHORT, break_long_words=False)
        row = beside if is_short else "\n".join((row, *(f"# {line}" for line in below)))
    return "\n".join(f"# {line}" for line in row.splitlines())


def write_toml(
    data: Mapping[str, Mapping[str, object]],
    old: str = "",
    meant: Mapping[str, Mapping[str, object]] | None = None,
    defaults: Mapping[str, object] | None = None,
) -> str:
    r"""Write sections of values and lists of rows; rows become arrays of tables.

    Args:
        data: By section: text, numbers, flags, times, and lists of rows.
        old: The text that is replaced. Its comments, order and formatting stay, as far as they
            belong to something that is still there.
        meant: What the old text means: values that it does not write, or writes in another form,
            need not be written where they are the same. If not given, it means what it says.
        defaults: By path (`gl.tax_area`, `gl.payment_methods.bigcommerce`): values that need not be
            written where the old text does not have them.

    >>> print(write_toml({"gl": {"tax_area": "East"}}, "# 2.2\n[gl]\ntax_area = 'BC' # ours"))
    # 2.2
    [gl]
    tax_area = "East" # ours
    """
    import tomlkit  # noqa: PLC0415  # only who writes needs it
    from tomlkit.items import Table  # noqa: PLC0415  # only who writes needs it

    document: Any = tomlkit.parse(old)
    # A section is in several pieces where its rows are below another section.
    pieces: dict[str, list[Any]] = {}
    for key, item in document.body:
        if key is None:
            continue
        if type(item) is not Table or key.is_dotted():
            return write_toml(data)
        pieces.setdefault(key.key, []).append(item)
    if any(all(table.is_super_table() for table in tables) for tables in pieces.values()):
        return write_toml(data)
    comments = _take_comments(document)
    for section in pieces:
        if section not in data:
            document.remove(section)
    for section, values in data.items():
        if section not in pieces:
            if defaults and all(
                value == defaults.get(f"{section}.{key}", []) for key, value in values.items()
            ):
                continue
            document.add(section, tomlkit.table())
            document[section].trivia.indent = "\n" if len(document) > 1 else ""
            pieces[section] = [document[section]]
        tables = pieces[section]
        there = {name: value for table in tables for name, value in table.unwrap().items()}
        _Merge(section, defaults or {}).section(tables, values, (meant or {}).get(section, there))
    for table, lines in comments:
        table.trivia.indent = lines + table.trivia.indent
    return tomlkit.dumps(document)


@attrs.frozen
class _Merge:
    """Writes values into the tables of a document, at a path."""

    path: str
    defaults: Mapping[str, object]

    def section(
        self, tables: list[Any], values: Mapping[str, object], meant: Mapping[str, object]
    ) -> None:
        """Write the values of a section that is in one or several pieces."""
        home = next(table for table in tables if not table.is_super_table())
        for table in tables:
            for key in [name for name in table if name not in values]:
                table.remove(key)
        for key, value in values.items():
            holders = [table for table in tables if key in table] or [home]
            if self._is_rows(key, value):
                rows = cast("list[dict[str, object]]", value)
                inner = _Merge(f"{self.path}.{key}", self.defaults)
                inner.rows(holders, key, rows, cast("Any", meant.get(key)))
            else:
                self._value(holders[0], key, value, self.with_defaults(meant))

    def _is_rows(self, key: str, value: object) -> bool:
        """Whether a value is a list of rows, and not one of plain values."""
        if not isinstance(value, list) or f"{self.path}.{key}" in self.defaults:
            return False
        return all(isinstance(row, Mapping) for row in cast("list[object]", value))

    def _value(self, table: Any, key: str, value: object, meant: Mapping[str, object]) -> None:
        if key in meant and (type(meant[key]), meant[key]) == (type(value), value):
            return
        if key in table:
            table[key] = value
        else:
            table.add(key, value)

    def rows(
        self,
        tables: list[Any],
        key: str,
        rows: list[dict[str, object]],
        meant: Sequence[Mapping[str, object]] | None,
    ) -> None:
        """Write rows. One that was there keeps its comments wherever it is now."""
        import tomlkit  # noqa: PLC0415  # only who writes needs it
        from tomlkit.items import AoT  # noqa: PLC0415  # only who writes needs it

        there = [(at, row) for at, table in enumerate(tables) for row in table.get(key, [])]
        if meant is None or len(meant) != len(there):
            meant = [row.unwrap() for _, row in there]
        before = [self.with_defaults(row) for row in meant]
        if before == [self.with_defaults(row) for row in rows]:
            return
        is_inline = not isinstance(tables[0].get(key), AoT)
        kept: list[int | None] = []
        for row in rows:
            same = [at for at, other in enumerate(before) if other == row and at not in kept]
            kept.append(same[0] if same else None)
        written: list[Any] = [tomlkit.aot() for _ in tables]
        piece = 0
        for at, row in enumerate(rows):
            index = kept[at]
            if index is None and at < len(there) and at not in kept:
                index = at
            item: Any = tomlkit.table()
            if index is not None:
                # The order of the rows beats the piece that a row was in.
                piece = max(piece, there[index][0])
            if index is None or is_inline:
                item.trivia.indent = "\n"
                known = self.with_defaults({})
            else:
                item, known = there[index][1], before[index]
            for name in [name for name in item if name not in row]:
                item.remove(name)
            for name, value in row.items():
                self._value(item, name, value, known)
            written[piece].append(item)
        for table, items in zip(tables, written, strict=True):
            if key in table and (is_inline or not len(items)):
                table.remove(key)
            if len(items) and key in table:
                table[key] = items
            elif len(items):
                table.add(key, items)

    def with_defaults(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return values of this path, completed by the defaults."""
        missing = {
            key.removeprefix(f"{self.path}."): value
            for key, value in self.defaults.items()
            if key.rpartition(".")[0] == self.path
        }
        return {**missing, **values}


def _take_comments(document: Any) -> list[tuple[Any, str]]:
    """Take out the comments and blank lines above the header of each table, to be put back there.

    tomlkit has them at the end of the table before, with which they would be removed.
    """
    from tomlkit.items import AoT, Comment, Null, Table, Whitespace  # noqa: PLC0415  # to write

    above: list[tuple[list[Any], int]] = []
    taken: list[tuple[Any, str]] = []

    def claim(table: Table) -> None:
        lines = "".join(body[index][1].as_string() for body, index in above)
        for body, index in above:
            body[index] = (None, Null())
        above.clear()
        taken.append((table, lines))
        walk(table.value.body)

    def walk(body: list[Any]) -> None:
        for index, (_, item) in enumerate(body):
            if isinstance(item, Comment | Whitespace):
                above.append((body, index))
            elif isinstance(item, Table) and item.is_super_table():
                walk(item.value.body)
            elif isinstance(item, Table):
                claim(item)
            elif isinstance(item, AoT):
                for row in item.body:
                    claim(row)
            elif not isinstance(item, Null):
                above.clear()

    walk(document.body)
    return taken

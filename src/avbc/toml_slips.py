"""What keeps a text from being TOML, in words: the line, and how it is to be written.

The standard library's messages name a column and what a parser expected. Here each slip that people
make has its words; a line is only proposed after it was read in the place of the other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable

_PAIR = re.compile(r"""\s*(?P<key>[\w.-]+|"[\w .-]*")\s*(?P<mark>=|:)\s*(?P<value>.*?)\s*""")
_SECRET = re.compile(r"secret|token|licen|passw|url", re.IGNORECASE)
_LIKE_A_SECRET = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])[^\s\"']{16,}")
# What word processors write.
_CURLY = str.maketrans("“”„‟″‘’‚‛′", '"' * 5 + "'" * 5)  # noqa: RUF001
_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_RULES = (
    "a line is one key = value; a text is in straight quotes, a list in [ ], true and false are in "
    "small letters, a day is as 2026-01-31, and a remark begins with #"
)


def slip(text: str, message: str) -> tuple[int, str]:
    r"""Say which line keeps a text from being TOML, and how to write it.

    Args:
        text: The text.
        message: What tomllib says of it.

    Returns:
        The line, and the words. They show no value that may be a secret.

    >>> slip('[gl]\ntax_area = BigCommerce', "Invalid value (at line 2, column 12)")
    (2, '`tax_area = BigCommerce` has a text without quotes: write `tax_area = "BigCommerce"`')
    """
    lines = text.split("\n")
    place = re.search(r"at line (\d+)", message)
    number = int(place[1]) if place else len(text.rstrip().split("\n"))
    line = lines[number - 1].strip()
    pair = _PAIR.fullmatch(line)
    if message.startswith("Cannot"):
        return number, _twice(lines, number)
    if pair and re.match(r"(#|$)", pair["value"]):
        key = pair["key"]
        return number, (
            f'`{key} =` has no value: write one behind it, such as {key} = "...", or remove the '
            "line"
        )
    if pair and re.fullmatch(r"none|null|nil", pair["value"], re.IGNORECASE):
        return number, f"{_named(line)} is written by leaving it out: remove the line"
    for why, correct in _SLIPS:
        better = correct(line)
        if better != line and _gets_further(lines, number, better):
            shown = _shown(better)
            return number, f"{_named(line)} {why}" + (f": write `{shown}`" if shown else "")
    if re.match(r"\[[^\]]+\]+\s*[^\s#\]]", line):
        return number, f"{_named(line)} has more than a heading: write that in the next line"
    if opened := _opened(lines, number):
        return opened, f"{_named(lines[opened - 1].strip())} begins a list that has no end: write ]"
    return number, f"{_named(line)} cannot be read: {_RULES}"


def _named(line: str) -> str:
    return f"`{shown}`" if (shown := _shown(line)) else "the line"


def _shown(line: str) -> str:
    """The line, without what may be a secret; empty where nothing is left."""
    pair = _PAIR.fullmatch(line)
    if pair and (_SECRET.search(pair["key"]) or _LIKE_A_SECRET.search(pair["value"])):
        value = "..." if pair["value"][:1] not in {'"', "'"} else '"..."'
        return f"{pair['key']} {pair['mark']} {value}"
    hidden = not pair and _LIKE_A_SECRET.search(line)
    return "" if hidden or not line.isprintable() else line


def _gets_further(lines: list[str], number: int, better: str) -> bool:
    """Whether a text is read beyond a line, once that line is another."""
    try:
        tomllib.loads("\n".join([*lines[: number - 1], better, *lines[number:]]))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        return place is not None and int(place[1]) > number
    except (ValueError, ArithmeticError, RecursionError):
        return False
    return True


def _twice(lines: list[str], number: int) -> str:
    # Behind the last line of a text, the line that it stands in is not known.
    for at in range(min(number, len(lines)), 0, -1):
        line = lines[at - 1].strip()
        if line.startswith("["):
            name = line.strip("[] ")
            rows = re.compile(rf"\s*\[+\s*{re.escape(name)}\s*\]+\s*(#.*)?")
            before = [n for n in range(1, at) if rows.fullmatch(lines[n - 1])]
            if not before:
                return f"`{line}` is there already in another form: {_ONE_OF_THEM}"
            first = lines[before[0] - 1].strip()
            if first.startswith("[[") and not line.startswith("[["):
                return (
                    f"`{line}` comes after `{first}`, of which each row has its own: write "
                    f"`[[{name}]]`"
                )
            return (
                f"`{line}` is there twice, in line {before[0]} too: put the lines of both under one"
            )
        if pair := _PAIR.fullmatch(line):
            key = re.compile(rf"\s*{re.escape(pair['key'])}\s*=")
            for n in range(at - 1, 0, -1):
                if lines[n - 1].lstrip().startswith("["):
                    break
                if key.match(lines[n - 1]):
                    return f"{pair['key']} is there twice, in line {n} too: {_ONE_OF_THEM}"
            return f"{pair['key']} is there twice: {_ONE_OF_THEM}"
    return f"a key is there twice: {_ONE_OF_THEM}"


_ONE_OF_THEM = "remove one of the two"


def _opened(lines: list[str], number: int) -> int:
    """The line of a list that is not closed before a line; 0 where there is none."""
    for at in range(min(number, len(lines)), 0, -1):
        line = lines[at - 1].partition("#")[0]
        if "]" in line or line.lstrip().startswith("["):
            return 0
        if re.search(r"=\s*\[", line):
            return at
    return 0


def _of_value(change: Callable[[str], str]) -> Callable[[str], str]:
    """Make a correction of a line from one of its value."""

    def correct(line: str) -> str:
        pair = _PAIR.fullmatch(line)
        if not pair or not (value := pair["value"]):
            return line
        value, space, remark = value.partition(" #")
        return f"{pair['key']} {pair['mark']} {change(value.strip())}{space}{remark}"

    return correct


def _flag(value: str) -> str:
    return re.sub(r"\b(True|TRUE|False|FALSE)\b", lambda found: found[0].lower(), value)


def _day(value: str) -> str:
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", value)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else value


def _in_quotes(value: str) -> str:
    if value[:1] in "[({" or " = " in value or re.fullmatch(r"\d{4}-\d{1,2}-\d{1,2}", value):
        return value
    return '"' + value.translate(_CURLY).strip("\"'") + '"'


def _in_other_quotes(value: str) -> str:
    mark, other = ('"', "'") if value[:1] == '"' else ("'", '"')
    return f"{other}{value[1:-1]}{other}" if value[1:] and value[0] == value[-1] == mark else value


def _with_equals(line: str) -> str:
    found = re.fullmatch(r"""([\w.-]+)\s*(?::=|=>|==|:|\s)\s*([^=:>\s][^=]*)""", line)
    return f"{found[1]} = {found[2]}" if found else line


def _with_equals_and_quotes(line: str) -> str:
    better = _with_equals(line)
    return line if better == line else _of_value(_in_quotes)(better)


def _closed(line: str) -> str:
    mark = "[[" if line.startswith("[[") else "["
    return f"{mark}{line.strip('[] ')}{']' * len(mark)}" if line.startswith("[") else line


_SLIPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("has curly quotes, as word processors write them", lambda line: line.translate(_CURLY)),
    ("is a heading whose brackets are not closed", _closed),
    ("has no = between key and value", _with_equals),
    ("has no = between key and value", _with_equals_and_quotes),
    ("has true or false in capital letters", _of_value(_flag)),
    ("is to be true or false", _of_value(lambda value: _WORDS.get(value.lower(), value))),
    (
        "has a list in other brackets than [ ]",
        _of_value(lambda value: re.sub(r"^\((.*?),?\s*\)$", r"[\1]", value)),
    ),
    (
        "has a comma in a number",
        _of_value(lambda value: re.sub(r"^(-?\d+),(\d+)$", r"\1.\2", value)),
    ),
    ("has a day that is not written as 2026-01-31 is", _of_value(_day)),
    ("has a backslash or a quote inside of its quotes", _of_value(_in_other_quotes)),
    (
        "has a quote that is not closed",
        _of_value(
            lambda value: _in_quotes(value) if value.translate(_CURLY)[0] in "\"'" else value
        ),
    ),
    ("has a text without quotes", _of_value(_in_quotes)),
)
"""Common slips, each with its correction. The message has the first one that lets the text load."""

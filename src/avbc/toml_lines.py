"""What tomllib lacks: the line on which each key of a TOML file stands, so that a fault can say where it is."""

from __future__ import annotations

import json
import re
import tomllib

_TOKEN = re.compile(
    r"""
      (?P<space> [ \t\r]+ | \#[^\n]* )
    | (?P<newline> \n )
    | (?P<quoted> \"{3} (?:\\.|[^\\])*? \"{3} \"{0,2} | '{3} .*? '{3} '{0,2} | "(?:\\.|[^"\\])*" | '[^']*' )
    | (?P<mark> [\[\]{}=,.] )
    | (?P<bare> [^\s\[\]{}=,."'\#]+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def join_key(table: str, key: str) -> str:
    """The path of a key in a table, as a person would write it in TOML.

    >>> join_key("order_status.mapping[0]", "bigcommerce"), join_key("", "odd key")
    ('order_status.mapping[0].bigcommerce', '"odd key"')
    """
    name = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else quoted(key)
    return f"{table}.{name}" if table else name


def quoted(text: str) -> str:
    r"""A text as a TOML string.

    >>> print(quoted('a "b"'))
    "a \"b\""
    """
    # JSON's escapes are TOML's too; only DEL must be escaped besides.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def key_lines(text: str) -> dict[str, int]:
    r"""Find the line on which each key of a TOML text stands, by its path.

    Tables, arrays of tables (`mapping[0]`), dotted keys and inline tables have paths too. The text
    must be valid: tomllib has read it.

    >>> key_lines('[gl]\ntax_area = "BC"\n\n[[gl.payment_methods]]\nbigcommerce = "Card"')["gl.payment_methods[0].bigcommerce"]
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

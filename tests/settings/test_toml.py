"""The line of each key, in every way that TOML has to write one."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.toml import join_key, key_lines, write_toml


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a = 1\n\n# b = 2\nb = 3 # c = 4", {"a": 1, "b": 4}),
        ("[t]\na = 1\n[t.u]\nb = 2", {"t": 1, "t.a": 2, "t.u": 3, "t.u.b": 4}),
        ("[ t . 'u v' ]\n\"a\\u0062\" = 1", {"t": 1, 't."u v"': 1, 't."u v".ab': 2}),
        ("a.b . c = 1\na.d = 2", {"a": 1, "a.b": 1, "a.b.c": 1, "a.d": 2}),
        (
            "1.2 = 3\nx = 1.5\nd = 1979-05-27 07:32:00.5\ny = 2",
            {"1": 1, "1.2": 1, "x": 2, "d": 3, "y": 4},
        ),
        ("a = {b = 1, c = {d = 2}}\ne = {}", {"a": 1, "a.b": 1, "a.c": 1, "a.c.d": 1, "e": 2}),
        ("a = [\n 1, # one\n [2,\n 3],\n {b = 4},\n]\nc = []", {
            "a": 1, "a[0]": 2, "a[1]": 3, "a[1][0]": 3, "a[1][1]": 4, "a[2]": 5, "a[2].b": 5,
            "c": 7,
        }),
        ("[[r]]\na = 1\n[[r]]\n[r.s]\nb = 2\n[[r.t]]\nc = 3\n[[r.t]]", {
            "r": 1, "r[0]": 1, "r[0].a": 2, "r[1]": 3, "r[1].s": 4, "r[1].s.b": 5,
            "r[1].t": 6, "r[1].t[0]": 6, "r[1].t[0].c": 7, "r[1].t[1]": 8,
        }),
        ('a = """\nb = 1\n\\"""\nc = 2 \\\\"""\nd = 3', {"a": 1, "d": 5}),
        ('a = """"quoted"""""\nb = """"""\nc = 1', {"a": 1, "b": 2, "c": 3}),
        ("a = '''\n[t]\n'x' '''''\nb = ''''''\nc = 1", {"a": 1, "b": 4, "c": 5}),
        ("a = '#[{'\r\nb = \"\\\"=#\"\r\n", {"a": 1, "b": 2}),
        ("", {}),
    ],
)  # fmt: skip
def test_lines(text: str, lines: dict[str, int]) -> None:
    tomllib.loads(text)
    assert key_lines(text) == lines


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8) | st.from_regex(
    r"[A-Za-z0-9_-]{1,8}", fullmatch=True
)
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(
        [
            "1.5",
            "true",
            "inf",
            "2026-01-01T00:00:00Z",
            "2026-01-01 00:00:00",
            "'''\n[x]\ny = 1\n'''",
            '"""\n"x" = \\""" """',
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x7f")).map(
        lambda text: json.dumps(text, ensure_ascii=False)
    ),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: "[" + ",\n# ]\n".join(items) + "\n]")
        | st.lists(st.tuples(KEYS, inner), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda pairs: (
                "{" + ", ".join(f"{_written(key)} = {value}" for key, value in pairs) + "}"
            )
        )
    ),
    max_leaves=6,
)


def _written(key: str) -> str:
    return json.dumps(key, ensure_ascii=False).replace("\x7f", "\\u007f")


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_lines_of_any_table(table: dict[str, str]) -> None:
    text, expected = "", {}
    for key, value in table.items():
        text += "# x = 1\n\n"
        expected[join_key("", key)] = text.count("\n") + 1
        text += f"  {_written(key)}\t= {value}\n"
    tomllib.loads(text)
    lines = key_lines(text)
    assert {key: lines[key] for key in expected} == expected


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_every_key_of_any_table_has_a_line(table: dict[str, str]) -> None:
    text = "".join(f"{_written(key)} = {value}\n" for key, value in table.items())
    assert set(_paths(tomllib.loads(text), "")) == set(key_lines(text))


def _paths(value: object, path: str) -> list[str]:
    if isinstance(value, dict):
        inner = [(join_key(path, key), item) for key, item in value.items()]
    elif isinstance(value, list):
        inner = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        return []
    return [found for place, item in inner for found in [place, *_paths(item, place)]]


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.text(st.characters(codec="utf-8"))
        | st.booleans()
        | st.integers(-(2**63), 2**63)
        | st.datetimes(timezones=st.just(UTC)),
    )
)
def test_what_is_written_reads_the_same(values: dict[str, object]) -> None:
    data = {"t": values, "u": {"rows": [values, values]}}
    assert tomllib.loads(write_toml(data)) == data


def test_the_writer_escapes() -> None:
    written = write_toml(
        {"t": {"a": 'x"\\\n\x7f\x00é😀', "b": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)}}
    )
    assert written == '[t]\na = "x\\"\\\\\\n\\u007f\\u0000é😀"\nb = 2026-01-02T03:04:05.000006Z\n'

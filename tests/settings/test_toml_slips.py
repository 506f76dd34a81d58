"""What people write that is no TOML: it is said in words, with the line to write."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.settings import Settings, SettingsError
from avbc.toml_slips import slip

HEAD = "[order_status]\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("updates =", '`updates =` has no value: write one behind it, such as updates = "..."'),
        ("updates = # to do", "`updates =` has no value"),
        ("updates = None", "`updates = None` is written by leaving it out: remove the line"),
        ("updates = “push”", 'write `updates = "push"`'),
        ("updates = ‘push’", "write `updates = 'push'`"),  # noqa: RUF001  # what is meant
        ("updates = 'push”", 'has a quote that is not closed: write `updates = "push"`'),
        ('updates = "push', 'has a quote that is not closed: write `updates = "push"`'),
        (
            "updates = push # to",
            '`updates = push # to` has a text without quotes: write `updates = "',
        ),
        ("updates: push", 'has no = between key and value: write `updates = "push"`'),
        ('updates "push"', 'has no = between key and value: write `updates = "push"`'),
        ("updates == 'push'", "has no = between key and value: write `updates = 'push'`"),
        ("add_staff_notes = True", "in capital letters: write `add_staff_notes = true`"),
        ("add_staff_notes = yes", "is to be true or false: write `add_staff_notes = true`"),
        ('x = ("A", "B",)', 'has a list in other brackets than [ ]: write `x = ["A", "B"]`'),
        ("x = 1,5", "has a comma in a number: write `x = 1.5`"),
        ("x = 40200-000-000", 'write `x = "40200-000-000"`'),
        ("x = 2026-3-1", "write `x = 2026-03-01`"),
        ('x = "C:\\Users"', "write `x = 'C:\\Users'`"),
        ('x = "5" pipe"', """write `x = '5" pipe'`"""),
        ("x = ['A'", "begins a list that has no end: write ]"),
        ("[gl", "is a heading whose brackets are not closed: write `[gl]`"),
        ("[[gl.methods]", "write `[[gl.methods]]`"),
        ("[gl] x = 1", "has more than a heading: write that in the next line"),
        ("[order_status]", "`[order_status]` is there twice, in line 1 too: put the lines of both"),
        ("x = 1 y = 2", "cannot be read: a line is one key = value"),
        ("x = 2026-13-01", "cannot be read: a line is one key = value"),
        ("\0", "the line cannot be read: a line is one key = value"),
    ],
)
def test_a_slip_is_said_in_words(line: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_toml(f"{HEAD}{line}\n")
    assert str(caught.value).startswith("settings have 1 fault:\n  line 2, file: is not TOML: ")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        ("[gl]\nx = 1\ny = 2\nx = 3", 4, "x is there twice, in line 2 too: remove one of the two"),
        ("[gl]\nx = 1\n[shipping]\nx = 1\nx = 2\n", 5, "x is there twice, in line 4 too"),
        ("[[gl.m]]\na = 1\n[gl.m]\n", 3, "of which each row has its own: write `[[gl.m]]`"),
        ("x.y = 1\nx = 2", 2, "x is there twice: remove one of the two"),
        ("x = [\n 'A',\n “B”,\n]\n", 3, 'write `"B",`'),
        ("x = [\n 'A',\ny = 1\n", 1, "begins a list that has no end"),
        ("x =\n[gl]\ny = “A”\n", 1, "has no value"),
    ],
)
def test_the_line_is_the_one_to_change(text: str, number: int, words: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    line, said = slip(text, str(caught.value))
    assert line == number
    assert words in said


@pytest.mark.parametrize(
    "line",
    [
        "access_token = geheim",
        "access_token = “geheim”",
        'acces_token = "geheim',
        "client_secret: geheim",
        "api_url = https://user:geheim@example.com",
        "descripton = geheim0123456789ABCDEF",
        "geheim0123456789ABCDEF",
        "“geheim0123456789ABCDEF",
    ],
)
def test_no_secret_is_shown(line: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_toml(f"[store]\n{line}\n")
    assert "line 2" in str(caught.value)
    assert "geheim" not in str(caught.value)


@given(st.text(st.sampled_from("ax=[](){}\"'“”#,.: \n\\1-")))
def test_whatever_is_written_has_a_line(text: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        number, words = slip(text, str(error))
        assert 1 <= number <= text.count("\n") + 1
        assert words

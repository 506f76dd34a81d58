"""What is wrong with a command line, in the words of who typed it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Literal, get_args, get_origin

from cyclopts import (
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from avbc.text import near_name, quoted

_LISTED = (
    CoercionError,
    MissingArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)
"""Errors after which it helps to read what a command takes."""

_WANTED: dict[object, str] = {
    bool: "true or false",
    date: "a day, such as 2026-01-31",
    int: "a whole number, such as 7",
}


def told(error: CycloptsError, pushes: Collection[str]) -> str:
    """Say what is wrong with a command line, and what can be given instead.

    Args:
        error: What cyclopts found.
        pushes: What `avbc push` takes.
    """
    return f"{_what(error, pushes)}{_possible(error, pushes)}"


def _what(error: CycloptsError, pushes: Collection[str]) -> str:
    line = " ".join(["avbc", *(error.command_chain or ())])
    if isinstance(error, CoercionError) and error.token is not None and error.argument is not None:
        name = error.token.keyword or error.argument.name.lstrip("-").upper()
        wanted = _wanted(error.argument.hint) or f"a {error.argument.hint}"
        return f"{name}: {quoted(error.token.value)} must be {wanted}."
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        wanted = _wanted(error.argument.hint)
        if error.keyword is not None:
            return f"{error.keyword} needs {wanted or 'a value'}."
        name = error.argument.name.lstrip("-").upper()
        return f"`{line}` needs {name}{f': {wanted}' if wanted else ''}."
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword} is given more than once: give it once."
    if isinstance(error, UnknownCommandError):
        # It goes on with the first few commands.
        return str(error).partition(" Available commands:")[0]
    if not isinstance(error, UnusedCliTokensError) or not error.unused_tokens:
        return str(error)
    extra = error.unused_tokens[0]
    near = near_name(extra, pushes if line == "avbc push" else ())
    return f"`{line}` takes no {quoted(extra)}" + (f": did you mean {near}?" if near else ".")


def _wanted(hint: object) -> str:
    """Name what an argument takes; empty where any text will do."""
    choices = (hint, *get_args(hint))
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    return next((_WANTED[each] for each in choices if each in _WANTED), "")


def _possible(error: CycloptsError, pushes: Collection[str]) -> str:
    line = " ".join(["avbc", *(error.command_chain or ())])
    if isinstance(error, UnusedCliTokensError) and error.command_chain == ("push",):
        return f" Give one of {', '.join(pushes)}."
    if isinstance(error, _LISTED):
        return f" `{line} --help` lists what can be given."
    return ""

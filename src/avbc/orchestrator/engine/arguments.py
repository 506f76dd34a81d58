"""What the public methods check of their arguments: ids, times and flags."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import cache, wraps
from operator import index
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, SupportsIndex, TypeVar, cast

from avbc.bigcommerce import BigCommerce
from avbc.settings import Settings
from avbc.text import did_you_mean, quoted

P = ParamSpec("P")
T = TypeVar("T")


class _Checked:
    """Lets errors that this module raises out without frames: the caller's line is what is wrong.

    Any other error is a bug, here or in the application, and keeps its frames.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, TypeError | ValueError):
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None and trace.tb_frame.f_code.co_filename == __file__:
                error.__traceback__ = None


checked_arguments = _Checked()


def require_call(
    method: Callable[..., object], arguments: tuple[object, ...], named: dict[str, object]
) -> None:
    """Make sure that a method takes these arguments.

    Args:
        method: The method, as a function.
        arguments: What it is called with, itself included.
        named: What it is called with by name.

    Raises:
        TypeError: It does not: the message says which it takes.
    """
    # A class is called by its own name.
    is_class = method.__name__ == "__init__"
    called = type(arguments[0]).__name__ if is_class else method.__name__
    signature = _signature(method)
    try:
        signature.bind(*arguments, **named)
    except TypeError as error:
        message = str(error)
    else:
        return
    _self, *takes = signature.parameters.values()
    free = [each.name for each in takes if each.kind is not each.KEYWORD_ONLY]
    by_name = [each.name for each in takes if each.kind is each.KEYWORD_ONLY]
    if by_name and len(arguments) - 1 > len(free):
        example = _named(arguments[1 + len(free)], [each for each in takes if each.name in by_name])
        message = f"name each argument after the first {len(free)}" if free else "name its argument"
        message += f", as in {called}({example})" if example else ""
    elif unknown := sorted(named.keys() - {*free, *by_name}):
        near = did_you_mean(unknown[0], [*free, *by_name])
        message = f"there is no argument {quoted(unknown[0])}. {near}".rstrip()
    names = ", ".join([*free, *by_name])
    message += "" if message.endswith(("?", ".")) else "."
    takes_what = f"It takes {names}" if names else "It takes no arguments"
    raise TypeError(f"{called}: {message} {takes_what}.")


_signature = cache(inspect.signature)


def call_checked(method: Callable[P, T]) -> Callable[P, T]:
    """Decorate a method whose arguments are checked before it is called, as `require_call` does."""

    @wraps(method)
    def checked(*arguments: P.args, **named: P.kwargs) -> T:
        with checked_arguments:
            require_call(method, arguments, named)
            return method(*arguments, **named)

    return checked


def _named(value: object, takes: Iterable[inspect.Parameter]) -> str:
    """Return an argument as it is named in a call; empty where none takes such a value."""
    kind, text = "", repr(value)
    match value:
        case bool():
            kind = "bool"
        case int():
            kind, text = "int", f"[{value}]"
        case list() | tuple() | set():
            kind = "int"
        case str():
            with suppress(ValueError):
                day = date.fromisoformat(value)
                kind, text = "date", f"date({day.year}, {day.month}, {day.day})"
        case date():
            kind = "date"
        case _:
            pass
    name = next((each.name for each in takes if kind and kind in str(each.annotation)), "")
    return f"{name}={text}" if name else ""


def require_id(value: object, name: str) -> int:
    """Return a BigCommerce or AcctVantage id as it was given.

    Raises:
        TypeError: It is not an int; text of a file or a form is converted with int() first.
        ValueError: It is not positive.

    >>> require_id(1042, "order_id")
    1042
    """
    if not isinstance(value, SupportsIndex) or isinstance(value, bool):
        raise TypeError(f"{name}: {quoted(value)} must be an int, such as 1042")
    if index(value) < 1:
        raise ValueError(f"{name}: {value} is not an id: ids begin with 1")
    return index(value)


def require_what(value: object) -> int:
    """Return the id of an order that is to be settled.

    Raises:
        TypeError: It is not an int, and so neither an item, an id nor a heading.
        ValueError: It is not positive.
    """
    if not isinstance(value, SupportsIndex):
        raise TypeError(
            f"what: {quoted(value)} must be an item of worklist(), an order's id such as 1042, or "
            "a heading of the worklist"
        )
    return require_id(value, "what")


def require_path(value: object, name: str) -> None:
    """Make sure that an argument is the path of a file or a folder.

    Raises:
        TypeError: It is something else.

    >>> require_path("avbc.html", "path")
    """
    if not isinstance(value, str | PathLike):
        raise TypeError(f"{name}: {quoted(value)} must be a path: a text, or a pathlib.Path")


def require_kind(value: object, name: str, kind: type[object], wanted: str) -> None:
    """Make sure that an argument is of a class; what another one holds may be secret.

    Raises:
        TypeError: It is not.

    >>> require_kind(None, "url", str, "a text, such as 'https://example.com/avbc'")
    Traceback (most recent call last):
    TypeError: url: must be a text, such as 'https://example.com/avbc', not a NoneType
    """
    if not isinstance(value, kind):
        raise TypeError(f"{name}: must be {wanted}, not a {type(value).__name__}")


def require_order(value: object, source_code: str, name: str = "order_id") -> int:
    """Return BigCommerce's id of an order, which may be given as its Import ID.

    Args:
        value: The id, or a text: the Import ID, or the digits of the id.
        source_code: The store's Import Source Code; small letters count as capitals.
        name: The argument's name.

    Raises:
        TypeError: It is neither an int nor a text.
        ValueError: It is no id of an order of this store.

    >>> require_order(1042, "WEB"), require_order("WEB1042", "WEB"), require_order("1042", "WEB")
    (1042, 1042, 1042)
    """
    if not isinstance(value, str):
        return require_id(value, name)
    is_import_id = (
        not value.isdecimal() and value[: len(source_code)].casefold() == source_code.casefold()
    )
    number = value[len(source_code) :] if is_import_id else value
    if not number.isdecimal():
        is_of_another = re.fullmatch(r"[A-Za-z0-9]{3}[0-9]+", value)
        which = f" of this store, whose code is {source_code}" if is_of_another else ""
        raise ValueError(
            f"{quoted(value)} is no order{which}: give its number in BigCommerce, such as 1042, or "
            f"its Import ID, {source_code}1042"
        )
    return require_id(int(number), name)


def require_orders(values: object, source_code: str, name: str) -> list[int]:
    """Return BigCommerce's ids of orders, once each, as they were given.

    Raises:
        TypeError: One is neither an int nor a text, or they are one text.
        ValueError: One is no id of an order of this store.

    >>> require_orders([1042, "WEB7", "WEB1042"], "WEB", "ids")
    [1042, 7]
    """
    named = _require_several(values, name)
    return list(dict.fromkeys(require_order(value, source_code, name) for value in named))


def require_count(value: object, name: str, most: int | None = None) -> int:
    """Return a number of things, which is 1 or more.

    Raises:
        TypeError: It is not an int.
        ValueError: It is below 1, or above `most`.

    >>> require_count(4, "threads")
    4
    """
    if not isinstance(value, SupportsIndex) or isinstance(value, bool):
        raise TypeError(f"{name}: {quoted(value)} must be an int, such as 4")
    if index(value) < 1 or (most is not None and index(value) > most):
        allowed = "1 or more" if most is None else f"from 1 to {most}"
        raise ValueError(f"{name}: {value} must be {allowed}")
    return index(value)


def require_ids(values: object, name: str) -> list[int]:
    """Return ids once each, as they were given.

    Raises:
        TypeError: One is not an int, or they are one text.
        ValueError: One is not positive.

    >>> require_ids([2, 1, 2], "ids")
    [2, 1]
    """
    return list(dict.fromkeys(require_id(value, name) for value in _require_several(values, name)))


def _require_several(values: object, name: str) -> Iterable[object]:
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: {quoted(values)} must be a list of ids, such as [1042]")
    return cast("Iterable[object]", values)


def require_period(since: object, until: object = None) -> None:
    """Make sure that a period has time zones and an order; dates are days of the store.

    Raises:
        TypeError: One is neither a date nor a datetime.
        ValueError: A datetime has no time zone, or the period ends before it begins.
    """
    for name, at in (("since", since), ("until", until)):
        if at is None:
            continue
        if not isinstance(at, date):
            examples = "date(2026, 1, 31) or datetime(2026, 1, 1, tzinfo=UTC)"
            raise TypeError(
                f"{name}: {quoted(at)} must be a date or a datetime, such as {examples}"
            )
        if isinstance(at, datetime) and at.utcoffset() is None:
            raise ValueError(f"{name}: {at} has no time zone: add one, such as tzinfo=UTC")
    # When a day of the store begins is known later, by its time zone.
    if (
        isinstance(since, date)
        and isinstance(until, date)
        and isinstance(since, datetime) == isinstance(until, datetime)
        and since > until
    ):
        raise ValueError(f"until: {until} is before since, {since}")


def require_day(value: object, name: str) -> date:
    """Return a day as it was given.

    Raises:
        TypeError: It is something else, such as a point in time.

    >>> require_day(datetime(2026, 1, 31), "through")
    Traceback (most recent call last):
    TypeError: through: datetime.datetime(2026, 1, 31, 0, 0) must be a date: date(2026, 1, 31)
    """
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError(f"{name}: {quoted(value)} must be a date: date(2026, 1, 31)")
    return value


def require_wait(value: object, name: str) -> timedelta:
    """Return how long to wait, as it was given.

    Raises:
        TypeError: It is no timedelta.
        ValueError: It is below zero.

    >>> require_wait(30, "wait")
    Traceback (most recent call last):
    TypeError: wait: 30 must be a timedelta, such as timedelta(seconds=30)
    """
    if not isinstance(value, timedelta):
        raise TypeError(
            f"{name}: {quoted(value)} must be a timedelta, such as timedelta(seconds=30)"
        )
    if value < timedelta(0):
        raise ValueError(f"{name}: {quoted(value)} is below zero")
    return value


def require_settings(value: object, name: str) -> None:
    """Make sure that an argument is the settings, and not the path of their file.

    Raises:
        TypeError: It is something else.

    >>> require_settings("avbc.toml", "settings")
    Traceback (most recent call last):
    TypeError: settings: must be Settings, not a str: pass avbc.Settings.load('avbc.toml')
    """
    if isinstance(value, Settings):
        return
    made = "avbc.Settings.load(path) or avbc.Settings.from_dict(values)"
    if isinstance(value, str | Path):
        made = f"avbc.Settings.load({quoted(str(value))})"
    # Without its repr: a dict of settings holds the secrets.
    raise TypeError(f"{name}: must be Settings, not a {type(value).__name__}: pass {made}")


def require_list(values: Iterable[T], name: str, of: str) -> tuple[T, ...]:
    """Return the values of a list.

    Args:
        values: The list.
        name: The argument's name.
        of: What it is a list of.

    Raises:
        TypeError: It is none.

    >>> require_list([print], "customise", "functions")
    (<built-in function print>,)
    >>> require_list(print, "customise", "functions")
    Traceback (most recent call last):
    TypeError: customise: must be a list of functions: write customise=[print]
    """
    given = cast("object", values)
    if given is None or isinstance(given, str | bytes | int | float):
        raise TypeError(f"{name}: must be a list of {of}, not {quoted(given)}")
    if not isinstance(given, Iterable):
        shown = getattr(given, "__name__", repr(given))
        raise TypeError(f"{name}: must be a list of {of}: write {name}=[{shown}]")
    return tuple(values)


def require_functions(values: Iterable[T], name: str) -> tuple[T, ...]:
    """Return the functions of a list.

    Raises:
        TypeError: It is none, or one of them cannot be called.

    >>> require_functions([print], "customise")
    (<built-in function print>,)
    """
    functions = require_list(values, name, "functions")
    for function in functions:
        if not callable(function):
            raise TypeError(_no_function(function, name))
    return functions


def require_orchestrators(values: Iterable[T], name: str) -> tuple[T, ...]:
    """Return the orchestrators of a list.

    Raises:
        TypeError: It is none, or holds something else.
    """
    webs = require_list(values, name, "orchestrators")
    for web in webs:
        if not hasattr(web, "run_cycle"):
            raise TypeError(
                f"{name}: {quoted(web)} is no orchestrator: pass avbc.Orchestrator(...)"
            )
    return webs


def require_schedule(values: Iterable[T], webs: Iterable[object]) -> tuple[T, ...]:
    """Return the jobs of a schedule, each a method of all orchestrators that needs no arguments.

    Raises:
        TypeError: It is no list, or holds something else.
        ValueError: There is no such method.
    """
    jobs = require_list(values, "schedule", "jobs")
    kinds = list(dict.fromkeys(map(type, webs)))
    for job in jobs:
        method: object = getattr(job, "method", None)
        if not isinstance(method, str):
            example = quoted(job if isinstance(job, str) else "import_orders")
            raise TypeError(f"schedule: {quoted(job)} is no job: write avbc.Job({example})")
        for kind in kinds:
            if not _needs_nothing(getattr(kind, method, None)):
                of_reports = [name for name in dir(kind) if _is_of_reports(kind, name)]
                near = did_you_mean(method, of_reports)
                raise ValueError(
                    f"schedule: {kind.__name__} has no method {quoted(method)} that needs no "
                    f"arguments. {near or 'There are ' + ', '.join(of_reports) + '.'}"
                )
    return jobs


def _needs_nothing(method: object) -> bool:
    if not callable(method):
        return False
    _self, *takes = _signature(method).parameters.values()
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(each.default is not each.empty or each.kind in optional for each in takes)


def _is_of_reports(kind: type[object], name: str) -> bool:
    method = getattr(kind, name)
    if name.startswith("_") or not _needs_nothing(method):
        return False
    return str(_signature(method).return_annotation).endswith("Report")


def require_database_url(value: object, name: str) -> None:
    """Make sure that an argument may be the URL of a database, or None.

    Raises:
        TypeError: It is no text.
        ValueError: It is no URL, such as the path of a file.

    >>> require_database_url("journal.db", "journal")
    Traceback (most recent call last):
    ValueError: journal: 'journal.db' is no database URL: write sqlite:///journal.db
    """
    if value is None:
        return
    require_kind(value, name, str, "a database URL, such as 'sqlite:///journal.db'")
    if "://" not in str(value):
        # It may hold a password.
        shown, example = (quoted(value), value) if "@" not in str(value) else ("it", "journal.db")
        raise ValueError(f"{name}: {shown} is no database URL: write sqlite:///{example}")


def require_function(value: object, name: str) -> None:
    """Make sure that an argument is a function, or None.

    Raises:
        TypeError: It cannot be called.

    >>> require_function([print], "on_progress")
    Traceback (most recent call last):
    TypeError: on_progress: [<built-in function print>] is no function
    """
    if value is not None and not callable(value):
        raise TypeError(_no_function(value, name))


def _no_function(value: object, name: str) -> str:
    return f"{name}: {quoted(value)} is no function"


def require_client(value: object, name: str) -> None:
    """Make sure that an argument is a client of a store, or None.

    Raises:
        TypeError: It is something else, such as a `FakeStore`.

    >>> require_client("abc123", "store")
    Traceback (most recent call last):
    TypeError: store: must be a BigCommerce client, not a str: pass avbc.BigCommerce(api_url, token)
    """
    if value is None or isinstance(value, BigCommerce):
        return
    made = "avbc.BigCommerce(api_url, token)"
    if hasattr(value, "api_url") and hasattr(value, "transport"):
        made = "avbc.BigCommerce(fake.api_url, token, transport=fake.transport())"
    kind = type(value).__name__
    raise TypeError(f"{name}: must be a BigCommerce client, not a {kind}: pass {made}")


def require_selection(ids: object, since: object, until: object, *, retry_errors: object) -> None:
    """Make sure that arguments say in one way which orders are meant.

    Raises:
        TypeError: An id is not an int, a time is neither a date nor a datetime, or `retry_errors`
            is neither True nor False.
        ValueError: The arguments contradict each other, or a time has no time zone.
    """
    require_flags(retry_errors=retry_errors)
    if until is not None and since is None:
        raise ValueError("until needs since, where the period begins")
    if (ids is not None) + (since is not None) + bool(retry_errors) > 1:
        raise ValueError("give ids, or a period (since, until), or retry_errors: one of them")
    require_period(since, until)
    if ids is not None:
        require_ids(ids, "ids")


def require_flags(**flags: object) -> None:
    """Make sure that arguments are True or False: the text "no" of a form would count as true.

    Raises:
        TypeError: One is neither.

    >>> require_flags(preview=True, full=False)
    """
    for name, value in flags.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name}: {quoted(value)} must be True or False")

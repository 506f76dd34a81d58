"""The command `avbc`: each command is one call of a method, and is made from it.

Options are the method's parameters, and the help is its docstring.
"""

from __future__ import annotations

import inspect
import json as json_text
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from inspect import isgenerator
from pathlib import Path
from typing import Annotated, TypeAlias, cast, get_type_hints

import attrs
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from avbc._version import __version__
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, ScopeMissing
from avbc.bigcommerce.api_account import environment_credentials
from avbc.credentials import load_credentials
from avbc.errors import AvbcError, FinalError, MissingExtra, TransientError
from avbc.orchestrator import SCHEDULE, Change, CycleReport, Orchestrator, Outcome
from avbc.report import Report
from avbc.settings import Settings

try:
    from cyclopts import App, CycloptsError, Parameter
except ImportError:
    sys.stderr.write(f"avbc: {MissingExtra('the command needs cyclopts', 'cli')}\n")
    sys.exit(2)

OK, NOT_OK, MUST_CHANGE, TRY_AGAIN, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes (docs/operations.md)."""


_GIVEN = Parameter(parse=False)
Web: TypeAlias = Annotated[Orchestrator, _GIVEN]
Books: TypeAlias = Annotated[SqlGateway, _GIVEN]
SettingsFile: TypeAlias = Annotated[Path, _GIVEN]
Printing: TypeAlias = Annotated[Callable[[object], None], _GIVEN]

app = App(
    name="avbc",
    help="Join a BigCommerce store to the books of AcctVantage.",
    version=__version__,
    default_parameter=Parameter(negative=()),
    result_action="return_value",
)
push = App(name="push", help="Send the store what changed in the books.")
app.command(push)
app.meta.suppress_keyboard_interrupt = False


# Commands that are methods


_ORDERS = frozenset({"ids", "order_ids"})
"""Parameters that take any number of order ids, which are a command's arguments."""


def _made_of(method: Callable[..., object]) -> Callable[..., object]:
    """Make a command of a method of the orchestrator; only `progress` is no option of it."""
    hints = get_type_hints(method)
    parameters = [inspect.Parameter("web", inspect.Parameter.KEYWORD_ONLY, annotation=Web)]
    orders = ""
    for name, parameter in list(inspect.signature(method).parameters.items())[1:]:
        hint, kind = hints[name], parameter.kind
        if name in _ORDERS:
            orders, hint = name, Annotated[int, Parameter(name="ORDER")]
            parameters.append(
                inspect.Parameter(name, inspect.Parameter.VAR_POSITIONAL, annotation=hint)
            )
        elif name != "progress":
            if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
                kind = inspect.Parameter.POSITIONAL_ONLY
            parameters.append(parameter.replace(annotation=hint, kind=kind))

    def command(*arguments: object, web: Orchestrator, **options: object) -> object:
        if orders:
            options[orders], arguments = arguments or None, ()
        return method(web, *arguments, **options)

    parameters.sort(key=lambda parameter: parameter.kind)
    command.__doc__ = method.__doc__
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    # What inspect reads.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


_METHODS: dict[str, Callable[..., object]] = {
    "preview": Orchestrator.preview_orders,
    "import": Orchestrator.import_orders,
    "follow": Orchestrator.follow_orders,
    "worklist": Orchestrator.worklist,
    "explain": Orchestrator.explain,
    "history": Orchestrator.history,
    "reconcile": Orchestrator.reconcile,
}
for _name, _method in _METHODS.items():
    app.command(_made_of(_method), name=_name)

_PUSHES = [job for job in SCHEDULE if job.method.startswith("push_")]
for _job in _PUSHES:
    _name = _job.method.removeprefix("push_").replace("_", "-")
    push.command(_made_of(getattr(Orchestrator, _job.method)), name=_name)


# Commands of several calls


@push.default
def push_all(*, preview: bool = False, web: Web) -> Iterator[Report]:
    """Send all that the settings ask for: order statuses, shipments, quantities, products.

    Args:
        preview: Send nothing; the reports say what would be sent.
    """
    asked_for = [job.method for job in _PUSHES if job.when(web.settings)]
    if not asked_for:
        raise FinalError("the settings ask for no push")
    for method in asked_for:
        yield getattr(web, method)(preview=preview)


@app.command
def check(*, web: Web) -> Iterator[Report]:
    """Test the connection, then compare every name in the settings with the store and the books."""
    yield web.test_connection()
    yield web.check_setup()


@app.command
def settle(what: Annotated[int, Parameter(name="ORDER")], /, *, web: Web) -> Report:
    return web.settle(what)


settle.__doc__ = Orchestrator.settle.__doc__


@app.command
def load(file: Path, /, *, books: Books) -> str:
    """Load reference data, products, clients and quantities from a books.toml into the books.

    Args:
        file: The file: a books.toml, or products as a .csv (docs/files.md). What it does not name
            stays as it is.
    """
    if file.suffix.lower() == ".csv":
        books.load_products(file)
    else:
        books.load(file)
    return f"Loaded {file}."


@app.command
def init(
    *,
    credentials_file: Path | None = None,
    write_secrets: bool = False,
    books: Books,
    settings_file: SettingsFile,
) -> Iterator[object]:
    """Write a first settings file, from the live store and the books, and check it.

    Read each line of it before the first import. Rows that only you can fill in are comments. A
    file that is there is never overwritten, and only you can read the new one.

    Args:
        credentials_file: The text file that BigCommerce offered with the API account; the settings
            name it. Without it, the environment names the store: AVBC_API_URL and
            AVBC_ACCESS_TOKEN.
        write_secrets: Write the access token and the client secret into the settings file.
    """
    if settings_file.exists():
        # Before the store is asked. `create` looks once more.
        raise FinalError(f"{settings_file} is there already, and init overwrites no file")
    account = load_credentials(credentials_file) if credentials_file else environment_credentials()
    named = None if write_secrets else credentials_file
    with BigCommerce(account.api_url, account.access_token) as store:
        with suppress(ScopeMissing):
            account = attrs.evolve(account, name=store.information().name)
        settings = Settings.suggest(account, books.reference_data(), named)
        with Orchestrator(settings, books, store=store) as web:
            report = web.check_setup()
    settings.create(settings_file, rows=report.toml, secrets=write_secrets)
    yield report
    yield f"Wrote {settings_file}, with these rows: read each line, then run avbc check."


@app.command
def run(*, web: Web, show: Printing) -> None:
    # A cycle's line says what failed. Why is logged, the same thing once an hour.
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    web.run(on_report=show)


run.__doc__ = Orchestrator.run.__doc__


@app.command
def page(file: Path = Path("avbc.html"), /, *, days: int = 30, web: Web) -> str:
    return f"Wrote {web.page(file, days=days)}."


page.__doc__ = Orchestrator.page.__doc__


@app.command
def demo() -> None:
    """Run the main job from end to end, on a store and books of its own: no account is needed."""
    from avbc.testing import quickstart  # noqa: PLC0415  # no other command needs the fake store

    quickstart.main()


# The command line


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    settings: Annotated[Path, Parameter(env_var="AVBC_SETTINGS")] = Path("avbc.toml"),
    books: Annotated[str, Parameter(env_var="AVBC_BOOKS", show_default=False)] = "",
    json: bool = False,
) -> int:
    """Run a command with what it works on.

    Args:
        settings: The settings file.
        books: The database URL of the books, such as sqlite:///books.db. One with a password
            belongs in the environment: others see the command line.
        json: Print each report as one line of JSON: ok, summary, rows.
    """
    command, bound, needs = app.parse_args(tokens)
    show = _print_json if json else _print_text
    codes = [OK]
    with ExitStack() as stack:
        given: dict[str, object] = {"show": show, "settings_file": settings}
        if not {"web", "books"}.isdisjoint(needs):
            if not books:
                raise FinalError(
                    "the books are not named: give --books or AVBC_BOOKS their database URL, such "
                    "as sqlite:///books.db"
                )
            if command is not load:
                _require_books(books)
            gateway = given["books"] = stack.enter_context(SqlGateway(books))
            if "web" in needs:
                web = Orchestrator(Settings.load(settings), gateway)
                given["web"] = stack.enter_context(web)
        bound.arguments.update({name: given[name] for name in needs})
        result: object = command(*bound.args, **bound.kwargs)
        # Of several, each is shown when it is there.
        for each in cast("Iterator[object]", result) if isgenerator(result) else [result]:
            if each is not None:
                show(each)
                codes.append(_exit_code(each))
    return max(codes)


def _require_books(url: str) -> None:
    """Refuse a file that is not there: empty books in its place would say that all is well."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        # The books say what is wrong with it.
        return
    is_sqlite = parsed.get_backend_name() == "sqlite"
    is_file = is_sqlite and parsed.database not in (None, "", ":memory:")
    if is_file and not (file := Path(str(parsed.database)).absolute()).exists():
        raise FinalError(
            f"there are no books at {file}: correct --books or AVBC_BOOKS, or make them with "
            "avbc load"
        )


_PASSING = frozenset(
    {
        "books_unreachable",
        "order_changed",
        "order_imported_meanwhile",
        "run_stopped",
        "status_not_set",
        "store_failed",
        "try_again",
    }
)
"""Codes of problems that the next run may not have (docs/problems.md)."""


def _exit_code(shown: object) -> int:
    if getattr(shown, "ok", True):
        return OK
    if getattr(shown, "refused", ()):
        return NOT_OK
    if failure := getattr(shown, "failure", None):
        return TRY_AGAIN if isinstance(failure, TransientError) else NOT_OK
    postponed: Sequence[Outcome | Change] = getattr(shown, "postponed", ())
    codes = {problem.code for each in postponed for problem in each.problems}
    is_passing = getattr(shown, "is_taken", False) or (codes and codes <= _PASSING)
    return TRY_AGAIN if is_passing else NOT_OK


def _print_text(shown: object) -> None:
    print(shown.summary() if isinstance(shown, CycleReport) else shown, flush=True)


def _print_json(shown: object) -> None:
    data: dict[str, object] = {"ok": getattr(shown, "ok", True), "summary": str(shown), "rows": []}
    if isinstance(shown, Report):
        data |= {"summary": shown.summary(), "rows": shown.to_dicts()}
    print(json_text.dumps(data, ensure_ascii=False), flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    try:
        # None: help was asked for.
        return app.meta(arguments, exit_on_error=False, print_error=False) or OK
    except TransientError as error:
        return _say(error, TRY_AGAIN)
    except BrokenPipeError:
        # The reader has seen enough. Python would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_OK
    except (CycloptsError, AvbcError, ValueError, OSError) as error:
        return _say(error, MUST_CHANGE)
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)


def _say(message: object, code: int) -> int:
    sys.stderr.write(f"avbc: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

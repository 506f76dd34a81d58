"""The command `avbc`: each command is one call of a method, and is made from it.

Options are the method's parameters, and the help is its docstring.
"""

from __future__ import annotations

import html
import inspect
import logging
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from inspect import isgenerator
from json import dumps
from pathlib import Path
from typing import Annotated, TypeAlias, cast, get_type_hints

import attrs

from avbc._version import __version__
from avbc.acctvantage import BooksFileError, ImportGateway, SqlGateway
from avbc.acctvantage.files.exports import is_of_quantities, layout_of
from avbc.acctvantage.files.replacing import replacing
from avbc.acctvantage.optional import LendsDatabase
from avbc.acctvantage.sql.staging import HandOver
from avbc.bigcommerce import (
    BigCommerce,
    Retries,
    ScopeMissing,
    StoreError,
    StoreUnreachable,
)
from avbc.bigcommerce.api_account import environment_credentials
from avbc.command.advice import ADVICE, COMMANDS, METHODS, PUSHES
from avbc.command.books import open_books, require_folder, without_password
from avbc.command.terminal import (
    INTERRUPTED,
    MUST_CHANGE,
    NOT_OK,
    OK,
    code_of,
    exit_code,
    logged,
    print_json,
    print_text,
    say,
)
from avbc.credentials import load_credentials
from avbc.documentation import see
from avbc.errors import AvbcError, FinalError, MissingExtra, TransientError
from avbc.orchestrator import ConnectionReport, Orchestrator
from avbc.orchestrator.engine.parts import NEEDS, Parts
from avbc.orchestrator.engine.progress import waiting_shown
from avbc.report import Report, counted
from avbc.settings import Settings
from avbc.stopping import ended_by
from avbc.text import quoted

try:
    from cyclopts import App, CycloptsError, Parameter, Token

    from avbc.command.mistakes import told
except ImportError:
    sys.stderr.write(f"avbc: {MissingExtra('the command needs cyclopts', 'cli')}\n")
    sys.exit(2)

_GIVEN = Parameter(parse=False)
Web: TypeAlias = Annotated[Orchestrator, _GIVEN]
Books: TypeAlias = Annotated[ImportGateway, _GIVEN]
Embedded: TypeAlias = Annotated[SqlGateway, _GIVEN]
SettingsFile: TypeAlias = Annotated[Path, _GIVEN]
Printing: TypeAlias = Annotated[Callable[[object], None], _GIVEN]

app = App(
    name="avbc",
    help="Join a BigCommerce store to the books of AcctVantage.",
    version=__version__,
    version_flags=("--version", "-V"),
    default_parameter=Parameter(negative=()),
    result_action="return_value",
)
push = App(name="push", help="Send the store what changed in the books.")
app.command(push)
app.meta.suppress_keyboard_interrupt = False


# Commands that are methods


_IDS = {"ids": "ORDER", "order_ids": "ORDER", "client_ids": "CLIENT"}
"""Parameters that take any number of ids, which are a command's arguments."""
_ORDERS = {"order_id", *(name for name, shown in _IDS.items() if shown == "ORDER")}
"""Parameters that name orders, by id or Import ID."""
_ASKING = set[object]()
"""Commands that begin with a question to the store."""
_WITHOUT_STORE = frozenset({"take_answers", "worklist", "history", "write_journal"})


def _whole(_: object, tokens: Sequence[Token]) -> int:
    # cyclopts rounds 1.5, which would be another client.
    return int(tokens[0].value)


_WHOLE = Parameter(converter=_whole)


def _made_of(
    method: Callable[..., object], help_of: Callable[..., object] | None = None, **fixed: object
) -> Callable[..., object]:
    """Make a command of a method of the orchestrator; only `progress` is no option of it."""
    hints = get_type_hints(method)
    parameters = [inspect.Parameter("web", inspect.Parameter.KEYWORD_ONLY, annotation=Web)]
    ids = ""
    for name, parameter in list(inspect.signature(method).parameters.items())[1:]:
        hint, kind = hints[name], parameter.kind
        if name in _IDS:
            kind_of_id = str if name in _ORDERS else Annotated[int, _WHOLE]
            ids, hint = name, Annotated[kind_of_id, Parameter(name=_IDS[name])]
            parameters.append(
                inspect.Parameter(name, inspect.Parameter.VAR_POSITIONAL, annotation=hint)
            )
        elif name not in {"progress", *fixed}:
            if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
                kind = inspect.Parameter.POSITIONAL_ONLY
            hint = {"folder": Path}.get(name, Annotated[int, _WHOLE] if hint is int else hint)
            if name in _ORDERS:
                hint = Annotated[str, Parameter(name="ORDER")]
            parameters.append(parameter.replace(annotation=hint, kind=kind))

    def command(*arguments: object, web: Orchestrator, **options: object) -> object:
        if ids:
            options[ids], arguments = arguments or None, ()
        return method(web, *arguments, **options, **fixed)

    parameters.sort(key=lambda parameter: parameter.kind)
    command.__doc__ = method.__doc__
    if help_of is not None:
        # Its own words, and the options of the method.
        options = (method.__doc__ or "").partition("Args:")[2]
        command.__doc__ = f"{(help_of.__doc__ or '').partition('Raises:')[0]}Args:{options}"
    named = {each.name: each.kind is inspect.Parameter.KEYWORD_ONLY for each in parameters}
    command.__doc__ = re.sub(
        r"`(\w+)`", lambda found: _typed(found[1], named) or found[0], command.__doc__ or ""
    )
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    # What inspect reads.
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return command


def _typed(name: str, named: Mapping[str, bool]) -> str:
    """Return a name of a docstring as it is typed; empty where it is no parameter or method.

    Args:
        name: The name.
        named: The command's parameters: whether each is an option.
    """
    if name in named:
        option = f"--{name.replace('_', '-')}"
        return option if named[name] else _IDS.get(name, name.upper())
    return f"`avbc {COMMANDS[name]}`" if name in COMMANDS else ""


for _method, _command in METHODS.items():
    _made = _made_of(getattr(Orchestrator, _method))
    app.command(_made, name=_command)
    if _method not in _WITHOUT_STORE:
        _ASKING.add(_made)

_preview = _made_of(Orchestrator.import_orders, Orchestrator.preview_orders, preview=True)
app.command(_preview, name="preview")
_ASKING.add(_preview)

for _method, _command in PUSHES.items():
    _made = _made_of(getattr(Orchestrator, _method))
    push.command(_made, name=_command.removeprefix("push "))
    _ASKING.add(_made)


# Commands of several calls


@push.default
def push_all(*, preview: bool = False, web: Web) -> Iterator[Report]:
    """Send all that the settings ask for: order statuses, shipments, products, quantities.

    Args:
        preview: Send nothing; the reports say what would be sent.
    """
    asked_for = [method for method in PUSHES if NEEDS[method].is_on(web.settings)]
    if not asked_for:
        rows = [f"{(need := NEEDS[name]).key} = {dumps(need.on)}" for name in PUSHES]
        raise FinalError(f"the settings ask for no push: set {', '.join(rows[:-1])} or {rows[-1]}")
    for method in asked_for:
        yield getattr(web, method)(preview=preview)


@app.command
def check(*, web: Web) -> Iterator[Report]:
    """Test the connection, then compare every name in the settings with the store and the books."""
    connection = web.test_connection()
    yield connection
    if _answers(connection):
        yield web.check_setup()


def _answers(connection: ConnectionReport) -> bool:
    """Whether the store answers: a look at its names would only fail once more, and later."""
    return not any(check.area in {"url", "token"} for check in connection.errors)


@app.command
def settle(
    what: Annotated[str, Parameter(name="WHAT")],
    /,
    *more: Annotated[str, Parameter(show=False)],
    web: Web,
) -> Iterator[object]:
    """Say that what waits for a person is handled; shows what still waits.

    Most items go by themselves when their cause goes. This is for those that cannot, such as a
    canceled order that was posted and reversed by hand. An item is back when it changes.

    Args:
        what: The number of an order, or the heading of an item of the worklist: all that is about
            it.
        more: The other words of the heading.
    """
    before = web.worklist()
    after = web.settle(" ".join((what, *more)))
    yield f"Settled {counted(len(set(before) - set(after)), 'item')}."
    yield after


@app.command
def load(file: Path, /, *, embedded: Embedded) -> str:
    """Load reference data, products, clients and quantities into the books.

    Args:
        file: A books.toml, or products or quantities as a .csv, by its columns: part_number,
            warehouse, quantity, or Part Number, Warehouse, Qty Real-Time On Hand. What it does not
            name stays as it is.
    """
    if file.suffix.lower() != ".csv":
        embedded.load(file)
        return f"Loaded {file}."
    if is_of_quantities(file):
        count = embedded.load_quantities(file, layout_of(file))
        return f"Loaded {file}: {counted(count, 'quantity', 'quantities')}."
    try:
        count = embedded.load_products(file, layout_of(file))
    except BooksFileError as error:
        if any(fault.key == "email" for fault in error.faults):
            raise FinalError(
                f"{error}\nA CSV holds products or quantities here. Clients are loaded from a TOML "
                f"file with a [[clients]] table for each ({see('books')})"
            ) from error
        raise
    return f"Loaded {file}: {counted(count, 'product')}."


@app.command
def hand_over_earlier_orders(
    to: HandOver,
    *import_ids: Annotated[str, Parameter(name="IMPORT-ID")],
    embedded: Embedded,
) -> str:
    """Decide what becomes of orders that came in before AcctVantage could pick them up.

    Args:
        to: `pick_up` offers them to AcctVantage; `journal` leaves them to the journal files;
            `entered` says that AcctVantage has them already.
        import_ids: Of these orders, or of all that are undecided. One that is decided stays.
    """
    count = embedded.hand_over_earlier_orders(to, import_ids or None)
    return f"{counted(count, 'order')} decided: {to}."


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
        raise FinalError(
            f"{settings_file} is there already, and init overwrites no file: give --settings "
            "another name, or move it away"
        )
    account = load_credentials(credentials_file) if credentials_file else environment_credentials()
    named = None if write_secrets else credentials_file
    with BigCommerce(account.api_url, account.access_token) as store:
        with suppress(ScopeMissing):
            account = attrs.evolve(account, name=store.information().name)
        settings = Settings.suggest(account, Parts(books).importing.reference_data(), named)
        with Orchestrator(settings, books, store=store) as web:
            report = web.check_setup()
    settings.create(settings_file, rows=report.toml, secrets=write_secrets)
    yield report
    yield f"Wrote {settings_file}, with these rows: read each line, then call check_setup()."


@app.command
def run(*, web: Web, show: Printing) -> None:
    web.run(on_report=show)


run.__doc__ = Orchestrator.run.__doc__


@app.command
def page(file: Path = Path("avbc.html"), /, *, days: Annotated[int, _WHOLE] = 30, web: Web) -> str:
    written = web.page(file, days=days)
    ADVICE.options = [html.escape(each) for each in ADVICE.options]
    text = ADVICE.in_text(written.read_text(encoding="utf-8"))
    with replacing(written) as target:
        target.write(text)
    return f"Wrote {written}."


page.__doc__ = Orchestrator.page.__doc__


@app.command
def demo() -> Iterator[object]:
    """Run the main job from end to end, on a store and books of its own: no account is needed."""
    from avbc.testing import quickstart  # noqa: PLC0415  # no other command needs the fake store

    # Its books are not those that were given.
    ADVICE.options = ()
    return quickstart.shown()


# The command line


@app.meta.default
def _launch(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    settings: Annotated[Path, Parameter(env_var="AVBC_SETTINGS")] = Path("avbc.toml"),
    books: Annotated[str, Parameter(env_var="AVBC_BOOKS", show_default=False)] = "",
    journal: Annotated[str, Parameter(env_var="AVBC_JOURNAL", show_default=False)] = "",
    json: bool = False,
) -> int:
    """Run a command with what it works on.

    Args:
        settings: The settings file.
        books: The database URL of the books, such as sqlite:///books.db. One with a password
            belongs in the environment: others see the command line. For books of your own, what
            makes them: package.module:function.
        journal: The database URL of the journal; by default it is in the books' database. Books of
            your own need one.
        json: Print one line of JSON: ok, summary, rows. `run` prints one for each cycle.
    """
    ADVICE.options = _repeated(settings=str(settings), books=books, journal=journal)
    command, bound, needs = app.parse_args(tokens)
    show = print_json if json else print_text
    with ExitStack() as stack:
        stack.enter_context(logged(logging.ERROR if command is run else logging.WARNING))
        given: dict[str, object] = {"show": show, "settings_file": settings}
        if not {"web", "books", "embedded"}.isdisjoint(needs):
            gateway = open_books(books, stack, is_made=command is load)
            given |= {"books": gateway, "embedded": gateway}
            if "embedded" in needs and not isinstance(gateway, SqlGateway):
                raise FinalError(
                    f"the books {quoted(books)} are your own: this is for SqlGateway alone"
                )
        if "web" in needs:
            gateway = cast("ImportGateway", given["books"])
            if not (journal or isinstance(gateway, LendsDatabase)):
                raise FinalError(
                    "books of your own need a journal: give --journal or AVBC_JOURNAL its database "
                    "URL, such as sqlite:///journal.db"
                )
            require_folder(journal, "journal")
            if not settings.exists():
                raise FinalError(
                    f"there is no settings file {settings}: correct --settings or AVBC_SETTINGS, "
                    "or write a first one with `avbc init`"
                )
            loaded = Settings.load(settings)
            if command is run and loaded.store.enabled:
                # What the store or the books lack may come, and so may another token.
                loaded.require_access_token()
            try:
                web = stack.enter_context(Orchestrator(loaded, gateway, journal=journal or None))
            except TypeError as error:
                raise FinalError(f"the books {quoted(books)} are no books: {error}") from error
            given["web"] = web
        bound.arguments.update({name: given[name] for name in needs})
        stopped = stack.enter_context(_stopping(given, needs, command))
        if command in _ASKING:
            _ask_store(cast("Orchestrator", given["web"]))
        codes = _shown(lambda: command(*bound.args, **bound.kwargs), show)
        if stopped and command is not run:
            return INTERRUPTED
        # Rows that only a person can fill in are no failure, nor are the examples of one, nor what
        # still waits when an item is settled.
        return OK if command in (init, demo, settle) else max(codes)


def _repeated(**given: str) -> list[str]:
    """Return the options that a command to type must repeat: the environment has the others."""
    options: list[str] = []
    for name, value in given.items():
        default = "avbc.toml" if name == "settings" else ""
        if value != os.environ.get(f"AVBC_{name.upper()}", default):
            shown = value if name == "settings" else without_password(value)
            quoted = subprocess.list2cmdline([shown]) if os.name == "nt" else shlex.quote(shown)
            options.append(f"--{name} {quoted}")
    return options


def _shown(call: Callable[[], object], show: Callable[..., None]) -> list[int]:
    """Show what a command returns; returns the exit codes."""
    shown: list[object] = []
    codes = [OK]
    try:
        result = call()
        # Of several, each is shown when it is there. In JSON they are one document.
        for each in cast("Iterator[object]", result) if isgenerator(result) else [result]:
            if each is not None:
                if show is print_text:
                    print(end="\n" if shown else "")
                    show(each)
                shown.append(each)
                codes.append(exit_code(each))
    except (AvbcError, OSError, ValueError) as error:
        if show is print_text or not shown:
            raise
        shown.append(error)
        codes.append(code_of(error))
    if shown and show is print_json:
        show(*shown)
    return codes


_FIRST = Retries(attempts=3, patience=10)
"""How patient the first question is: a person waits for its answer."""


def _ask_store(web: Orchestrator) -> None:
    """Find out soon that no store answers; what else it says is for the command to report.

    Raises:
        StoreUnreachable: No answer came, also when it was asked again.
    """
    store = web.store.with_options(timeout=3, retries=_FIRST)
    with waiting_shown("Connecting to the store"):
        try:
            store.time()
        except StoreUnreachable:
            raise
        except StoreError:
            pass


_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def _stopping(
    given: dict[str, object], needs: Iterable[str], command: object
) -> Generator[list[int]]:
    """Have Ctrl-C or SIGTERM end a command after the order in hand; a second one ends it at once.

    The timer has its own way to end. What comes after that changes nothing, until `main` ends.
    """
    received: list[int] = []
    if "web" not in needs or not _is_main_thread():
        yield received
        return
    stop = cast("Orchestrator", given["web"]).stop_request

    def ask(number: int, _: object) -> None:
        received.append(number)
        if command is not run:
            signal.signal(number, before[signal.Signals(number)])
        stop.ask()

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, ask)
    if command is run:
        yield received
        return
    with stop.listening(), ended_by(stop):
        try:
            yield received
        except TransientError:
            if received:
                raise KeyboardInterrupt from None
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _signals_of(arguments: Sequence[str] | None) -> Generator[None]:
    """Restore the handlers of signals; where the process ends, ignore what the timer took over."""
    if not _is_main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is not handler:
                # Python gives back its own handlers before the process is gone.
                signal.signal(number, signal.SIG_IGN if arguments is None else handler)


def _is_main_thread() -> bool:
    """Whether handlers can be set."""
    return threading.current_thread() is threading.main_thread()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    is_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    ADVICE.options = ()
    try:
        with _signals_of(arguments):
            # None: help was asked for.
            return app.meta(arguments, exit_on_error=False, print_error=False) or OK
    except BrokenPipeError:
        # The reader has seen enough. Python would complain of it once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_OK
    except CycloptsError as error:
        pushes = [name for name in push if not name.startswith("-")]
        return say(told(error, pushes), MUST_CHANGE, is_json=is_json)
    except (AvbcError, ValueError, OSError) as error:
        return say(str(error), code_of(error), is_json=is_json)
    except KeyboardInterrupt:
        return say("interrupted", INTERRUPTED, is_json=is_json)

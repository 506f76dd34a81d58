"""The command `avbc`: in this process against a store on loopback, and stopped as a process."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import shlex
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import attrs
import pytest

import avbc
from avbc.__main__ import main
from avbc.command import app as commands_of
from avbc.command.advice import ADVICE
from avbc.command.app import app, push
from avbc.command.terminal import INTERRUPTED, MUST_CHANGE, NOT_OK, OK, TRY_AGAIN, exit_code, logged
from avbc.documentation import see
from avbc.errors import FinalError, TransientError
from avbc.orchestrator.cycle import SCHEDULE
from avbc.testing import FakeStore, example

COMMANDS = {
    "capture-payments",
    "check",
    "demo",
    "explain",
    "export-clients",
    "follow",
    "hand-over-earlier-orders",
    "history",
    "import",
    "import-refunds",
    "init",
    "load",
    "page",
    "preview",
    "pull",
    "push",
    "reconcile",
    "register-webhooks",
    "run",
    "settle",
    "take-answers",
    "worklist",
    "write-journal",
}
SOURCES = Path(avbc.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
UNITS = Path(__file__).parents[1] / "examples" / "one_store"
ORDERS = 12
CANCELED = 5


def texts_of(source: Path) -> Iterator[str]:
    """The texts of a module that may be shown, with 1042 for each value."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""  # a docstring
        elif isinstance(node, ast.JoinedStr):
            parts = [each for each in node.values if isinstance(each, ast.Constant)]
            yield "".join(
                str(getattr(each, "value", "")) if each in parts else "1042" for each in node.values
            )
            for part in parts:
                part.value = ""  # it is no text of its own
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


METHODS = {name for name in dir(avbc.Orchestrator) if not name.startswith("_")}
# Python alone has what these are for.
METHODS -= {"accept_webhook", "act_on_webhook", "close", "stop", "use"}
METHODS |= {job.method for job in SCHEDULE}


def python_in(text: str) -> list[str]:
    """The names of Python in a text, of which who types commands knows nothing."""
    named = "|".join(name for name in METHODS if "_" in name)
    return re.findall(
        rf"(?<![\w.])(?:{'|'.join(METHODS)})\(|\b\w+=(?:True|False|\.\.\.)|"
        rf"\b(?:Orchestrator|SqlGateway|web|books)\.\w+\(|SqlGateway\.load|"
        rf"(?<![\w.`'])(?:{named})\b(?!:| ?=|\.\w)",
        text,
    )


@pytest.mark.parametrize("method", [job.method for job in SCHEDULE])
def test_a_failed_job_is_named_as_it_is_typed(method: str) -> None:
    """Its name is put into the text when it fails."""
    fix = ADVICE.in_text(f"Correct it. The next {method}() does what waits.")
    (command,) = re.findall(r"`avbc ([^`]*)`", fix)
    assert app.parse_commands(command.split())[0]
    assert not python_in(fix + ADVICE.in_text(f"{method} failed: no such table"))


def test_all_advice_is_a_command_that_is_there() -> None:
    """Whatever the library says to call, the command says how to type, and it can be typed."""
    commands = set()
    for source in SOURCES.rglob("*.py"):
        is_of_tests = "testing" in source.parts and source.name != "quickstart.py"
        if source.name != "advice.py" and not is_of_tests:
            for text in filter(lambda text: " " in text, texts_of(source)):
                told = ADVICE.in_text(text)
                assert not python_in(told), (source, told)
                if source.parent.name != "command":
                    commands |= {*re.findall(r"`(avbc [^`]*)`", told)}
    assert "avbc import 1042" in commands
    assert "avbc settle 1042" in commands
    assert "avbc import-refunds --since DAY" in commands
    for command in commands:
        tokens = command.replace("DAY", "2026-01-31").replace("TO", "journal").split()[1:]
        names, _, given = app.parse_commands(tokens)
        assert names, command
        if given:
            app.parse_args(tokens, exit_on_error=False, print_error=False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Call import_order(7).", "Run `avbc import 7`."),
        ("the next follow_orders() updates it", "the next `avbc follow` updates it"),
        ("Then call follow_orders([7]).", "Then run `avbc follow 7`."),
        ("with preview=True first", "with --preview first"),
        ("set gl.import_refunds = true and wait", "set gl.import_refunds = true and wait"),
        ("push_inventory: sent 1, unchanged 2.", "push_inventory: sent 1, unchanged 2."),
        ("import_orders", "import_orders"),
        ("in the books (SqlGateway.load_products)", "in the books (`avbc load FILE`)"),
        (
            "in the books (SqlGateway.load_clients), and",
            "in the books (`avbc load FILE`, a TOML file with [[clients]]), and",
        ),
        ("to the books (SqlGateway.load). The next", "to the books (`avbc load FILE`). The next"),
    ],
)
def test_advice_is_what_is_typed(text: str, told: str) -> None:
    assert ADVICE.in_text(text) == told


def test_what_is_only_mentioned_repeats_no_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ADVICE, "options", ["--books my.books:make"])
    told = ADVICE.in_text("take_answers needs StagingGateway. Then call settle(7).")
    assert told == (
        "`avbc take-answers` needs StagingGateway. Then run `avbc settle 7 --books my.books:make`."
    )


@attrs.frozen
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Terminal = Callable[..., Said]


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture
def api_url(store: FakeStore) -> Iterator[str]:
    with store.serve() as served:
        yield served.api_url


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory, books_toml: Path) -> Path:
    """Books that were filled once, to be copied."""
    path = tmp_path_factory.mktemp("loaded") / "books.db"
    with avbc.SqlGateway(f"sqlite:///{path}") as books:
        books.load(books_toml)
    return path


@pytest.fixture
def folder(tmp_path: Path, api_url: str, loaded: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with settings and books, named in the environment."""
    shutil.copy(loaded, tmp_path / "books.db")
    avbc.Settings.from_dict(example.settings_dict(api_url)).save(tmp_path / "avbc.toml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AVBC_BOOKS", "sqlite:///books.db")
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "example-token")
    monkeypatch.delenv("AVBC_SETTINGS", raising=False)
    return tmp_path


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    def run(*arguments: str) -> Said:
        code = main(arguments)
        said = Said(code, *capsys.readouterr())
        assert "Traceback" not in said.err
        assert "example-token" not in said.out + said.err
        return said

    return run


def test_every_command_has_the_help_of_its_method(terminal: Terminal) -> None:
    assert {name for name in app if not name.startswith("-")} == COMMANDS
    for command in COMMANDS:
        said = terminal(command, "--help")
        assert said.code == OK
        assert f"Usage: avbc {command}" in said.out
        assert "AVBC_SETTINGS" in said.out
        assert not python_in(" ".join(said.out.replace("│", " ").split()))
    words = " ".join(terminal("import", "--help").out.replace("│", " ").split())
    assert "Import the orders that have the New Order Status" in words
    assert "With ORDER, a period or --retry-errors it takes other orders" in words
    assert "--progress" not in words
    assert {name for name in push if not name.startswith("-")} == {
        "inventory",
        "order-statuses",
        "products",
        "shipments",
    }


def test_a_day(terminal: Terminal, folder: Path, store: FakeStore) -> None:
    orders = example.populate(store, orders=ORDERS)
    first = str(orders[0].id)
    checked = terminal("check", "--json")
    assert checked.code == OK
    assert [report["ok"] for report in checked.reports] == [True]
    found = {row["item"]: row["found"] for row in checked.reports[0]["rows"]}
    token = found["store.access_token"]
    assert token == "accepted; it is from AVBC_ACCESS_TOKEN (the environment)"
    assert "gl.tax_area" in found
    preview = terminal("preview", "--json")
    assert len(preview.reports[0]["rows"]) == ORDERS
    assert terminal("import", first).out.startswith("Imported 1 order.")
    imported = terminal("import")
    assert (imported.code, imported.err) == (OK, "")
    assert f"Imported {ORDERS - 1} orders." in imported.out
    assert "WEB" + first in terminal("explain", first).out
    for command in ("explain", "history"):
        for import_id in ("WEB" + first, "web" + first):
            assert terminal(command, import_id).out == terminal(command, first).out
    assert "unchanged 1" in terminal("follow", "WEB" + first).out
    assert terminal("history", first, "--json").reports[0]["rows"][0]["outcome"] == "imported"
    assert terminal("reconcile", "2026-01-01").code == OK
    pushed = terminal("push", "--preview", "--json")
    assert pushed.code == OK
    (report,) = pushed.reports
    assert [line.split(" (")[0] for line in report["summary"].splitlines()] == [
        "push_order_statuses",
        "push_shipments",
        "push_products",
        "push_inventory",
    ]
    assert terminal("push", "inventory", "--full", "--json").reports[0]["rows"]
    assert terminal("worklist").code == OK
    store.edit_order(orders[0].id, status_id=CANCELED)
    followed = terminal("follow", first)
    assert followed.code == NOT_OK
    assert f"`avbc settle {first}`" in re.sub(r"\s+", " ", followed.out)
    waiting = terminal("worklist", "--json")
    assert waiting.code == NOT_OK
    (item,) = waiting.reports[0]["rows"]
    assert item["import_id"] == "WEB" + first
    assert f"run `avbc settle {first}`" in item["fix"]
    assert f"`avbc settle {first}`" in " ".join(terminal("worklist").out.split())
    terminal("page")
    assert f"`avbc settle {first}`" in Path("avbc.html").read_text(encoding="utf-8")
    # Python keeps its own words.
    with avbc.SqlGateway("sqlite:///books.db") as books:
        items = avbc.Orchestrator(avbc.Settings.load("avbc.toml"), books).worklist()
    assert f"call settle({first})" in items.items[0].fix
    assert terminal("settle", first).code == OK


def test_a_refused_order_is_imported_once_its_cause_is_gone(
    terminal: Terminal, folder: Path, store: FakeStore
) -> None:
    (order,) = store.add_orders([avbc.testing.order_of_shape("unknown_sku")])
    refused = terminal("import", "--json")
    assert refused.code == NOT_OK
    (row,) = refused.reports[0]["rows"]
    assert (row["result"], row["problems"][0]["code"]) == ("refused", "sku_unknown")
    Path("more.toml").write_text(
        'products = [{ part_number = "NO-SUCH-SKU", name = "Old mug", '
        'product_class = "Goods", list_price = "9.95", sell_price = "8.95" }]\n'
    )
    assert terminal("load", "more.toml").out == "Loaded more.toml.\n"
    assert terminal("import", "--retry-errors").code == OK
    assert store.order(order.id).header["status_id"] != CANCELED


@pytest.mark.parametrize("books", ["sqlite:///other.db", "pasted_books:make"])
def test_a_command_to_type_repeats_what_this_one_was_given(
    terminal: Terminal, folder: Path, store: FakeStore, books: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It works when it is pasted: with the same settings and books."""
    monkeypatch.delenv("AVBC_BOOKS")
    Path("avbc.toml").rename("the other.toml")
    Path("books.db").rename("other.db")
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("pasted_books.py").write_text(
        'import avbc\ndef make():\n    return avbc.SqlGateway("sqlite:///other.db")\n'
    )
    given = ["--settings", "the other.toml", "--books", books]
    store.add_orders([avbc.testing.order_of_shape("unknown_sku")])
    assert terminal("import", *given).code == NOT_OK
    (item,) = terminal("worklist", *given, "--json").reports[0]["rows"]
    load, again = re.findall(r"`avbc ([^`]+)`", item["fix"])
    assert load == f"load FILE --settings 'the other.toml' --books {books}"
    Path("more.csv").write_text("part_number,name,product_class\nNO-SUCH-SKU,Old mug,Goods\n")
    assert terminal(*shlex.split(load.replace("FILE", "more.csv"))).code == OK
    assert terminal(*shlex.split(again)).out.startswith("Imported 1 order.")


def test_a_command_to_type_has_no_password(terminal: Terminal, folder: Path) -> None:
    terminal("worklist", "--books", "postgresql://avbc:geheim@127.0.0.1:1/books?password=geheim")
    told = ADVICE.in_text("Then call settle(7).")
    assert told == "Then run `avbc settle 7 --books 'postgresql://avbc:***@127.0.0.1:1/books'`."
    terminal("worklist")
    assert ADVICE.in_text("Then call settle(7).") == "Then run `avbc settle 7`."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nonsense"], 'Unknown command "nonsense". `avbc --help` lists what can be given.'),
        (["imprt"], 'Unknown command "imprt". Did you mean "import"? `avbc --help` lists'),
        (["explain"], "`avbc explain` needs ORDER. `avbc explain --help` lists what can be given."),
        (["reconcile"], "`avbc reconcile` needs SINCE: a day, such as 2026-01-31."),
        (["page", "--days"], "--days needs a whole number, such as 7. `avbc page --help` lists"),
        (["worklist", "--settings"], "--settings needs a value. `avbc --help` lists"),
        (["import", "mug"], "give its number in BigCommerce, such as 1042, or its Import ID"),
        (
            ["explain", "XYZ1002"],
            "'XYZ1002' is no order of this store, whose code is WEB",
        ),
        (
            ["export-clients", "Bob"],
            "CLIENT: 'Bob' must be a whole number, such as 7. `avbc export",
        ),
        (["export-clients", "1.5"], "CLIENT: '1.5' must be a whole number, such as 7."),
        (["page", "--days", "1.5"], "--days: '1.5' must be a whole number, such as 7."),
        (["page", "--days", "3", "--days", "4"], "--days is given more than once: give it once."),
        (["push", "--preview=maybe"], "--preview: 'maybe' must be true or false."),
        (["hand-over-earlier-orders", "x"], "TO: 'x' must be one of pick_up, journal, entered."),
        (["page", "."], ". is a folder: name a file in it"),
        (
            ["import", "--since", "yesterday"],
            "--since: 'yesterday' must be a day, such as 2026-01-",
        ),
        (["push", "stuff"], "Give one of order-statuses, shipments, products, inventory."),
        (["push", "product"], "`avbc push` takes no 'product': did you mean products? Give one of"),
        (["run", "extra"], "`avbc run` takes no 'extra'. `avbc run --help` lists"),
        (["worklist", "--all"], "`avbc worklist --help` lists what can be given."),
        (["import", "7", "--since", "2026-01-02"], "one of them"),
        (["explain", "0"], "0 is not an id"),
        (["worklist", "--settings", "gone.toml"], "there is no settings file gone.toml"),
        (["worklist", "--books", ""], "give --books or AVBC_BOOKS"),
        (["worklist", "--books", "mybooks"], "package.module:function"),
        (["worklist", "--books", "mybooks:"], "neither a database URL nor a function"),
        (["worklist", "--books", ":open_books"], "neither a database URL nor a function"),
        (["worklist", "--books", "mybooks:my books"], "neither a database URL nor a function"),
        (["worklist", "--books", "//books.db"], "neither a database URL nor a function"),
        (["worklist", "--books", "books://x"], "SQLite or PostgreSQL"),
        (["load", "books.toml", "--books", "sqlite:///gone/b.db"], "there is no folder"),
        (["worklist", "--journal", "sqlite:///gone/j.db"], "--journal or AVBC_JOURNAL"),
        (["load", "gone.toml"], "gone.toml"),
        (["page", "--days", "0"], "from 1 to 366"),
        (["page", "gone/avbc.html"], "avbc: gone is no folder: create it first"),
        (["page", "avbc.toml/avbc.html"], "avbc.toml is no folder: it is a file, so name a folder"),
        (["write-journal", "gone"], "avbc: gone is no folder: create it first"),
        (["write-journal", "avbc.toml"], "avbc.toml is no folder: it is a file, so name a folder"),
    ],
)
def test_an_error_is_one_message(
    terminal: Terminal, folder: Path, arguments: list[str], message: str
) -> None:
    said = terminal(*arguments)
    assert said.code == MUST_CHANGE
    assert message in " ".join(said.err.replace("│", " ").split())
    assert said.out == ""


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version_is_printed(terminal: Terminal, flag: str) -> None:
    assert terminal(flag) == Said(OK, f"{avbc.__version__}\n", "")


def test_a_fault_that_a_job_finds_is_told_by_file_and_line(
    terminal: Terminal, folder: Path, store: FakeStore
) -> None:
    """As the faults that the file itself shows are."""
    example.populate(store, orders=1)
    assert terminal("import").code == OK
    for key, value, command in (
        ("push_shipments", "false", ["push", "shipments"]),
        ("new_order_status", '"Nonesuch"', ["import"]),
        ("import_source_code", '"OLD"', ["import"]),
    ):
        path = folder / f"{key}.toml"
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", Path("avbc.toml").read_text())
        path.write_text(text)
        line = text.splitlines().index(f"{key} = {value}") + 1
        said = terminal(*command, "--settings", path.name)
        assert said.code == MUST_CHANGE
        assert re.match(rf"avbc: {path.name} has 1 fault:\n  line {line}, \w+\.{key}: ", said.err)


def test_a_fault_of_the_environment_is_not_one_of_the_file(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "two words")
    said = terminal("worklist")
    assert said.code == MUST_CHANGE
    assert said.err.startswith(
        "avbc: the environment has 1 fault:\n  AVBC_ACCESS_TOKEN: must be one word"
    )
    text = Path("avbc.toml").read_text()
    Path("avbc.toml").write_text(re.sub(r"(?m)^tax_area = .*$", 'tax_area = ""', text))
    said = terminal("worklist")
    assert said.err.startswith("avbc: avbc.toml and the environment have 2 faults:\n  line ")


def test_nothing_to_push(terminal: Terminal, folder: Path, api_url: str) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(api_url))
    off = attrs.evolve(settings.order_status, updates="off", mapping=())
    none = attrs.evolve(
        settings.shipping,
        push_shipments=False,
        sync_product_details=False,
        sync_inventory_levels=False,
    )
    attrs.evolve(settings, order_status=off, shipping=none).save("off.toml")
    said = terminal("push", "--settings", "off.toml")
    assert said.code == MUST_CHANGE
    for row in ('order_status.updates = "push"', "shipping.push_shipments = true"):
        assert row in said.err
    said = terminal("push", "shipments", "--settings", "off.toml")
    assert said.code == MUST_CHANGE
    assert "shipping.push_shipments: is false" in said.err


def test_a_first_push_sends_the_quantities_of_new_products(
    terminal: Terminal, folder: Path, store: FakeStore
) -> None:
    pushed = terminal("push", "--json")
    (report,) = pushed.reports
    assert "push_inventory: sent 12." in report["summary"]
    assert [row["key"] for row in report["rows"] if row["result"] == "refused"] == [
        "EBOOK-01",
        "PATTERN-1",
    ]


@pytest.mark.usefixtures("folder")
def test_what_may_pass_is_worth_trying_again(terminal: Terminal) -> None:
    url = "postgresql://avbc@127.0.0.1:1/books"
    said = terminal("worklist", "--books", url)
    assert said.code == TRY_AGAIN
    assert "127.0.0.1" in said.err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("history", "nothing is known of order 999999"),
        ("explain", "the store has no order 999999"),
        ("import", "The store lists no order 999999"),
        ("follow", "The books have no order WEB999999"),
    ],
)
def test_an_order_that_is_not_there_has_one_exit_code(
    terminal: Terminal, command: str, message: str
) -> None:
    said = terminal(command, "999999")
    assert said.code == NOT_OK
    assert message in " ".join((said.out + said.err).split())


@pytest.mark.usefixtures("folder")
def test_an_error_is_json_where_that_is_asked_for(terminal: Terminal) -> None:
    for arguments in (["nonsense"], ["explain", "0"], ["worklist", "--books", ""]):
        said = terminal(*arguments, "--json")
        (report,) = said.reports
        assert (said.code, said.err, report["ok"], report["rows"]) == (MUST_CHANGE, "", False, [])
        assert report["summary"]


def test_a_refused_token_says_where_it_is_from(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "stale")
    said = terminal("explain", "7")
    assert said.code == MUST_CHANGE
    assert said.err.endswith("The token is from AVBC_ACCESS_TOKEN (the environment).\n")
    said = terminal("check")
    assert said.code == NOT_OK
    assert "AVBC_ACCESS_TOKEN" in said.out
    assert terminal("import").code == MUST_CHANGE
    (item,) = [
        row
        for row in terminal("worklist", "--json").reports[0]["rows"]
        if row["code"] == "run_failed"
    ]
    assert "which is from AVBC_ACCESS_TOKEN" in item["message"]
    assert "`avbc check` says whether it works" in item["fix"]
    assert terminal("settle", "store.access_token").code == OK


@pytest.mark.usefixtures("folder")
def test_what_has_no_order_is_settled_by_its_heading(terminal: Terminal, api_url: str) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(api_url))
    moon = attrs.evolve(settings.shipping, warehouse="Moon")
    attrs.evolve(settings, shipping=moon).save("moon.toml")
    assert terminal("import", "--settings", "moon.toml").code == MUST_CHANGE
    heading, _ = terminal("worklist").out.splitlines()[2].split(", since")
    assert heading == "import_orders:shipping.warehouse"
    terminal("page")
    assert heading in Path("avbc.html").read_text(encoding="utf-8")
    assert terminal("settle", heading).out == "Settled 1 item.\n\nNothing waits for a person.\n"
    for arguments in (["check_setup"], ["warehouse", "x"], ["0"]):
        said = terminal("settle", *arguments)
        assert said.code == MUST_CHANGE
        assert f"nothing about '{' '.join(arguments)}' is on the worklist: `avbc" in said.err
    assert "'check_setup' is no order" in terminal("explain", "check_setup").err


@pytest.mark.usefixtures("folder")
def test_what_is_settled_is_said(terminal: Terminal, store: FakeStore) -> None:
    """Also where other items wait: a script sees by the exit code that this one is settled."""
    factory = avbc.testing.OrderFactory()
    shapes = [avbc.testing.order_of_shape("unknown_sku", factory) for _ in range(2)]
    first, second = (order.id for order in store.add_orders(shapes))
    assert terminal("import").code == NOT_OK
    said = terminal("settle", str(first))
    assert said.code == OK
    assert said.out.startswith("Settled 1 item.\n\n1 item waits for a person.\n")
    (report,) = terminal("settle", str(second), "--json").reports
    assert report["summary"] == "Settled 1 item.\nNothing waits for a person."
    assert terminal("settle", str(second)).code == MUST_CHANGE


BOOKS_MODULE = """
import avbc
from avbc.testing import MemoryGateway

def make():
    with avbc.SqlGateway("sqlite:///books.db") as filled:
        own = MemoryGateway(filled.reference_data())
        own.add_products(filled.products())
        return own

nothing = 1
"""


@pytest.fixture
def own_books(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Books of one's own, in a module of the folder."""
    Path("own_books.py").write_text(BOOKS_MODULE, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("AVBC_BOOKS", "own_books:make")
    yield
    sys.modules.pop("own_books", None)


@pytest.mark.usefixtures("own_books")
def test_books_of_ones_own(
    terminal: Terminal, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_orders(list(example.plain_orders(2)))
    said = terminal("import")
    assert said.code == MUST_CHANGE
    assert "give --journal or AVBC_JOURNAL" in said.err
    monkeypatch.setenv("AVBC_JOURNAL", "sqlite:///journal.db")
    assert terminal("import").out.startswith("Imported 2 orders.")
    assert terminal("history", "1001", "--json").reports[0]["rows"]
    assert "are your own" in terminal("load", "more.toml").err
    store.add_orders([avbc.testing.order_of_shape("unknown_sku")])
    refused = " ".join(terminal("import").out.split())
    assert "Create the product in AcctVantage and in the books, or correct" in refused
    (Path.cwd() / "bad_books.py").write_text(
        "import avbc\nclass Half(avbc.ImportGateway): pass\ndef fails(): raise RuntimeError('no')\n"
        "def asks(what): pass\ndef none(): return None\n"
    )
    (Path.cwd() / "worse_books.py").write_text("def (")
    gone = ["own_books:gone", "no_such_module:make", "own_books:nothing", "worse_books:make"]
    bad = [f"bad_books:{name}" for name in ("Half", "fails", "asks", "none")]
    for books in (*gone, *bad):
        said = terminal("worklist", "--books", books)
        assert said.code == MUST_CHANGE, books
        assert books in said.err
        assert len(said.err.splitlines()) < 5


@pytest.mark.usefixtures("own_books")
def test_books_that_return_something_else(
    terminal: Terminal, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    with Path("own_books.py").open("a", encoding="utf-8") as module:
        module.write(
            "class Odd(MemoryGateway):\n    def order_sources(self):\n        return {'WEB'}\n"
        )
    monkeypatch.setenv("AVBC_JOURNAL", "sqlite:///journal.db")
    monkeypatch.setenv("AVBC_BOOKS", "own_books:Odd")
    says = "Odd.order_sources returned a set that holds a str, and must return frozenset[tuple["
    for arguments in (["import"], ["history", "7"], ["check"]):
        said = terminal(*arguments)
        assert said.code == MUST_CHANGE
        assert said.err.startswith(f"avbc: {says}")
        assert len(said.err.splitlines()) <= 2
        (report,) = terminal(*arguments, "--json").reports
        assert not report["ok"]
        assert says in report["summary"]


@pytest.mark.usefixtures("own_books")
@pytest.mark.parametrize(
    ("error", "code"), [("KeyError('x')", MUST_CHANGE), ("ConnectionError('down')", TRY_AGAIN)]
)
def test_books_that_raise(
    terminal: Terminal, store: FakeStore, monkeypatch: pytest.MonkeyPatch, error: str, code: int
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    with Path("own_books.py").open("a", encoding="utf-8") as module:
        module.write(
            f"class Odd(MemoryGateway):\n    def order_sources(self):\n        raise {error}\n"
        )
    monkeypatch.setenv("AVBC_JOURNAL", "sqlite:///journal.db")
    monkeypatch.setenv("AVBC_BOOKS", "own_books:Odd")
    said = terminal("import")
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith("avbc: Odd.order_sources, line ")
    assert "Traceback" not in said.err
    (report,) = terminal("import", "--json").reports
    assert not report["ok"]
    assert "Odd.order_sources" in report["summary"]


@pytest.mark.parametrize("command", ["worklist", "import", "page", "history"])
def test_books_that_are_not_there_say_nothing(
    terminal: Terminal, folder: Path, command: str
) -> None:
    arguments = ["7"] if command == "history" else []
    said = terminal(command, *arguments, "--books", "sqlite:///bookz.db")
    assert (said.code, said.out) == (MUST_CHANGE, "")
    assert f"there are no books at {folder / 'bookz.db'}" in said.err
    assert not (folder / "bookz.db").exists()


def test_products_load_from_an_export(terminal: Terminal, folder: Path) -> None:
    (folder / "products.csv").write_text(
        "part_number,name,product_class,list_price,sell_price,kind\n"
        "CUP-9,Cup,Goods,9.95,8.95,inventory\n"
    )
    assert terminal("load", "products.csv").out == "Loaded products.csv: 1 product.\n"


@pytest.mark.parametrize(
    "header", ["part_number,warehouse,quantity", "Warehouse;Part Number;Qty Real-Time On Hand;ABC"]
)
def test_quantities_load_from_a_csv(terminal: Terminal, folder: Path, header: str) -> None:
    rows = ["mug-blue,Main,7", "TOWEL-ST,Main,0"]
    if header.startswith("W"):
        rows = ["Main;mug-blue;7;A", "Main;TOWEL-ST;0;B"]
    (folder / "on hand.csv").write_text("\n".join([header, *rows]))
    assert terminal("load", "on hand.csv").out == "Loaded on hand.csv: 2 quantities.\n"
    with avbc.SqlGateway(f"sqlite:///{folder / 'books.db'}") as books:
        found = books.available("Main", ["MUG-BLUE", "TOWEL-ST"])
    assert found == {"MUG-BLUE": 7, "TOWEL-ST": 0}


def test_faults_of_quantities_are_listed_at_once(terminal: Terminal, folder: Path) -> None:
    (folder / "stock.csv").write_text(
        "part_number,warehouse,quantity\nMUG-BLUE,Mane,1\nNO-SUCH,Main,2\nMUG-RED,Main,many\n"
    )
    said = terminal("load", "stock.csv")
    assert said.code == MUST_CHANGE
    assert re.findall(r"line \d, \w+", said.err) == [
        "line 2, warehouse",
        "line 3, part_number",
        "line 4, quantity",
    ]
    assert "did you mean Main?" in said.err
    (folder / "stock.csv").write_text("part_number,quantity\nMUG-BLUE,1\n")
    assert "warehouse: is a column that must be there" in terminal("load", "stock.csv").err


def test_products_load_from_a_file_in_the_words_of_acctvantage(
    terminal: Terminal, folder: Path
) -> None:
    (folder / "export.csv").write_text("Part Number,Name,Product Class\nCUP-8,Cup,Goods\n")
    assert terminal("load", "export.csv").out == "Loaded export.csv: 1 product.\n"


def test_clients_load_from_a_toml_file_alone(terminal: Terminal, folder: Path) -> None:
    (folder / "clients.csv").write_text("name,email\nRivera,ana@example.com\n")
    said = terminal("load", "clients.csv")
    assert said.code == MUST_CHANGE
    assert "TOML file with a [[clients]] table" in said.err
    (folder / "clients.toml").write_text('[[clients]]\nname = "Rivera"\nemail = "a@example.com"\n')
    assert terminal("load", "clients.toml").out == "Loaded clients.toml.\n"


def postponed(code: str) -> avbc.ImportReport:
    outcome = avbc.Outcome(7, "WEB7", problems=(avbc.Problem(code, "", "", "No."),))
    return avbc.ImportReport(postponed=[outcome])


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (avbc.ImportReport(), OK),
        (avbc.ImportReport(stopped="no answer", failure=TransientError("no answer")), TRY_AGAIN),
        (avbc.ImportReport(stopped="another process does", is_taken=True), TRY_AGAIN),
        (avbc.ImportReport(stopped="a scope is missing", failure=FinalError("no")), NOT_OK),
        (postponed("store_failed"), TRY_AGAIN),
        (postponed("order_not_new"), NOT_OK),
        (attrs.evolve(postponed("store_failed"), refused=[avbc.Outcome(8, "WEB8")]), NOT_OK),
        (avbc.PushReport("push_inventory", unrecorded="no journal"), NOT_OK),
    ],
)
def test_what_may_pass_and_what_a_person_has_to_see(report: avbc.ImportReport, code: int) -> None:
    assert exit_code(report) == code


# The first settings file


def test_init_writes_what_loads_and_no_secret(
    terminal: Terminal,
    folder: Path,
    store: FakeStore,
    api_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    example.populate(store, orders=ORDERS)
    monkeypatch.setenv("AVBC_API_URL", api_url)
    said = terminal("init", "--settings", "first.toml")
    assert said.code == OK
    assert "No Receipt Type" in said.out or "payment method" in said.out
    assert said.out.endswith(
        "Wrote first.toml, with these rows: read each line, then run `avbc check "
        "--settings first.toml`.\n"
    )
    file = Path("first.toml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text(encoding="utf-8")
    assert "example-token" not in text
    settings = avbc.Settings.load(file)
    assert settings.store.api_url == api_url
    assert settings.store.description == store.state.information["name"]
    assert (settings.gl.tax_area, settings.shipping.warehouse) == ("BigCommerce", "Main")
    assert [row.bigcommerce for row in settings.gl.payment_methods] == ["PayPal"]
    # What only a person knows is a comment, which becomes a row.
    file.write_text(re.sub(r"^# (?=\[\[|bigcomm)", "", text, flags=re.MULTILINE), encoding="utf-8")
    with pytest.raises(avbc.SettingsError, match="receipt_type"):
        avbc.Settings.load(file)
    before = file.read_bytes()
    again = terminal("init", "--settings", "first.toml")
    assert (again.code, file.read_bytes()) == (MUST_CHANGE, before)
    assert "init overwrites no file: give --settings another name" in again.err


def test_init_from_the_credentials_file(
    terminal: Terminal, folder: Path, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVBC_ACCESS_TOKEN")
    Path("account.txt").write_text(
        f"ACCESS TOKEN: example-token\nAPI PATH: {api_url}\nCLIENT SECRET: example-secret\n",
        encoding="utf-8",
    )
    options = ("init", "--credentials-file", "account.txt", "--settings")
    terminal(*options, "named.toml")
    assert 'credentials_file = "account.txt"' in Path("named.toml").read_text(encoding="utf-8")
    assert "example-" not in Path("named.toml").read_text(encoding="utf-8")
    terminal(*options, "whole.toml", "--write-secrets")
    assert stat.S_IMODE(Path("whole.toml").stat().st_mode) == 0o600
    Path("account.txt").unlink()
    assert "keep this file to yourself" in Path("whole.toml").read_text(encoding="utf-8")
    token = avbc.Settings.load("whole.toml").store.access_token
    assert token is not None
    assert token.reveal() == "example-token"


def test_init_needs_names_in_the_books(
    terminal: Terminal, folder: Path, api_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBC_API_URL", api_url)
    with avbc.SqlGateway("sqlite:///empty.db") as empty:
        empty.reference_data()
    said = terminal("init", "--settings", "first.toml", "--books", "sqlite:///empty.db")
    assert said.code == MUST_CHANGE
    assert "shipping.warehouse: the books have none to name here: fill their warehouses" in said.err
    assert not Path("first.toml").exists()


# The page, the demo, the timer


def test_the_page_is_written(terminal: Terminal, folder: Path, store: FakeStore) -> None:
    assert terminal("page").out == "Wrote avbc.html.\n"
    assert terminal("page", "other.html", "--days", "3", "--json").reports == [
        {"ok": True, "summary": "Wrote other.html.", "rows": []}
    ]
    assert "the last 3 days" in Path("other.html").read_text(encoding="utf-8")
    # What the command line named is text in it, as all else is.
    store.add_orders([avbc.testing.order_of_shape("unknown_sku")])
    Path("avbc.toml").rename("a<b.toml")
    terminal("import", "--settings", "a<b.toml")
    terminal("page", "--settings", "a<b.toml")
    written = Path("avbc.html").read_text(encoding="utf-8")
    assert "a&lt;b.toml" in written
    assert "a<b.toml" not in written


def test_an_item_of_the_page_is_settled_by_its_heading(terminal: Terminal, folder: Path) -> None:
    with closing(sqlite3.connect("books.db")) as books, books:
        books.execute("ALTER TABLE tax_areas RENAME TO gone")
    assert terminal("import").code == MUST_CHANGE
    terminal("page")
    page = Path("avbc.html").read_text(encoding="utf-8")
    (heading,) = re.findall(r'data-column="about">([^<]+)<', page)
    assert "The next `avbc import` does what waits." in page
    assert f"\n{heading}, since " in terminal("worklist").out
    assert terminal("settle", heading).out.startswith("Settled 1 item.")


@pytest.mark.one_python
def test_the_demo_needs_nothing(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AVBC_BOOKS", raising=False)
    said = terminal("demo", "--books", "sqlite:///mine.db", "--settings", "mine.toml")
    # What is advised is for no books that were given, and says so.
    assert "mine" not in said.out
    assert said.out.rstrip().endswith(f"{see('tutorial')}.")
    assert "are gone now" in said.out
    assert said.code == OK
    assert "A second run imports nothing twice:" in said.out
    (report,) = terminal("demo", "--json").reports
    assert "A second run imports nothing twice:" in report["summary"]


SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(params=SIGNALS)
def stops_at_a_request(
    store: FakeStore, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Ctrl-C is pressed, or the process is told to end, while a cycle asks the store."""
    answer = store.answer

    def answered(*arguments: Any, **options: Any) -> Any:
        os.kill(os.getpid(), request.param)
        return answer(*arguments, **options)

    monkeypatch.setattr(store, "answer", answered)


@pytest.mark.usefixtures("stops_at_a_request")
def test_run_says_each_cycle_in_a_line(terminal: Terminal, folder: Path, store: FakeStore) -> None:
    store.add_orders(list(example.plain_orders(1)))
    said = terminal("run")
    assert (said.code, said.err) == (OK, "")
    (line,) = said.out.splitlines()
    assert re.fullmatch(r"Example store, .* UTC: 1 job done, \d+ requests?, then stopped\..*", line)
    said = terminal("run", "--json")
    assert said.code == OK
    assert [report["rows"][0]["job"] for report in said.reports] == ["import_orders"]


@pytest.mark.usefixtures("stops_at_a_request")
def test_an_import_that_is_interrupted_says_what_it_did(
    terminal: Terminal, folder: Path, store: FakeStore
) -> None:
    store.add_orders(list(example.plain_orders(1)))
    before = [signal.getsignal(each) for each in SIGNALS]
    said = terminal("import")
    assert (said.code, said.err) == (INTERRUPTED, "")
    assert said.out.startswith("Nothing was imported.")
    assert "a stop was asked for" in said.out
    assert [signal.getsignal(each) for each in SIGNALS] == before


@pytest.mark.usefixtures("folder")
def test_preview_takes_the_orders_that_import_takes(terminal: Terminal, store: FakeStore) -> None:
    (order,) = store.add_orders([avbc.testing.order_of_shape("unknown_sku")])
    terminal("import")
    (row,) = terminal("preview", "--retry-errors", "--json").reports[0]["rows"]
    assert row["order_id"] == order.id
    assert "would be written" not in terminal("preview", str(order.id)).err


@pytest.mark.usefixtures("folder")
def test_a_store_that_refuses_connections_is_told_of_soon(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sum(2.5**attempt for attempt in range(commands_of._FIRST.attempts - 1)) < 8
    monkeypatch.setattr(commands_of, "_FIRST", attrs.evolve(commands_of._FIRST, attempts=1))
    settings = avbc.Settings.from_dict(
        example.settings_dict("http://127.0.0.1:1/stores/abc123/v3/")
    )
    settings.save("away.toml")
    said = terminal("preview", "--settings", "away.toml")
    assert said.code == TRY_AGAIN
    assert "127.0.0.1" in said.err


@pytest.mark.parametrize("is_terminal", [True, False])
def test_on_a_terminal_a_repetition_is_said(
    is_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    client, runs = logging.getLogger("avbc.bigcommerce"), logging.getLogger("avbc.orchestrator")
    monkeypatch.setattr(ADVICE, "options", ())
    with logged(logging.WARNING):
        client.info("GET /v2/time: attempt 2 follows in 1.1 s")
        client.warning("call import_order(7) again")
        runs.warning("order 7: refused")
    asked = "The store is asked again: GET /v2/time: attempt 2 follows in 1.1 s\n"
    expected = asked * is_terminal + "run `avbc import 7` again\n"
    assert capsys.readouterr().err == expected


def test_a_traceback_is_logged_as_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ADVICE, "options", ())

    def import_orders() -> None:
        raise RuntimeError("no import_orders() here")

    with logged(logging.WARNING):
        try:
            import_orders()
        except RuntimeError:
            logging.getLogger("avbc.bigcommerce").exception("call import_order(7) again")
    told = capsys.readouterr().err
    assert told.startswith("run `avbc import 7` again\nTraceback")
    assert ", in import_orders\n" in told
    assert "RuntimeError: no import_orders() here\n" in told


def test_the_line_of_a_cycle_says_what_happened_to_orders(
    terminal: Terminal, folder: Path, store: FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add_orders(
        [*example.plain_orders(3, 1, 1002), avbc.testing.order_of_shape("unknown_sku")]
    )

    def once(self: avbc.Orchestrator, on_report: Callable[[object], None]) -> None:
        on_report(self.run_cycle())

    monkeypatch.setattr(avbc.Orchestrator, "run", once)
    (line,) = terminal("run").out.splitlines()
    assert " Import orders: imported 3, refused 1. " in line
    assert " Push products: sent 12, refused 2. " in line
    assert line.endswith(" for a person.")


def test_run_says_where_a_refused_token_is_from(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def once(self: avbc.Orchestrator, on_report: Callable[[object], None]) -> None:
        on_report(self.run_cycle())

    monkeypatch.setattr(avbc.Orchestrator, "run", once)
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "stale")
    says = "The token is from AVBC_ACCESS_TOKEN (the environment)."
    assert says in terminal("run").err
    (report,) = terminal("run", "--json").reports
    assert [row["job"] for row in report["rows"] if says in str(row)]
    # Python says it, too.
    with (
        avbc.SqlGateway("sqlite:///books.db") as books,
        avbc.Orchestrator(avbc.Settings.load("avbc.toml"), books) as web,
        pytest.raises(avbc.TokenRefused, match=re.escape(says)),
    ):
        web.import_orders()


@pytest.mark.parametrize("wrong", ["new_order_status", "warehouse", "import_source_code", "token"])
def test_run_stays_up_where_a_name_is_not_there(
    terminal: Terminal,
    folder: Path,
    store: FakeStore,
    monkeypatch: pytest.MonkeyPatch,
    wrong: str,
) -> None:
    def twice(self: avbc.Orchestrator, on_report: Callable[[object], None]) -> None:
        for _ in range(2):
            on_report(self.run_cycle([avbc.Job("import_orders")]))

    monkeypatch.setattr(avbc.Orchestrator, "run", twice)
    settings = avbc.Settings.load("avbc.toml")
    if wrong == "token":
        monkeypatch.setenv("AVBC_ACCESS_TOKEN", "stale")
    elif wrong == "warehouse":
        shipping = attrs.evolve(settings.shipping, warehouse="Moon")
        settings = attrs.evolve(settings, shipping=shipping)
    elif wrong == "new_order_status":
        statuses = attrs.evolve(settings.order_status, new_order_status="Moon")
        settings = attrs.evolve(settings, order_status=statuses)
    else:
        store.add_orders(list(example.plain_orders(1)))
        terminal("import")
        statuses = attrs.evolve(settings.order_status, import_source_code="ABC")
        settings = attrs.evolve(settings, order_status=statuses)
    settings.save("changed.toml")
    said = terminal("run", "--settings", "changed.toml")
    assert said.code == OK
    # One line for each cycle, and the failure once.
    assert said.out.count("1 of 1 jobs failed") == len(said.out.splitlines()) == 2
    assert said.err.count("failed: ") == 1
    assert terminal("worklist", "--settings", "changed.toml").code == NOT_OK


def test_run_ends_where_it_cannot_begin(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(self: avbc.Orchestrator, on_report: Callable[[object], None]) -> None:
        raise AssertionError

    monkeypatch.setattr(avbc.Orchestrator, "run", never)
    Path("faulty.toml").write_text("[store]\nnonsense = 1\n")
    for file in ("gone.toml", "faulty.toml"):
        assert terminal("run", "--settings", file).code == MUST_CHANGE
    assert terminal("run", "--books", "sqlite:///bookz.db").code == MUST_CHANGE
    monkeypatch.delenv("AVBC_ACCESS_TOKEN")
    said = terminal("run")
    assert said.code == MUST_CHANGE
    assert "store.access_token: is required to open the store" in said.err


@pytest.mark.one_python
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_process_however_often_it_comes(folder: Path, number: int) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "avbc", "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        out = None
        while out is None:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                out, err = process.communicate(timeout=0.01)
    assert re.match(r"Example store, .* UTC: \d+ jobs done, \d+ requests\.", line)
    assert (process.returncode, out, err) == (OK, "", "")


@pytest.mark.one_python
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_run_begins_is_a_message(folder: Path, number: int) -> None:
    (folder / "signaled.py").write_text(
        f"import os\ndef make():\n    os.kill(os.getpid(), {int(number)})\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "avbc", "run", "--books", "signaled:make"],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (done.returncode, done.stdout, done.stderr)
    assert said == (INTERRUPTED, "", "avbc: interrupted\n")


def test_a_reader_that_has_seen_enough(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)
        said = terminal("worklist", "--json")
    assert (said.code, said.err) == (NOT_OK, "")


def test_ctrl_c_in_another_command(
    terminal: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(avbc.Settings, "load", interrupted)
    said = terminal("worklist")
    assert (said.code, said.err) == (INTERRUPTED, "avbc: interrupted\n")


@pytest.mark.one_python
def test_the_commands_of_the_page(
    terminal: Terminal, folder: Path, store: FakeStore, api_url: str
) -> None:
    """docs/operations.md, from nothing to the first order."""
    page = PAGE.read_text(encoding="utf-8")
    example.populate(store, orders=3)
    Path("avbc.toml").unlink()
    Path("books.db").unlink()
    Path("books.toml").write_text(example.books_toml, encoding="utf-8")
    Path("BigCommerceAPI-credentials.txt").write_text(
        f"ACCESS TOKEN: example-token\nAPI PATH: {api_url}\n", encoding="utf-8"
    )
    lines = re.findall(r"^\$ avbc (.*)$", page, re.MULTILINE)
    codes = {line: terminal(*line.split()).code for line in lines}
    assert set(codes.values()) == {OK, NOT_OK}
    # A Receipt Type is to be filled in first.
    assert {line for line, code in codes.items() if code} == {
        "check",
        "preview",
        "import",
        "worklist",
        "worklist --json",
    }


def test_the_page_has_each_command_and_exit_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    first = "\n".join(re.findall(r"^\| (`[a-z].*?) \|", page, re.MULTILINE))
    assert {name.split()[0] for name in re.findall(r"`([^`]+)`", first)} == COMMANDS
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
    assert codes == {OK, NOT_OK, MUST_CHANGE, TRY_AGAIN, INTERRUPTED}


@pytest.mark.one_python
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this machine has no systemd")
def test_units_are_right(tmp_path: Path) -> None:
    """By systemd's own check, with a program and a user that are here."""
    for unit in UNITS.glob("avbc*.[st][ei]*"):
        text = unit.read_text(encoding="utf-8").replace("User=avbc\n", "")
        text = text.replace("/opt/avbc/venv/bin/avbc", sys.executable)
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", *sorted(map(str, tmp_path.iterdir()))]
    assert len(command) == 5
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    # It also looks at units of the machine.
    assert [line for line in done.stderr.splitlines() if "avbc" in line] == []

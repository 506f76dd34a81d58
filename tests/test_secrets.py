"""No token, client secret, license key or database password shows, whatever goes wrong.

Every secret of these tests holds one mark. Each scene does something and yields what it showed:
reports, errors, objects. All of their forms are searched for the mark, and with them every log
record of the process, the local variables of every frame of avbc and of its dependencies that an
error carries, the files of the books and the journal, and the notes of the store's orders.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import inspect
import json
import logging
import os
import pickle
import stat
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import attrs
import httpx
import pytest
import sqlalchemy as sa

import avbc
from avbc.bigcommerce import AsyncBigCommerce, BigCommerce, RequestRefused, Retries
from avbc.credentials import load_credentials, read_credentials
from avbc.errors import AvbcError, FaultyInputError
from avbc.mapping import MappedOrder
from avbc.orchestrator.engine.journal import Journal
from avbc.secret import Secret
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeOrder, FakeStore, example, orders_of_every_shape
from avbc.testing.contract import make_bundle
from avbc.testing.fakestore.events import signed_headers
from avbc.testing.fakestore.faults import KINDS, fault_kind

MARK = "4f9a1c"
TOKEN, WRONG_TOKEN = f"example-token-{MARK}", f"example-wrong-token-{MARK}"
CLIENT_SECRET, LICENSE_KEY, PASSWORD = (
    f"example-client-secret-{MARK}",
    f"example-license-{MARK}",
    f"example-password-{MARK}",
)
NEEDLES = (MARK, base64.b64encode(CLIENT_SECRET.encode()).decode())
API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"


# What is searched


def forms(thing: object) -> Iterator[str]:
    """Every form in which a thing may be shown or stored."""
    yield str(thing)
    yield repr(thing)
    for name in ("_repr_html_", "to_dicts", "to_dict", "summary"):
        if hasattr(thing, name) and not isinstance(thing, type):
            try:
                yield repr(getattr(thing, name)())
            except TypeError:  # it takes arguments
                continue
    if attrs.has(type(thing)):
        yield repr(attrs.asdict(thing))  # type: ignore[call-overload]  # it is an attrs class
    try:
        yield pickle.dumps(thing).decode("latin-1")
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        yield str(error)
    if isinstance(thing, BaseException):
        yield from told(thing)
    if isinstance(response := getattr(thing, "response", None), httpx.Response):
        yield from (repr(response.headers.raw), repr(response.request.headers.raw), response.text)


def told(error: BaseException) -> Iterator[str]:
    """What an error tracker shows: the whole chain, and each frame's locals but a test's."""
    yield "".join(traceback.format_exception(error))
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop()
        seen.add(id(one))
        yield repr(one)
        yield repr(one.args)
        if isinstance(one, AvbcError):
            yield repr(vars(one))
        for frame, _ in traceback.walk_tb(one.__traceback__):
            if frame.f_code.co_filename != __file__:
                yield from (
                    f"{frame.f_code.co_qualname}: {name} = {value!r}"
                    for name, value in frame.f_locals.items()
                )
        waiting += [
            cause
            for cause in (one.__cause__, one.__context__)
            if cause is not None and id(cause) not in seen
        ]


def hits(text: str) -> list[str]:
    """Where a secret stands in a text, with what stands around it."""
    return [text[max(0, at - 90) : at + 30] for needle in NEEDLES if (at := text.find(needle)) >= 0]


class Records(logging.Handler):
    """Everything that any logger says, with all that its records hold."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.texts: list[str] = []
        self.names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.names.add(record.name)
        self.texts += [
            f"{record.name}: {record.getMessage()}",
            repr(record.args),
            repr(record.__dict__),
        ]
        if record.exc_info and record.exc_info[1]:
            self.texts += told(record.exc_info[1])


@pytest.fixture
def records() -> Iterator[Records]:
    """All loggers at their loudest, those of the dependencies too."""
    handler = Records()
    loud = [
        logging.getLogger(name)
        for name in (
            "",
            "avbc",
            "httpx",
            "httpcore",
            "sqlalchemy",
            "sqlalchemy.engine",
            "sqlalchemy.pool",
        )
    ]
    levels = [(logger, logger.level) for logger in loud]
    for logger in loud:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)


def caught(work: Callable[..., object], *arguments: object, **options: object) -> object:
    """What some work returns, or the error that it raises."""
    try:
        return work(*arguments, **options)
    except (AvbcError, TypeError, ValueError) as error:
        return error


class Clock:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@attrs.define
class World:
    """A store, books in a file and settings, all with secrets."""

    folder: Path
    store: FakeStore = attrs.field(
        factory=lambda: FakeStore(access_token=TOKEN, client_secret=CLIENT_SECRET)
    )

    def data(self, api_url: str = API_URL) -> dict[str, object]:
        data: dict[str, object] = dict(example.settings_dict(api_url, TOKEN))
        setup = {
            **example.settings_dict(api_url, TOKEN)["store"],
            "client_secret": CLIENT_SECRET,
            "license_key": LICENSE_KEY,
        }
        return {**data, "store": setup}

    def settings(self, api_url: str = API_URL) -> Settings:
        return Settings.from_dict(self.data(api_url))

    def books_toml(self) -> Path:
        path = self.folder / "books.toml"
        path.write_text(example.books_toml, encoding="utf-8")
        return path

    def books(self) -> avbc.SqlGateway:
        books = avbc.SqlGateway(f"sqlite:///{self.folder}/books.db")
        books.load(self.books_toml())
        return books

    def open(self, token: str = TOKEN, transport: httpx.BaseTransport | None = None) -> BigCommerce:
        clock = Clock()
        return BigCommerce(
            API_URL,
            token,
            client_secret=CLIENT_SECRET,
            transport=transport or self.store.transport(),
            retries=Retries(attempts=2),
            clock=clock,
            sleep=clock.sleep,
        )

    @contextmanager
    def joined(self, token: str = TOKEN, **options: object) -> Iterator[avbc.Orchestrator]:
        books = self.books()
        with (
            books,
            self.open(token) as client,
            avbc.Orchestrator(self.settings(), books, store=client, **options) as web,
        ):  # type: ignore[arg-type]  # its own options
            yield web

    def add(self, count: int = 3) -> list[FakeOrder]:
        return [self.store.add_order(order) for order in example.plain_orders(count)]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    for name in [*os.environ]:
        if (
            name.startswith("AVBC_") and not name.startswith("AVBC_TEST_")
        ) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return World(tmp_path)


# The scenes


def a_good_import_over_http(world: World) -> Iterator[object]:
    for order in orders_of_every_shape():
        world.store.add_order(order)
    with (
        world.store.serve() as served,
        world.books() as books,
        avbc.Orchestrator(world.settings(served.api_url), books) as web,
    ):
        yield from (web, web.store, web.settings, books)
        yield web.test_connection()
        yield web.check_setup()
        previewed = web.preview_orders()
        yield previewed
        mapped = previewed.imported[0].explanation
        assert isinstance(mapped, MappedOrder)
        yield mapped
        report = web.import_orders()
        assert report.imported
        assert report.refused
        yield report
        yield web.history(report.imported[0].order_id)
        yield web.explain(report.imported[0].order_id)
        yield caught(web.import_order, 4711)
        since = datetime.now(UTC) - timedelta(days=365)
        for preview in (True, False):
            for method in (
                web.push_order_statuses,
                web.pull_order_statuses,
                web.push_shipments,
                web.push_products,
                web.push_inventory,
                web.export_clients,
                web.capture_payments,
                web.import_refunds,
            ):
                yield caught(method, preview=preview)
            yield caught(web.register_webhooks, "https://example.com/hooks", preview=preview)
        yield from (caught(web.reconcile, since), caught(web.backtest, web.settings, since))
    yield from (request.body.decode() + request.query for request in world.store.log)


def an_import_on_postgresql(world: World, postgresql_url: str) -> Iterator[object]:
    url = sa.make_url(postgresql_url).set(password=PASSWORD).render_as_string(hide_password=False)
    world.add()
    with (
        avbc.SqlGateway(url) as books,
        world.open() as client,
        avbc.Orchestrator(world.settings(), books, store=client, journal=url) as web,
    ):
        books.load(world.books_toml())
        yield from (books, books.engine, web, web.import_orders(), web.history(1001))
        yield caught(
            books.create_order, attrs.evolve(make_bundle(1), client_id=4711, new_client=None)
        )
        tables = sa.MetaData()
        tables.reflect(books.engine)
        assert "avbc_journal" in tables.tables
        with books.engine.connect() as connection:
            yield from (
                connection.execute(sa.select(table)).all() for table in tables.tables.values()
            )


def a_wrong_token_and_missing_scopes(world: World) -> Iterator[object]:
    world.add()
    with world.joined(WRONG_TOKEN) as web:
        yield from (
            web.store,
            caught(web.import_orders),
            web.test_connection(),
            caught(web.check_setup),
        )
    world.store.scopes = {"store_v2_orders_read_only"}
    with world.joined() as web:
        yield from (caught(web.import_orders), web.test_connection())


def every_fault(world: World) -> Iterator[object]:
    with world.joined() as web:
        web.test_connection()
        for kind in KINDS:
            for match in ("GET /v2/orders", "GET /v3/orders/*/transactions", "PUT /v2/orders/*"):
                (order,) = world.add(1)
                world.store.edit_order(order.id, status_id=11, staff_notes=kind)
                world.store.mend()
                world.store.fail(match, fault_kind(kind), times=2)
                yield from (caught(web.import_orders), web.history(order.id))


def a_store_that_repeats_the_token(world: World) -> Iterator[object]:
    page = f"<html><title>Your request had X-Auth-Token: {TOKEN}</title></html>"
    answers: list[Callable[[httpx.Request], httpx.Response]] = [
        lambda _: httpx.Response(502, text=page, headers={"X-Echo": TOKEN, "X-Request-Id": TOKEN}),
        lambda _: httpx.Response(200, text=page),
        lambda _: httpx.Response(200, json={"data": TOKEN}),
        lambda _: httpx.Response(200, json=[{"id": TOKEN}]),
        lambda _: httpx.Response(400, json={"title": TOKEN, "errors": {TOKEN: TOKEN}}),
        lambda _: httpx.Response(422, json={"batch_errors": [{"status": 422, "title": TOKEN}]}),
        lambda _: httpx.Response(302, headers={"Location": f"https://example.com/?{TOKEN}"}),
    ]
    for error in (
        httpx.ConnectError,
        httpx.ReadTimeout,
        httpx.LocalProtocolError,
        httpx.RemoteProtocolError,
        httpx.DecodingError,
    ):

        def fail(request: httpx.Request, error: type[httpx.RequestError] = error) -> httpx.Response:
            raise error(f"sent {request.headers['X-Auth-Token']}", request=request)

        answers.append(fail)
    for answer in answers:
        with world.open(transport=httpx.MockTransport(answer)) as client:
            yield from (caught(client.orders.get, 7), caught(list, client.orders.list()))
            yield from client.map([client.orders.get.call(7)], return_errors=True)


def the_asynchronous_client(world: World) -> Iterator[object]:
    async def main() -> list[object]:
        shown: list[object] = []
        for token in (TOKEN, WRONG_TOKEN):
            async with AsyncBigCommerce(
                API_URL,
                token,
                client_secret=CLIENT_SECRET,
                transport=world.store.transport(),
                retries=Retries(attempts=1),
            ) as client:
                shown.append(client)
                try:
                    shown.append(await client.orders.get(1001))
                except AvbcError as error:
                    shown.append(error)
        return shown

    world.add()
    yield from asyncio.run(main())


def answers_with_all_that_came_along(world: World) -> Iterator[object]:
    (order,) = world.add(1)
    with world.open() as client:
        yield client.answer(client.orders.get.call(order.id))
        yield client.answer(client.orders.list.call())
        yield from client.pages(client.orders.list.call())


def a_store_that_is_away_behind_a_proxy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[object]:
    monkeypatch.setenv("HTTPS_PROXY", f"http://someone:{PASSWORD}@127.0.0.1:1")
    with BigCommerce(API_URL, TOKEN, retries=Retries(attempts=1)) as client:
        yield from (client, caught(client.orders.get, 1))


def what_a_client_refuses(_world: World) -> Iterator[object]:
    yield caught(
        BigCommerce, "http://example.com/stores/abc123/v3/", TOKEN, client_secret=CLIENT_SECRET
    )
    yield caught(BigCommerce, f"https://someone:{PASSWORD}@example.com/stores/abc123/v3/", TOKEN)
    yield caught(BigCommerce, API_URL, f"two words {TOKEN}")
    yield caught(AsyncBigCommerce, API_URL, f"{TOKEN}\n{TOKEN}")
    yield caught(BigCommerce.from_store_hash, "abc/123 ", TOKEN, client_secret=CLIENT_SECRET)
    yield caught(AsyncBigCommerce.from_store_hash, "abc123", f"ünprintable {TOKEN}")


def settings_that_are_wrong(world: World) -> Iterator[object]:
    setup = (
        f'api_url = "{API_URL}"\nclient_secret = "{CLIENT_SECRET}"\naccess_token = '
        f'"{TOKEN}"\nlicense_key = "{LICENSE_KEY}"\n'
    )
    texts = [
        f"[store]\n{setup}",
        f"[stroe]\n{setup}",
        f'[store]\nacces_token = "{TOKEN}"\nclient_secrt = "{CLIENT_SECRET}"\n',
        (
            f'[store]\naccess_token = ["{TOKEN}"]\nclient_secret = {{ text = "{CLIENT_SECRET}" '
            "}\nlicense_key = 5\n"
        ),
        f'[store]\naccess_token = "two words {TOKEN}"\n',
        f'[store]\napi_url = "https://someone:{PASSWORD}@example.com/stores/abc123/v3/"\n',
        f"[store]\naccess_token = {TOKEN}\n",
        f'[store]\naccess_token = "{TOKEN}\n',
        f'[store]\naccess_token = "{TOKEN}"\naccess_token = "{TOKEN}"\n',
        f'access_token = "{TOKEN}"\n',
        f'store = "{TOKEN}"\n',
        f'store = ["{TOKEN}"]\n',
        f'[store]\n{setup}enabled = "{TOKEN}"\n',
        f'[store]\n{setup}[order_status]\nimport_source_code = 5\nupdates = "sideways"\n',
    ]
    path = world.folder / "secret.toml"
    for text in texts:
        path.write_text(text, encoding="utf-8")
        error = caught(Settings.load, path)
        assert isinstance(error, SettingsError)
        yield error
    path.write_bytes(f"[store]\n{setup}# \xff".encode("latin-1"))
    yield caught(Settings.load, path)
    path.write_text(f"[store]\n{setup}", encoding="utf-8")
    yield caught(world.settings().save, path)
    for wrong in (
        {"store": {"access_token": 5, "client_secret": CLIENT_SECRET}},
        {"store": TOKEN},
        {"access_token": TOKEN},
    ):
        yield caught(Settings.from_dict, wrong)


def settings_that_are_right(world: World) -> Iterator[object]:
    settings = world.settings()
    yield from (
        settings,
        settings.store,
        settings.to_dict(),
        copy.deepcopy(settings),
        hash(settings),
    )
    settings.save(world.folder / "saved.toml")
    yield (world.folder / "saved.toml").read_text(encoding="utf-8")
    yield caught(Settings.from_dict(settings.to_dict()).require_access_token)
    yield avbc.settings.StoreSetup(
        api_url=API_URL, access_token=TOKEN, client_secret=CLIENT_SECRET, license_key=LICENSE_KEY
    )


def credentials_that_are_wrong(world: World) -> Iterator[object]:
    whole = f"ACCESS TOKEN: {TOKEN}\nCLIENT SECRET: {CLIENT_SECRET}\nAPI PATH: {API_URL}\n"
    yield read_credentials(whole)
    texts = [
        f"ACCESS TOKEN: {TOKEN}\nCLIENT SECRET: {CLIENT_SECRET}\n",
        f"ACCESS TOKEN: {TOKEN} and more\nAPI PATH: {API_URL}\n",
        f"{whole}ACCESS TOKEN: {WRONG_TOKEN}\n",
        f"ACCESS TOKEN: {TOKEN}\nAPI PATH: https://someone:{PASSWORD}@example.com/\n",
        f"ACCES TOKEN: {TOKEN}\n{TOKEN}\n",
        "",
    ]
    path = world.folder / "secret.txt"
    for text in texts:
        path.write_text(text, encoding="utf-8")
        error = caught(load_credentials, path)
        assert isinstance(error, FaultyInputError)
        yield from (error, caught(BigCommerce.from_credentials_file, path))
        settings = world.folder / "secret.toml"
        settings.write_text('[store]\ncredentials_file = "secret.txt"\n', encoding="utf-8")
        yield caught(Settings.load, settings)
    for damaged in (
        f"{whole}\xff".encode("latin-1"),
        whole.encode("utf-16")[:-1],
        b"\xff\xfe" + whole.encode(),
    ):
        path.write_bytes(damaged)
        yield caught(load_credentials, path)


def an_environment_that_is_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    for token, url in (
        (f"{TOKEN} and more", API_URL),
        (TOKEN, f"https://someone:{PASSWORD}@example.com/"),
        (TOKEN, ""),
    ):
        monkeypatch.setenv("AVBC_ACCESS_TOKEN", token)
        monkeypatch.setenv("AVBC_CLIENT_SECRET", CLIENT_SECRET)
        monkeypatch.setenv("AVBC_LICENSE_KEY", LICENSE_KEY)
        monkeypatch.setenv("AVBC_API_URL", url)
        error = caught(BigCommerce.from_environment)
        assert isinstance(error, FaultyInputError)
        yield error
        data = world.data()
        data["gl"] = {}
        yield caught(Settings.from_dict, data)


def webhooks_that_are_refused(world: World) -> Iterator[object]:
    (order, *_) = world.add(1)
    body = json.dumps(
        {
            "scope": "store/order/created",
            "producer": "stores/abc123",
            "data": {"type": "order", "id": order.id},
        }
    ).encode()
    now = int(datetime.now(UTC).timestamp())
    calls = [
        (body, {}),
        (body, signed_headers(body, WRONG_TOKEN, webhook_id="1", timestamp=now)),
        (body, signed_headers(body, CLIENT_SECRET, webhook_id="2", timestamp=now - 3600)),
        (b"no JSON", signed_headers(b"no JSON", CLIENT_SECRET, webhook_id="3", timestamp=now)),
        (b"{}", signed_headers(b"{}", CLIENT_SECRET, webhook_id="4", timestamp=now)),
        (body, signed_headers(body, CLIENT_SECRET, webhook_id="5", timestamp=now)),
    ]
    with world.joined() as web:
        yield from (caught(web.handle_webhook, *call) for call in calls)
        bare = attrs.evolve(
            web.settings, store=attrs.evolve(web.settings.store, client_secret=None)
        )
        web.use(bare)
        yield caught(web.handle_webhook, *calls[-1])


def attempts_to_pickle(world: World) -> Iterator[object]:
    with world.joined() as web:
        things = [
            Secret(TOKEN),
            web.settings,
            web.settings.store,
            web.store,
            web.store._wire,
            web.store.orders,
            web,
            web.books,
        ]
        for thing in things:
            with pytest.raises(
                (TypeError, AttributeError), match=r"pickle|local object"
            ) as error:  # the second is what Python 3.13 says
                pickle.dumps(thing)
            yield error.value
        yield from (copy.copy(web.settings.store), copy.deepcopy(web.settings.store))
        yield caught(json.dumps, web.settings.store.access_token)


def books_and_journals_that_cannot_be_had(world: World) -> Iterator[object]:
    server = f"postgresql://someone:{PASSWORD}@127.0.0.1:1/books?connect_timeout=1"
    for url in (
        f"postgresql://someone:{PASSWORD}@host:no-port/books",
        f"mysql://someone:{PASSWORD}@127.0.0.1/books",
        f"mssql+nothing://someone:{PASSWORD}@127.0.0.1/books",
        f"someone:{PASSWORD}@127.0.0.1",
        f"{server}&sslmode=sideways",
        f"{server}&no_such_option=1",
        server,
    ):
        books = caught(avbc.SqlGateway, url)
        yield books
        if isinstance(books, avbc.SqlGateway):
            yield from (
                books.engine,
                caught(books.sales_orders),
                caught(books.create_order, make_bundle(1)),
            )
            with (
                world.open() as client,
                avbc.Orchestrator(world.settings(), books, store=client) as web,
            ):
                yield from (web, caught(web.import_orders))
            books.close()
        yield caught(Journal, url)
        if "://" not in url:
            with world.joined() as web:
                yield caught(avbc.Orchestrator, web.settings, web.books, journal=url)
            continue
        with world.joined(journal=url) as web:
            yield from (web, caught(web.import_orders))


def a_fault_of_the_application_itself(world: World) -> Iterator[object]:
    def broken(_order: object, bundle: object) -> object:
        raise ValueError(f"no bundle for {bundle!r}")

    world.add()
    with world.joined(customise=[broken]) as web:
        report = web.import_orders()
        assert [outcome.problems[0].code for outcome in report.postponed] == [
            "unexpected_error"
        ] * 3
        yield report


def the_timer(world: World) -> Iterator[object]:
    world.add()
    path = world.folder / "secret.toml"
    lines = [f"{name} = {json.dumps(value)}" for name, value in world.data()["store"].items()]  # type: ignore[attr-defined]  # a table
    world.settings().save(world.folder / "saved.toml")
    rest = (world.folder / "saved.toml").read_text(encoding="utf-8").partition("[order_status]")[2]
    path.write_text("\n".join(["[store]", *lines, "[order_status]", rest]), encoding="utf-8")
    settings = Settings.load(path)
    with (
        world.books() as books,
        world.open() as client,
        avbc.Orchestrator(settings, books, store=client) as web,
    ):
        shown: list[object] = []

        def on_report(report: object) -> None:
            shown.append(report)
            web.stop()

        path.write_text(
            f'{path.read_text(encoding="utf-8")}\naccess_token = "{TOKEN}"\n', encoding="utf-8"
        )
        web.run(on_report=on_report)
        assert shown
        yield from shown


SCENES = [
    a_good_import_over_http,
    an_import_on_postgresql,
    a_wrong_token_and_missing_scopes,
    every_fault,
    a_store_that_repeats_the_token,
    the_asynchronous_client,
    answers_with_all_that_came_along,
    a_store_that_is_away_behind_a_proxy,
    what_a_client_refuses,
    settings_that_are_wrong,
    settings_that_are_right,
    credentials_that_are_wrong,
    an_environment_that_is_wrong,
    webhooks_that_are_refused,
    attempts_to_pickle,
    books_and_journals_that_cannot_be_had,
    a_fault_of_the_application_itself,
    the_timer,
]


@pytest.mark.one_python
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
def test_no_secret_shows(
    scene: Callable[..., Iterator[object]],
    world: World,
    records: Records,
    request: pytest.FixtureRequest,
) -> None:
    fixtures = [
        request.getfixturevalue(name)
        for name in inspect.signature(scene).parameters
        if name not in ("world", "_world")
    ]
    found, count = [], 0
    for thing in scene(world, *fixtures):
        count += 1
        found += [hit for form in forms(thing) for hit in hits(form)]
    assert count
    assert found == []
    assert [hit for text in records.texts for hit in hits(text)] == []
    files = [
        path
        for path in world.folder.rglob("*")
        if path.is_file() and not path.name.startswith("secret.")
    ]
    assert [hit for path in files for hit in hits(path.read_bytes().decode("latin-1"))] == []
    notes = [str(order.header["staff_notes"]) for order in world.store.state.orders.values()]
    assert [hit for note in notes for hit in hits(note)] == []


def test_the_scan_finds_a_secret_wherever_it_stands(records: Records) -> None:
    """Otherwise none of the above proves anything."""

    class Careless(AvbcError):
        pass

    def fail(**secrets: str) -> None:
        try:
            json.loads("", **secrets)
        except TypeError as error:
            raise Careless("a message without it") from error

    error = caught(fail, token=TOKEN)
    # The frames of json, which got it as an argument, and of nothing else: those of this file do
    # not count.
    assert any("json" in form or "loads" in form for form in forms(error) if hits(form))
    for careless in (
        Careless(TOKEN),
        [TOKEN],
        {"key": CLIENT_SECRET},
        NEEDLES[1],
        avbc.Client(name=TOKEN),
    ):
        assert [hit for form in forms(careless) for hit in hits(form)]
    logging.getLogger("anybody").debug("sent", extra={"headers": {"X-Auth-Token": TOKEN}})
    assert [hit for text in records.texts for hit in hits(text)]


def test_the_dependencies_are_listened_to(world: World, records: Records) -> None:
    """The scenes hear what HTTP and the database say at their loudest."""
    world.add(1)
    with (
        world.store.serve() as served,
        world.books() as books,
        avbc.Orchestrator(world.settings(served.api_url), books) as web,
    ):
        assert web.import_orders().imported
    assert {
        "avbc.bigcommerce",
        "avbc.orchestrator",
        "httpcore.http11",
        "sqlalchemy.engine.Engine",
    } <= records.names


# The token on the wire


class Server(ThreadingHTTPServer):
    """A loopback server that keeps its requests, and answers with a redirect or an empty list."""

    daemon_threads = True

    def __init__(self, status: int = 200, location: str = "") -> None:
        self.headers_seen: list[dict[str, str]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.headers_seen.append(dict(self.headers))
                self.send_response(status)
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"[]")

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/stores/abc123/v3/"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("form", ["sync", "async"])
def test_the_token_never_follows_a_redirect(form: str, status: int) -> None:
    with Server() as elsewhere, Server(status, f"{elsewhere.api_url}v2/orders") as store:

        def ask() -> object:
            with BigCommerce(store.api_url, TOKEN, retries=Retries(attempts=1)) as client:
                return client.orders.get(7)

        async def ask_async() -> object:
            async with AsyncBigCommerce(
                store.api_url, TOKEN, retries=Retries(attempts=1)
            ) as client:
                return await client.orders.get(7)

        with pytest.raises(RequestRefused, match="redirects are never followed"):
            ask() if form == "sync" else asyncio.run(ask_async())
        assert [headers["X-Auth-Token"] for headers in store.headers_seen] == [TOKEN]
        assert elsewhere.headers_seen == []


# Files


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_saved_settings_are_the_owners_alone(world: World, before: int | None) -> None:
    path = world.folder / "avbc.toml"
    if before is not None:
        path.write_text("", encoding="utf-8")
        path.chmod(before)
    mask = os.umask(0)
    try:
        world.settings().save(path)
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert hits(path.read_text(encoding="utf-8")) == []

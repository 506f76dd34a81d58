"""Wrong arguments: one error each, which says what to write, and shows the caller's line alone."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

import avbc
from avbc.testing import (
    Discount,
    FakeStore,
    Line,
    MemoryGateway,
    OrderFactory,
    Payment,
    example,
    item,
    order_of_shape,
)
from avbc.testing.contract import make_bundle
from avbc.testing.contract.examples import make_shipment

HOUSE = str(Path(avbc.__file__).parent)


@pytest.fixture
def fake() -> FakeStore:
    store = FakeStore()
    store.add_order(OrderFactory().plain())
    return store


@pytest.fixture(scope="module")
def books() -> Iterator[avbc.SqlGateway]:
    with avbc.SqlGateway("sqlite://") as gateway:
        gateway.load(example.books_toml)
        yield gateway


def function(order: object, bundle: object) -> object:
    return order, bundle


Call = Callable[[Any], object]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda web: web.import_orders([1]), "name its argument, as in import_orders(ids=[1])."),
        (lambda web: web.import_orders(7), "as in import_orders(ids=[7])."),
        (
            lambda web: web.import_orders("2026-01-31"),
            "name its argument, as in import_orders(since=date(2026, 1, 31)). It takes ids, since",
        ),
        (lambda web: web.import_orders("mug"), "import_orders: name its argument. It takes ids"),
        (lambda web: web.push_products(True), "as in push_products(preview=True)."),
        (lambda web: web.import_order(1, True), "import_order(only_new=True)"),
        (lambda web: web.import_orders(previw=True), "'previw'. Did you mean 'preview'? It takes"),
        (lambda web: web.import_order(), "import_order: missing a required argument: 'order_id'."),
        (lambda web: web.worklist(1), "worklist: too many positional arguments. It takes no"),
        (lambda web: web.import_orders(ids=1), "ids: 1 must be a list of ids"),
        (lambda web: web.import_order(None), "order_id: None must be an int"),
        (
            lambda web: web.import_order("ABC7"),
            "'ABC7' is no order of this store, whose code is WEB: give its nu",
        ),
        (lambda web: web.import_orders(ids=["WEB7", "x"]), "'x' is no order: give its number in"),
        (lambda web: web.import_orders(ids="WEB7"), "ids: 'WEB7' must be a list of ids"),
        (lambda web: web.follow_orders(["x"]), "'x' is no order: give its number in"),
        (lambda web: web.follow_orders([0]), "order_ids: 0 is not an id: ids begin with 1"),
        (lambda web: web.push_shipments(order_ids=["x"]), "'x' is no order: give its number in"),
        (lambda web: web.import_orders(until=1), "until needs since"),
        (lambda web: web.reconcile(since="x"), "since: 'x' must be a date"),
        (
            lambda web: web.explain("XYZ1001"),
            "'XYZ1001' is no order of this store, whose code is WEB",
        ),
        (lambda web: web.history("WEB"), "or its Import ID, WEB1042"),
        (lambda web: web.history(None), "order_id: None must be an int"),
        (lambda web: web.settle(None), "what: None must be an item of worklist(), an order's id"),
        (lambda web: web.page(None), "path: None must be a path"),
        (lambda web: web.page("a.html", days=None), "days: None must be an int"),
        (lambda web: web.page("a.html", days=0), "days: 0 must be from 1 to 366"),
        (lambda web: web.write_journal(None), "folder: None must be a path"),
        (lambda web: web.run_cycle(None), "schedule: must be a list of jobs, not None"),
        (
            lambda web: web.run(schedule=["import_orders"]),
            "schedule: 'import_orders' is no job: write avbc.Job('import_orders')",
        ),
        (
            lambda web: web.run_cycle([avbc.Job("import_ordrs")]),
            "Orchestrator has no method 'import_ordrs' that needs no arguments. Did you mean",
        ),
        (
            lambda web: avbc.run_all([web], schedule=["x"]),
            "schedule: 'x' is no job: write avbc.Job('x')",
        ),
        (
            lambda web: web.run(schedule=[avbc.Job("x")]),
            "'x' that needs no arguments. There are capture_payments, check_setup, export_clients,",
        ),
        (lambda web: web.run(schedule=[avbc.Job("settings")]), "no method 'settings' that needs"),
        (lambda web: web.run(schedule=[avbc.Job("explain")]), "no method 'explain' that needs no"),
        (lambda web: web.run(on_report="x"), "on_report: 'x' is no function"),
        (lambda web: web.register_webhooks(None), "url: must be a text, such as 'https://"),
        (lambda web: web.register_webhooks(5), "url: must be a text, such as 'https://"),
        (lambda web: web.register_webhooks(["a"]), "url: must be a text, such as 'https://"),
        (
            lambda web: web.act_on_webhook({"scope": "store/order/created"}),
            "webhook: must be what accept_webhook(body, headers) returned, not a dict",
        ),
        (lambda web: web.act_on_webhook(None), "returned, not a NoneType"),
    ],
)
def test_a_method_of_the_orchestrator(
    fake: FakeStore, books: avbc.SqlGateway, call: Call, message: str
) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(fake.api_url))
    with avbc.Orchestrator(settings, books) as web, pytest.raises(Exception) as caught:
        call(web)
    assert message in str(caught.value)
    assert isinstance(caught.value, TypeError | ValueError)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert {Path(frame.filename).name for frame in frames} == {"test_wrong_arguments.py"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"customise": function}, "customise: must be a list of functions: write customise=[func"),
        (
            {"jurnal": "sqlite://"},
            "Orchestrator: there is no argument 'jurnal'. Did you mean 'jour",
        ),
        ({"customise_order": "x"}, "customise_order: must be a list of functions"),
        ({"customise": [1]}, "customise: 1 is no function"),
        ({"product_fields": 5}, "product_fields: must be a list of rules"),
        ({"on_progress": 5}, "on_progress: 5 is no function"),
        ({"on_attention": [function]}, "is no function"),
        ({"journal": "j.db"}, "journal: 'j.db' is no database URL: write sqlite:///j.db"),
        ({"journal": "a:secret@b"}, "journal: it is no database URL: write sqlite:///journal.db"),
        ({"journal": 5}, "journal: must be a database URL, such as 'sqlite:///journal.db', not"),
        ({"clock": 5}, "clock: must be an avbc.Clock, not a int"),
        ({"store": "abc123"}, "store: must be a BigCommerce client, not a str"),
        ({"store": FakeStore()}, "transport=fake.transport()"),
    ],
)
def test_an_orchestrator(
    fake: FakeStore, books: avbc.SqlGateway, options: Any, message: str
) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(fake.api_url))
    kind = ValueError if "database URL: write" in message else TypeError
    with pytest.raises(kind) as caught:
        avbc.Orchestrator(settings, books, **options)
    assert message in str(caught.value)
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert [frame for frame in frames if frame.filename.startswith(HOUSE)] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("import_orders", 5), "^every: 5 must be a timedelta, such as timedelta"),
        (("import_orders", timedelta(days=-1)), "^every: .* is below zero"),
        ((print,), "^method: must be a method's name, such as 'import_orders', not a builtin"),
        (("import_orders", timedelta(0), True), "^when: True is no function"),
    ],
)
def test_a_job(arguments: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        avbc.Job(*arguments)


@pytest.mark.parametrize("kind", [avbc.BigCommerce, avbc.AsyncBigCommerce])
def test_a_client_without_its_arguments_says_how_else_it_is_opened(kind: Any) -> None:
    name = kind.__name__
    with pytest.raises(TypeError) as caught:
        kind()
    assert str(caught.value) == (
        f"{name}: api_url and access_token must be given. Or open the store by "
        f"{name}.from_environment(), {name}.from_credentials_file(path) or "
        f"{name}.from_store_hash(store_hash, access_token)."
    )
    with pytest.raises(TypeError, match=f"^{name}: access_token must be given"):
        kind("https://api.bigcommerce.com/stores/abc123/v3/")


def test_an_orchestrator_that_was_closed_opens_what_it_needs(
    fake: FakeStore, books: avbc.SqlGateway
) -> None:
    with fake.serve() as served:
        web = avbc.Orchestrator(
            avbc.Settings.from_dict(example.settings_dict(served.api_url)), books
        )
        before = web.store
        for _ in range(2):
            assert web.preview_orders().imported
            web.close()
        assert web.store is not before
        web.close()


def test_an_error_of_the_application_keeps_its_frames(
    fake: FakeStore, books: avbc.SqlGateway
) -> None:
    def broken(order: object) -> Any:
        raise TypeError("of the application")

    settings = avbc.Settings.from_dict(example.settings_dict(fake.api_url))
    store = avbc.BigCommerce(fake.api_url, "example-token", transport=fake.transport())
    with (
        store,
        avbc.Orchestrator(settings, books, store=store, customise_order=[broken]) as web,
        pytest.raises(TypeError, match="of the application") as caught,
    ):
        web.explain(1001)
    assert "broken" in {frame.name for frame in traceback.extract_tb(caught.value.__traceback__)}


def test_one_orchestrator_is_no_list_of_them(fake: FakeStore, books: avbc.SqlGateway) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(fake.api_url))
    with (
        avbc.Orchestrator(settings, books) as web,
        pytest.raises(TypeError, match=r"webs: must be a list of orchestrators: write webs=\["),
    ):
        avbc.run_all(web)  # type: ignore[arg-type]  # it is wrong


@pytest.mark.parametrize(
    ("webs", "options", "message"),
    [
        ("x", {}, "webs: must be a list of orchestrators, not 'x'"),
        (None, {}, "webs: must be a list of orchestrators, not None"),
        (["x"], {}, "webs: 'x' is no orchestrator"),
        ([], {"threads": None}, "threads: None must be an int"),
        ([], {"threads": -1}, "threads: -1 must be 1 or more"),
        ([], {"on_report": "x"}, "on_report: 'x' is no function"),
        ([], {"schedule": None}, "schedule: must be a list of jobs"),
    ],
)
def test_several_timers(webs: Any, options: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=re.escape(message)):
        avbc.run_all(webs, **options)


@pytest.mark.parametrize("order", ["WEB1001", "web1001", "1001"])
def test_an_order_by_its_import_id(fake: FakeStore, books: avbc.SqlGateway, order: str) -> None:
    settings = avbc.Settings.from_dict(example.settings_dict(fake.api_url))
    store = avbc.BigCommerce(fake.api_url, "example-token", transport=fake.transport())
    with store, avbc.Orchestrator(settings, books, store=store) as web:
        assert web.explain(order).order_id == 1001
        assert web.history(order).order_id == 1001
        for preview in (web.import_orders(ids=[order, 1001], preview=True),):
            assert [each.order_id for each in preview.imported] == [1001]
        unknown = [*web.follow_orders([order], preview=True).refused]
        unknown += web.push_shipments(order_ids=[order], preview=True).refused
        assert {each.order_id for each in unknown} == {1001}


@pytest.mark.parametrize("order", [1001, "WEB1001", "web1001", "1001"])
def test_an_order_is_imported_and_settled_by_its_import_id(
    fake: FakeStore, order: int | str
) -> None:
    fake.add_order(order_of_shape("unknown_sku", OrderFactory()))
    settings = avbc.Settings.from_dict(example.settings_dict(fake.api_url))
    store = avbc.BigCommerce(fake.api_url, "example-token", transport=fake.transport())
    with (
        avbc.SqlGateway() as own,
        store,
        avbc.Orchestrator(settings, own, store=store) as web,
    ):
        own.load(example.books_toml)
        assert [each.order_id for each in web.import_order(order).refused] == [1001]
        (item,) = web.worklist().of(order)
        assert item.import_id == "WEB1001"
        assert web.settle(order).of(order) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: Payment(state="payed"), "state: 'payed' is none of paid, authorized,"),
        (lambda _: Discount("cupon_amount", Decimal(5)), "Did you mean 'coupon_amount'?"),
        (lambda _: Line("A", "A", Decimal(5), type="fysical"), "Did you mean 'physical'?"),
        (lambda fake: fake.place_order(["MUG-BLUE"]), "write [item('MUG-BLUE')]"),
        (lambda fake: fake.place_order("MUG-BLUE"), "write [item('MUG-BLUE')]"),
        (lambda fake: fake.place_order(item("MUG-BLUE")), "lines: must be a list: write [line]"),
        (lambda fake: fake.place_order([5]), "lines: 5 is no Line"),
        (lambda fake: fake.place_order(paymnt=Payment()), "Did you mean 'payment'?"),
        (lambda _: item("MUG-BLU"), "Did you mean 'MUG-BLUE'?"),
        (lambda _: item("?"), "There are MUG-BLUE,"),
        (lambda _: order_of_shape("plane"), "there is no shape 'plane'. Did you mean 'plain'?"),
        (
            lambda fake: fake.cancel_order(77),
            "no order 77: it has 1 order, from 1001 to 1001",
        ),
        (lambda fake: fake.order(77), "the store has no order 77"),
        (lambda fake: fake.edit_order(77, status_id=9), "the store has no order 77"),
        (lambda _: FakeStore().order(7), "the store has no order 7: it has no orders"),
        (lambda fake: fake.add_orders(OrderFactory().plain()), "must be a list: write [order]"),
        (lambda fake: fake.fail("/v2/orders", "429"), "Did you mean 'GET /v2/orders'?"),
        (lambda fake: fake.fail("GET /v9/ordrs"), "the store answers no request 'GET /v9/ordrs'"),
        (lambda fake: fake.edit_order(1001, status="Shipped"), "status: give status_id, such as"),
        (
            lambda fake: [fake.ship_order(1001), fake.ship_order(1001)],
            "order 1001 has nothing left to ship",
        ),
        (lambda _: item("MUG-BLUE", -2), "quantity: -2 is below zero"),
        (lambda _: item("MUG-BLUE", "2"), "quantity: '2' must be an int"),
        (lambda _: Line("A", "B", 24.0), 'price: 24.0 must be a Decimal, such as Decimal("24.00")'),
        (lambda _: Discount("manual", 5.0), "value: 5.0 must be a Decimal"),
        (lambda fake: fake.add_order([]), "order: [] is no order"),
        (lambda fake: fake.fail(times=-1), "times: -1 must be 1 or more"),
        (lambda fake: fake.fail(times=0), "times: 0 must be 1 or more"),
        (lambda fake: fake.fail(times="2"), "times: '2' must be an int"),
        (lambda fake: fake.fail(at=0), "at: 0 must be 1 or more"),
        (lambda fake: fake.fail(at=1.5), "at: 1.5 must be an int"),
        (lambda fake: fake.fail(None), "match: None must be a text"),
        (lambda fake: fake.fail("*", "slow_body", seconds=-1), "seconds: -1 must be 0 or more"),
        (lambda fake: fake.fail("*", "429", reset_ms="soon"), "reset_ms: 'soon' must be an int"),
        (lambda fake: fake.spoil_order(1001, "too_large", size=0), "size: 0 must be 1 or more"),
        (lambda fake: fake.webhook_calls(copies=0), "copies: 0 must be 1 or more"),
        (lambda fake: fake.add_products(0), "count: 0 must be 1 or more"),
        (lambda fake: fake.set_inventory("MUG-BLUE", "12"), "quantity: '12' must be an int"),
        (lambda fake: fake.block_domain("https://a.example.com", 0), "seconds: 0 must be 1 or"),
        (lambda fake: fake.set_options(quota=-1), "quota: -1 must be 0 or more"),
        (lambda fake: example.populate(fake, orders=-1), "orders: -1 must be 0 or more"),
    ],
)
def test_the_testing_kit(fake: FakeStore, call: Call, message: str) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)) as caught:
        call(fake)
    assert message in str(caught.value.args[0])


@pytest.mark.parametrize("kind", ["sql", "memory"])
@pytest.mark.parametrize(
    "call",
    [
        lambda books: books.sales_orders("WEB1"),
        lambda books: books.receipts(import_ids="WEB1"),
        lambda books: books.find_clients([], "ana@example.com"),
        lambda books: books.find_products("MUG-BLUE"),
        lambda books: books.orders_in_status("WEB", "Open"),
        lambda books: books.shipments_of("WEB1"),
        lambda books: books.products_for_store("MUG-BLUE"),
        lambda books: books.quantities_available("Main", "MUG-BLUE"),
        lambda books: books.credits("WEB1"),
    ],
)
def test_one_text_is_no_list_of_keys(books: avbc.SqlGateway, kind: str, call: Call) -> None:
    with pytest.raises(avbc.AvbcError, match="must be a list of texts, such as"):
        call(books if kind == "sql" else MemoryGateway(books.reference_data()))


def test_one_text_is_no_list_of_part_numbers(books: avbc.SqlGateway) -> None:
    with pytest.raises(avbc.AvbcError, match=r"such as \['MUG-BLUE'\]"):
        books.available("Main", "MUG-BLUE")


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_csv_without_commas(books: avbc.SqlGateway, tmp_path: Path, separator: str) -> None:
    rows = ["part_number;name;product_class;list_price", "A-1;Pot;Goods;9"]
    path = tmp_path / "products.csv"
    path.write_text("\n".join(rows).replace(";", separator), encoding="utf-8")
    with pytest.raises(avbc.AvbcError) as caught:
        books.load_products(path)
    assert len(caught.value.faults) == 1  # type: ignore[attr-defined]
    assert f"separated by {separator!r}: save it with commas" in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda books: books.set_quantity("MUG-BLUE", "Main", "many"),
            "quantity: must be a number, as a Decimal or an int, not 'many'",
        ),
        (lambda books: books.set_quantity(None, "Main", 1), "part_number: must be a text, not N"),
        (lambda books: books.add_shipment("x"), "shipment: must be a Shipment, not 'x'"),
        (lambda books: books.create_order(None), "bundle: must be an OrderBundle, not None"),
        (lambda books: books.create_credit(5), "credit: must be a Credit, not 5"),
        (lambda books: books.create_orders(None), "bundles: must be a list of OrderBundles, not N"),
        (lambda books: books.create_orders(["x"]), "bundles: must be a list of OrderBundles"),
        (lambda books: books.take_turn("nightly", 5), "wait: must be a timedelta, such as timed"),
        (lambda books: books.clients_to_export("WEB", 5), "must be a list of whole numbers, not 5"),
        (lambda books: books.clients_to_export("WEB", ["x"]), "must be a list of whole numbers"),
        (lambda books: books.sales_orders(5), "import_ids: 5 must be a list of texts, such as ["),
        (lambda books: books.set_order_status(1001, "Open"), "must be a text, not 1001"),
        (lambda books: books.bind_client("7", "WEB", 5), "client_id: must be a whole number"),
        (lambda books: books.load(None), "source: must be a file's path, its text, or a dict"),
        (lambda books: books.load(""), "cannot be read: its path is empty"),
        (lambda books: books.load_products(None), "path: must be the path of a file, not None"),
        (
            lambda books: books.load_products("part_number,name\nA,B"),
            "path: must be the path of a file, not str",
        ),
    ],
)
def test_a_method_of_the_books(books: avbc.SqlGateway, call: Call, message: str) -> None:
    with pytest.raises(avbc.AvbcError) as caught:
        call(books)
    assert message in str(caught.value)
    assert "part_number,name" not in str(caught.value)


NAIVE = datetime(2026, 1, 2)  # noqa: DTZ001  # what is refused
AWARE = datetime(2026, 1, 2, tzinfo=UTC)


def _ordered(**change: Any) -> avbc.OrderBundle:
    bundle = make_bundle(1)
    return evolve(bundle, order=evolve(bundle.order, **change))


def _credited(at: datetime) -> avbc.Credit:
    line = avbc.CreditLine("product", Decimal("9.95"))
    tender = avbc.CreditTender("Visa/MC", Decimal("9.95"))
    money = {"tax": Decimal(0), "total": Decimal("9.95"), "currency": "USD", "tenders": (tender,)}
    return avbc.Credit("WEB1-CM7", "WEB1", 7, (line,), **money, created_at=at)  # type: ignore[arg-type]  # the fields are above


def _one_time(books: Any, change: str) -> object:
    receipt = evolve(make_bundle(1).receipts[0], id=None)
    return books.update_receipt(receipt, evolve(receipt, **{change: NAIVE}))


NO_ZONE = "2026-01-02 00:00:00 has no time zone: add one, such as tzinfo=UTC"
TIMES: list[tuple[Call, str]] = [
    (lambda books: list(books.sales_orders_ordered("WEB", NAIVE, AWARE)), f"since {NO_ZONE}"),
    (lambda books: list(books.sales_orders_ordered("WEB", AWARE, NAIVE)), f"until {NO_ZONE}"),
    (
        lambda books: list(books.sales_orders_ordered("WEB", AWARE.date(), AWARE)),
        "since: must be a time with a time zone, such as datetime(2026, 1, 31, tzinfo=UTC), not",
    ),
    (lambda books: books.sales_orders_changed("WEB", NAIVE), f"since {NO_ZONE}"),
    (lambda books: books.sales_orders_changed("WEB", "2026-01-02"), "not '2026-01-02'"),
    (lambda books: books.shipments("WEB", NAIVE), f"since {NO_ZONE}"),
    (lambda books: books.receipts_authorized("WEB", NAIVE), f"before {NO_ZONE}"),
    (lambda books: books.record_capture("WEB1-1", Decimal(1), NAIVE), f"at {NO_ZONE}"),
    (lambda books: books.record_capture("WEB1-1", 1, AWARE), "amount: must be a Decimal, such as"),
    (lambda books: books.record_void("WEB1-1", NAIVE), f"at {NO_ZONE}"),
    (lambda books: _one_time(books, "voided_at"), f"receipt WEB1-1: voided_at {NO_ZONE}"),
    (
        lambda books: books.create_order(_ordered(ordered_at=NAIVE)),
        f"order WEB1: ordered_at {NO_ZONE}",
    ),
    (
        lambda books: books.create_order(_ordered(ordered_at="2026-01-02")),
        "order WEB1: ordered_at must be a time with a time zone",
    ),
    (
        lambda books: books.create_order(_ordered(ordered_on=NAIVE)),
        "order WEB1: ordered_on 2026-01-02 00:00:00 is not a day",
    ),
    (
        lambda books: books.create_order(_ordered(total=19.95)),
        "order WEB1: 19.95 must be a Decimal, such as Decimal('19.95')",
    ),
    (lambda books: books.create_credit(_credited(NAIVE)), f"WEB1-CM7: created_at {NO_ZONE}"),
    (
        lambda books: books.add_shipment(evolve(make_shipment(1), shipped_at=NAIVE)),
        f"shipment 1: shipped_at {NO_ZONE}",
    ),
    (
        lambda books: books.add_shipment(avbc.Shipment(1, "WEB1", [], [])),  # type: ignore[arg-type]
        "shipment 1 of order WEB1 has no items: say what was shipped, such as items=(",
    ),
    (
        lambda books: books.add_shipment(avbc.Shipment(1, "WEB1", (), (avbc.Parcel("1Z9"),))),
        "shipment 1 of order WEB1 has no items",
    ),
    (
        lambda books: books.add_shipment(avbc.Shipment(1, "WEB1", (avbc.ShippedItem(1, 2),))),  # type: ignore[arg-type]
        "shipment 1: 2 must be a Decimal, such as Decimal('2')",
    ),
]


@pytest.mark.parametrize("kind", ["sql", "memory"])
@pytest.mark.parametrize(("call", "message"), TIMES)
def test_a_time_or_a_record_that_no_books_can_keep(
    books: avbc.SqlGateway, kind: str, call: Call, message: str
) -> None:
    with pytest.raises(avbc.AvbcError) as caught:
        call(books if kind == "sql" else MemoryGateway(books.reference_data()))
    assert message in str(caught.value)


@pytest.mark.parametrize("day", [NAIVE, AWARE, "2026-01-02"])
def test_a_day_of_the_journal(books: avbc.SqlGateway, day: Any) -> None:
    with pytest.raises(avbc.AvbcError, match=r"must be a day, such as date\(2026, 1, 31\)"):
        books.journal_days("WEB", day)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda settings: settings.from_dict("ok.toml"),
            "data: must be a dict, not a str: Settings.l",
        ),
        (lambda settings: settings.from_dict(None), "data: must be a dict, not a NoneType"),
        (lambda settings: settings.load({"store": {}}), "path: must be a path, not a dict"),
        (lambda settings: settings.load(None), "path: must be a path, not a NoneType"),
        (lambda settings: settings.from_toml({}), "text: must be a text of TOML, not a dict"),
        (
            lambda settings: settings.load(""),
            "the file has 1 fault:\n  file: cannot be read: its path is",
        ),
    ],
)
def test_settings(call: Call, message: str) -> None:
    with pytest.raises((TypeError, avbc.AvbcError)) as caught:
        call(avbc.Settings)
    assert message in str(caught.value)

"""What an item says is all that there is to do, and following it goes well."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from inspect import signature

import pytest

from avbc.acctvantage import SqlGateway
from avbc.mapping import Problem
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.checking import Checking
from avbc.orchestrator.engine.attention import kept_problem
from avbc.settings import Settings, SettingsError
from avbc.testing import FakeStore, Line, MemoryGateway, OrderFactory, Payment, item, order_of_shape

DOWNLOADED, CANCELED = 9, 5

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

OFFLINE = Payment("Cash on Delivery", state="offline")


def unknown(sku: str) -> Line:
    return Line(sku, sku.title(), Decimal(5), product_id=9)


def test_an_item_names_all_problems_of_its_code(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    lines = [unknown("NOPE-1"), unknown("NOPE-2")]
    order_id = store.add_order(factory.order(lines, payment=OFFLINE)).id
    web.import_orders()
    (only,) = web.worklist().of(order_id)
    assert only.code == "sku_unknown"
    assert "NOPE-1" in only.message
    assert "NOPE-2" in only.message
    assert only.fix.count("import_order(") == 1
    # The same problems are the same item: it is not reported again.
    web.import_order(order_id)
    assert web.worklist().of(order_id) == [only]


@pytest.mark.parametrize("is_own", [False, True])
def test_advice_fits_the_books(
    is_own: bool, join: Join, books: SqlGateway, store: FakeStore, change: Change
) -> None:
    """Only a SqlGateway is loaded from files."""
    own = MemoryGateway(books.reference_data())
    own.add_products(books.products())
    given = own if is_own else books
    web = join(books=given)
    store.add_order(order_of_shape("unknown_sku"))
    (refused,) = web.import_orders().refused
    (waiting,) = web.worklist()
    gone = change(
        shipping={"warehouse": "Elsewhere", "default_ship_via": "Mule"}, gl={"tax_area": "Moon"}
    )
    elsewhere = join(books=given, settings=gone)
    with pytest.raises(SettingsError, match="no Warehouse 'Elsewhere'") as caught:
        elsewhere.import_orders()
    (failed,) = [each for each in elsewhere.worklist() if each.code == "run_failed"]
    (warehouse,) = [
        each for each in elsewhere.check_setup().checks if each.item == "shipping.warehouse"
    ]
    for text in (
        refused.problems[0].fix,
        waiting.fix,
        str(caught.value),
        failed.fix,
        warehouse.fix,
    ):
        assert "in AcctVantage and in the books" in text
        assert ("SqlGateway.load" in text) is not is_own, text


@pytest.mark.parametrize(
    ("fix", "expected"),
    [
        ("Create it.", "Create it. Correct what is wrong, then call import_order(7) again."),
        (
            "Enter the order by hand.",
            (
                "Enter the order by hand. Correct what is wrong, then call import_order(7) again. "
                "If you entered it by hand, call settle(7)."
            ),
        ),
        (
            "Change it by hand, then call import_order(7).",
            "Change it by hand, then call import_order(7).",
        ),
    ],
)
def test_an_order_that_keeps_its_status_is_only_imported_by_its_id(fix: str, expected: str) -> None:
    again = "Correct what is wrong, then call import_order(7) again."
    kept = Problem("status_kept", "status_id", "2", "It keeps its status.", again, "warning")
    problem = kept_problem(kept, [Problem("some_code", "", "", "It is wrong.", fix)], 7)
    assert problem.code == "status_kept"
    assert problem.message == "It is wrong. It keeps its status."
    assert problem.fix == expected


CALLS: dict[str, Callable[[Orchestrator, object], object]] = {
    "import_order": lambda web, given: web.import_order(given),  # type: ignore[arg-type]  # a caller's error
    "explain": lambda web, given: web.explain(given),  # type: ignore[arg-type]  # a caller's error
    "history": lambda web, given: web.history(given),  # type: ignore[arg-type]  # a caller's error
    "import_orders": lambda web, given: web.import_orders(ids=[given]),  # type: ignore[list-item]  # a caller's error
    "follow_orders": lambda web, given: web.follow_orders([given]),  # type: ignore[list-item]  # a caller's error
    "push_shipments": lambda web, given: web.push_shipments(order_ids=[given]),  # type: ignore[list-item]  # a caller's error
    "export_clients": lambda web, given: web.export_clients([given]),  # type: ignore[list-item]  # a caller's error
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("given", "error"),
    [(10.5, TypeError), (True, TypeError), (None, TypeError), (-1, ValueError)],
)
def test_an_id_that_is_none_is_refused_at_once(
    web: Orchestrator, store: FakeStore, method: str, given: object, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"^(order_id|order_ids|ids|client_ids): "):
        CALLS[method](web, given)
    assert store.counts() == {}


@pytest.mark.parametrize("method", ["import_order", "import_orders", "follow_orders"])
def test_a_text_that_names_no_order_is_refused_at_once(
    web: Orchestrator, store: FakeStore, method: str
) -> None:
    with pytest.raises(ValueError, match=r"^'MUG-1' is no order: give its number in BigCommerce"):
        CALLS[method](web, "MUG-1")
    assert store.counts() == {}


def test_text_is_no_id_of_a_client(web: Orchestrator) -> None:
    with pytest.raises(TypeError, match=r"^client_ids: "):
        web.export_clients(["1001"])  # type: ignore[list-item]  # a caller's error


@pytest.mark.parametrize("given", ["12", 12])
def test_one_id_is_no_list_of_ids(web: Orchestrator, given: object) -> None:
    with pytest.raises(TypeError, match="client_ids"):
        web.export_clients(given)  # type: ignore[arg-type]  # a caller's error
    with pytest.raises(TypeError, match="order_ids"):
        web.push_shipments(order_ids=given)  # type: ignore[arg-type]  # a caller's error


PERIODS: dict[str, Callable[[Orchestrator, object], object]] = {
    "reconcile": lambda web, given: web.reconcile(given),  # type: ignore[arg-type]  # a caller's error
    "backtest": lambda web, given: web.backtest(web.settings, given),  # type: ignore[arg-type]  # a caller's error
    "import_orders": lambda web, given: web.import_orders(since=given),  # type: ignore[arg-type]  # a caller's error
    "import_refunds": lambda web, given: web.import_refunds(since=given),  # type: ignore[arg-type]  # a caller's error
}


@pytest.mark.parametrize("method", PERIODS)
@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("2026-01-01", TypeError),
        (20260101, TypeError),
        (True, TypeError),
        (datetime(2026, 1, 1), ValueError),  # noqa: DTZ001  # what is refused
    ],
)
def test_a_time_that_is_none_is_refused_at_once(
    web: Orchestrator, store: FakeStore, method: str, given: object, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"^since: "):
        PERIODS[method](web, given)
    assert store.counts() == {}


@pytest.mark.parametrize("method", PERIODS)
def test_a_day_of_the_store_is_a_time(join: Join, change: Change, method: str) -> None:
    PERIODS[method](join(settings=change(gl={"import_refunds": True})), date(2026, 1, 1))


FLAGS: dict[str, Callable[..., object]] = {
    "preview_orders": lambda web, **flag: web.preview_orders(**flag),
    "import_orders": lambda web, **flag: web.import_orders(**flag),
    "import_order": lambda web, **flag: web.import_order(1001, **flag),
    "follow_orders": lambda web, **flag: web.follow_orders(**flag),
    "push_products": lambda web, **flag: web.push_products(**flag),
    "push_inventory": lambda web, **flag: web.push_inventory(**flag),
    "export_clients": lambda web, **flag: web.export_clients(**flag),
    "push_order_statuses": lambda web, **flag: web.push_order_statuses(**flag),
    "pull_order_statuses": lambda web, **flag: web.pull_order_statuses(**flag),
    "push_shipments": lambda web, **flag: web.push_shipments(**flag),
    "capture_payments": lambda web, **flag: web.capture_payments(**flag),
    "take_answers": lambda web, **flag: web.take_answers(**flag),
    "import_refunds": lambda web, **flag: web.import_refunds(**flag),
    "reconcile": lambda web, **flag: web.reconcile(date(2026, 1, 1), **flag),
    "backtest": lambda web, **flag: web.backtest(web.settings, date(2026, 1, 1), **flag),
    "register_webhooks": lambda web, **flag: web.register_webhooks("https://a.example", **flag),
}


def _flags() -> list[tuple[str, str]]:
    """Every argument of the public methods that is True or False."""
    return [
        (method, name)
        for method, function in vars(Orchestrator).items() | vars(Checking).items()
        if not method.startswith("_") and callable(function)
        for name, parameter in signature(function).parameters.items()
        if parameter.annotation == "bool"
    ]


@pytest.mark.parametrize("given", ["yes", "", None, 1, 0])
@pytest.mark.parametrize(("method", "flag"), sorted(_flags()))
def test_a_flag_that_is_none_is_refused_at_once(
    web: Orchestrator, store: FakeStore, method: str, flag: str, given: object
) -> None:
    with pytest.raises(TypeError, match=rf"^{flag}: {given!r} must be True or False$"):
        FLAGS[method](web, **{flag: given})
    assert store.counts() == {}


@pytest.mark.parametrize("option", ["customise", "customise_order"])
def test_a_customisation_that_is_none_is_refused_at_once(join: Join, option: str) -> None:
    for given in ("x", [5], [None]):
        with pytest.raises(TypeError, match=rf"^{option}: "):
            join(**{option: given})


def test_a_period_does_not_end_before_it_begins(web: Orchestrator) -> None:
    since, until = datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    for call in (web.reconcile, lambda *at: web.backtest(web.settings, *at)):
        with pytest.raises(ValueError, match=r"until: .* is before since"):
            call(since, until)
    with pytest.raises(ValueError, match=r"until: .* is before since"):
        web.import_orders(since=since, until=until)


def test_named_orders_that_are_not_in_the_books_are_reported(
    web: Orchestrator, store: FakeStore
) -> None:
    for report in (web.push_shipments(order_ids=[9999]), web.follow_orders([9999])):
        (change,) = report.refused
        assert change.problems[0].code == "order_unknown"
        assert "import_order(9999)" in change.problems[0].fix
    (change,) = web.export_clients([9999]).refused
    assert change.problems[0].fix
    # A wrong number waits for no one.
    assert web.worklist().ok
    store.clear_log()
    web.follow_orders(range(1, 5000))
    assert sum(store.counts().values()) < 30


def test_the_explanation_of_an_imported_order_does_not_advise_importing_it(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(factory.plain()).id
    web.import_orders()
    text = str(web.explain(order_id))
    assert text.startswith(f"Order {order_id} as WEB{order_id}: ")
    assert " Imported 20" in text
    assert "import_order(" not in text
    store.refund(order_id)
    explained = web.explain(order_id)
    assert "nothing is decided" not in str(explained)
    assert [problem for problem in explained.problems if problem.fix] == []


def test_the_history_says_what_a_person_settled_and_that_the_order_goes_on(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    order_id = store.add_order(factory.plain()).id
    web.import_orders()
    web.follow_orders()
    for status_id in (CANCELED, DOWNLOADED, CANCELED):
        store.edit_order(order_id, status_id=status_id)
        web.follow_orders()
        if status_id == CANCELED:
            web.settle(order_id)
    found = [(each.action, each.outcome) for each in web.history(order_id).entries]
    refused, settled = ("follow_orders", "refused"), ("settle", "settled")
    assert found[1:] == [refused, settled, ("follow_orders", "settled"), refused, settled]
    assert "canceled" in web.history(order_id).entries[2].detail


def test_a_refused_order_that_is_gone_waits_no_more(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    def cycle() -> None:
        web.import_orders()
        web.follow_orders()

    first = store.add_order(factory.order([unknown("NOPE")], payment=OFFLINE)).id
    cycle()
    assert [each.order_id for each in web.worklist()] == [first]
    store.delete_order(first)
    cycle()
    assert web.worklist().ok
    # Later ones, too, and without a look at all orders.
    second = store.add_order(factory.order([unknown("NOPE")], payment=OFFLINE)).id
    cycle()
    assert [each.order_id for each in web.worklist()] == [second]
    store.delete_order(second)
    cycle()
    assert web.worklist().ok


def test_units_taken_from_an_order_that_is_picked_are_a_warning(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, books: SqlGateway
) -> None:
    orders = [store.add_order(factory.order([item("MUG-RED", 2)])) for _ in range(2)]
    web.import_orders()
    web.follow_orders()
    books.set_order_status(f"WEB{orders[0].id}", "Picked")
    for order in orders:
        store.refund(order.id, items={order.products[0]["id"]: 1})
    sent = {each.order_id: each for each in web.follow_orders().sent}
    (problem,) = sent[orders[0].id].problems
    assert problem.code == "left_to_ship_lowered"
    assert "is Picked" in problem.message
    assert sent[orders[1].id].problems == ()
    assert "left_to_ship_lowered" not in {each.code for each in web.worklist()}


def test_reconcile_advises_no_job_that_changes_nothing(
    join: Join, change: Change, store: FakeStore, factory: OrderFactory
) -> None:
    web = join(settings=change(gl={"credit_card_transactions_are_preauthorizations": True}))
    order = store.add_order(factory.order([item("MUG-RED")], payment=Payment(state="authorized")))
    web.import_orders()
    store.edit_order(order.id, payment_status="declined")
    web.follow_orders()
    web.reconcile(datetime(2020, 1, 1, tzinfo=UTC))
    (differs,) = (each for each in web.worklist() if each.code == "order_differs")
    assert "follow_orders" not in differs.fix
    assert f"settle({order.id})" in differs.fix


def test_an_authorization_that_no_one_captures_waits_for_a_person(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, books: SqlGateway
) -> None:
    payment, now = Payment(state="authorized"), datetime.now(UTC)
    order = store.add_order(factory.order([item("MUG-RED")], payment=payment, created=now))
    web.import_orders()
    web.follow_orders()
    assert web.worklist().ok
    books.set_order_status(f"WEB{order.id}", "Shipped/Invoice")
    store.edit_order(order.id, status_id=2)
    report = web.follow_orders()
    # Nothing is refused: the authorization is as good as it was.
    assert (len(report.refused), "refused" in str(report)) == (1, False)
    assert re.search(r"for a person 1\b.*\n\nresult .*\nfor a person +WEB", str(report))
    (waiting,) = web.worklist()
    assert waiting.code == "payment_not_received"
    assert "Capture the payment in BigCommerce" in waiting.fix
    web.store.payment_actions.capture(order.id)
    web.store.orders.get(order.id)  # The gateway captures meanwhile.
    web.follow_orders()
    assert [receipt.state for receipt in books.receipts()] == ["captured"]
    assert web.worklist().ok


def test_an_old_authorization_waits_for_a_person_before_its_order_is_shipped(
    web: Orchestrator, store: FakeStore, factory: OrderFactory
) -> None:
    payment, then = Payment(state="authorized"), datetime.now(UTC) - timedelta(days=20)
    store.add_order(factory.order([item("MUG-RED")], payment=payment, created=then))
    web.import_orders()
    web.follow_orders()
    assert [each.code for each in web.worklist()] == ["payment_not_received"]
    assert f"since {then:%Y-%m-%d}" in web.worklist().items[0].message

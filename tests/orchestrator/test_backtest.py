"""What other settings would change is told order by order, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import OrderBundle
from avbc.bigcommerce import StoreUnavailable, TokenRefused
from avbc.bigcommerce.models import Order
from avbc.errors import TransientError
from avbc.orchestrator import BacktestReport, Orchestrator
from avbc.settings import ImportWhen, PaymentMethodMapping, Settings
from avbc.testing import (
    FakeOrder,
    FakeStore,
    OrderFactory,
    Payment,
    item,
    order_of_shape,
    orders_of_every_shape,
)
from avbc.testing.example import plain_orders
from avbc.testing.shapes import NEW_COUPON

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
LIST = "GET /v2/orders"

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@pytest.fixture
def imported(store: FakeStore, web: Orchestrator) -> list[FakeOrder]:
    """Six orders that are in the books."""
    orders = [store.add_order(order) for order in plain_orders(6)]
    assert len(web.import_orders().imported) == 6
    store.clear_log()
    return orders


def without(settings: Settings, method: str) -> dict[str, object]:
    return {
        "payment_methods": tuple(
            row for row in settings.gl.payment_methods if row.bigcommerce != method
        )
    }


def test_the_same_settings_change_nothing(
    web: Orchestrator, store: FakeStore, books: SqlGateway, change: Change
) -> None:
    orders = [store.add_order(order) for order in orders_of_every_shape()]
    web.import_orders()
    before = books.sales_orders(), books.clients(), books.promotions(), books.ship_vias()
    store.clear_log()
    report = web.backtest(change(), SINCE)
    assert (report.changed, report.unread, report.ok) == ([], [], True)
    assert report.unchanged == len(orders)
    assert (books.sales_orders(), books.clients(), books.promotions(), books.ship_vias()) == before
    assert {entry.method for entry in store.log} == {"GET"}
    assert str(report).startswith(
        f"Under the other settings 0 of {len(orders)} orders would be changed."
    )


def test_fields_that_would_differ(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder], change: Change
) -> None:
    other = change(
        gl={
            "payment_methods": (
                PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Check"),
            )
        },
        order_status={"new_sales_order_status": "Committed"},
    )
    report = web.backtest(other, SINCE)
    cards = [order for order in imported if order.header["payment_method"] == "Credit Card"]
    assert len(report.changed) == 6
    assert len(report.newly_refused) == 6 - len(cards)
    found = next(found for found in report.changed if found.order_id == cards[0].id)
    assert (found.before, found.after, found.problems) == ("imported", "imported", ())
    assert {
        effect.field: (effect.before, effect.after, effect.setting) for effect in found.effects
    } == {
        "status": ("Open", "Committed", "order_status.new_sales_order_status"),
        "receipts[0].receipt_type": ("Visa/MC", "Check", "gl.payment_methods"),
    }
    assert report.fields() == {"status": len(cards), "receipts[].receipt_type": len(cards)}
    assert "status: Open -> Committed (order_status.new_sales_order_status)" in str(report)
    assert store.counts() == {LIST: 1}


def test_orders_that_would_be_refused_or_come_in(
    join: Join, store: FakeStore, imported: list[FakeOrder], change: Change
) -> None:
    settings = change()
    narrow = change(gl=without(settings, "Credit Card"))
    report = join().backtest(narrow, SINCE)
    assert [found.order_id for found in report.newly_refused] == [order.id for order in imported]
    assert {problem.code for found in report.changed for problem in found.problems} == {
        "payment_method_unmapped"
    }
    assert not report.ok
    assert "imported no more 6" in str(report)
    assert "imported -> refused" in str(report)
    other_way = join(settings=narrow).backtest(settings, SINCE)
    assert [found.order_id for found in other_way.newly_imported] == [
        order.id for order in imported
    ]
    assert other_way.ok
    assert "solved: The payment method" in str(other_way)
    row = other_way.to_dicts()[0]
    assert (row["before"], row["after"], row["effects"], row["problems"]) == (
        "refused",
        "imported",
        [],
        [],
    )
    assert other_way.to_frame()["order_id"].tolist() == [order.id for order in imported]
    assert ">refused -&gt; imported</td>" in other_way._repr_html_()


def test_an_order_that_stays_refused_for_fewer_reasons(
    join: Join, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    store.add_order(order_of_shape("unknown_sku", factory))
    report = join(settings=change(gl=without(change(), "Credit Card"))).backtest(change(), SINCE)
    (found,) = report.changed
    assert (found.before, found.after) == ("refused", "refused")
    assert [problem.code for problem in found.solved] == ["payment_method_unmapped"]
    assert report.ok


def test_the_date_from_which_orders_are_imported(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    early = store.add_order(factory.order([item("MUG-RED")], created=SINCE))
    store.add_order(factory.order([item("MUG-RED")], created=SINCE + timedelta(days=9)))
    other = change(order_status={"import_orders_created_since": SINCE + timedelta(days=5)})
    report = web.backtest(other, SINCE)
    assert [(found.order_id, found.before, found.after) for found in report.changed] == [
        (early.id, "imported", "left out")
    ]
    assert report.unchanged == 1
    both = change(
        order_status={
            "import_orders_created_since": SINCE + timedelta(days=5),
            "match_clients_by_email": False,
        }
    )
    assert early.id not in {
        found.order_id for found in web.backtest(both, SINCE + timedelta(days=1)).changed
    }


def test_a_box_that_makes_another_receipt(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    store.add_order(factory.order([item("MUG-RED")], payment=Payment(state="authorized")))
    report = web.backtest(
        change(gl={"credit_card_transactions_are_preauthorizations": True}), SINCE
    )
    (found,) = report.changed
    assert {effect.field for effect in found.effects} == {
        "receipts[0].state",
        "receipts[0].pre_auth_amount",
    }
    # The warning that nothing was captured goes with it.
    assert [problem.code for problem in found.solved] == ["payment_not_captured"]


def test_matching_by_email(
    web: Orchestrator, store: FakeStore, imported: list[FakeOrder], change: Change
) -> None:
    """Guests would be clients of their own."""
    report = web.backtest(change(order_status={"match_clients_by_email": False}), SINCE)
    assert {effect.field for found in report.changed for effect in found.effects} >= {
        "client_id",
        "new_client",
    }


def test_orders_that_no_store_imports_are_not_looked_at(
    join: Join, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    for status_id in (0, 1, 5, 6, 7):
        store.add_order(factory.order([item("MUG-RED")], status_id=status_id))
    narrow = change(gl=without(change(), "Credit Card"))
    assert join().backtest(narrow, SINCE).changed == []
    # Where the store only authorizes, orders wait in Awaiting Payment.
    waiting = join(settings=change(order_status={"new_order_status": "Awaiting Payment"}))
    assert len(waiting.backtest(narrow, SINCE).changed) == 1


def test_coupons_are_read_once_for_both(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    store.add_order(factory.order([item("TOWEL-ST")], discounts=[NEW_COUPON]))
    report = web.backtest(change(gl={"default_discount_gl_code": "25500-000-000"}), SINCE)
    assert store.counts() == {LIST: 1, "GET /v2/orders/{id}/coupons": 1}
    assert {effect.field for effect in report.changed[0].effects} == {
        "discounts[0].gl_code",
        "new_promotions[0].gl_code",
    }
    assert (
        "discounts[0].gl_code: 40200-000-000 -> 25500-000-000 (gl.default_discount_gl_code)"
        in str(report)
    )


def test_the_period(
    web: Orchestrator, books: SqlGateway, imported: list[FakeOrder], change: Change
) -> None:
    made = [order.ordered_at for order in books.sales_orders()]
    assert made[1] is not None
    report = web.backtest(change(shipping={"warehouse": "Nowhere"}), made[1], made[3])
    assert [found.order_id for found in report.changed] == [order.id for order in imported[1:4]]
    assert report.shown()[0]["fate"] == "imported -> refused"


def test_customisations_are_applied_on_both_sides(
    join: Join, store: FakeStore, imported: list[FakeOrder], change: Change
) -> None:
    def memo(order: Order, bundle: OrderBundle) -> OrderBundle:
        return attrs.evolve(
            bundle, order=attrs.evolve(bundle.order, memo=f"{bundle.order.status} {order.id}")
        )

    report = join(customise=[memo]).backtest(
        change(order_status={"new_sales_order_status": "Committed"}), SINCE
    )
    assert {effect.field for found in report.changed for effect in found.effects} == {
        "status",
        "memo",
    }


# What goes wrong on the way


def test_orders_that_cannot_be_looked_at(
    join: Join, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    long = store.add_order(order_of_shape("long", factory))
    couponed = store.add_order(factory.order([item("TOWEL-ST")], discounts=[NEW_COUPON]))
    unreadable = store.add_order(order_of_shape("null_total", factory))
    broken = store.add_order(factory.plain())

    def breaks(order: Order, bundle: OrderBundle) -> OrderBundle:
        if order.id == broken.id:
            raise ZeroDivisionError("oh")
        return bundle

    store.fail("GET /v2/orders/*/products", "503")
    store.fail("GET /v2/orders/*/coupons", "503")
    report = join(customise=[breaks]).backtest(change(), SINCE)
    assert {each.order_id: each.problem.code for each in report.unread} == {
        long.id: "store_failed",
        couponed.id: "store_failed",
        broken.id: "unexpected_error",
    }
    assert (report.unchanged, report.ok) == (1, False)
    assert unreadable.id not in {found.order_id for found in report.changed}
    assert "3 could not be mapped" in str(report)
    assert [row["fate"] for row in report.shown()] == ["not mapped"] * 3
    assert len(report.to_dicts()) == 3


def test_a_customisation_that_has_to_wait(
    join: Join, imported: list[FakeOrder], change: Change
) -> None:
    def waits(_: Order, bundle: OrderBundle) -> OrderBundle:
        raise TransientError("the service is away")

    assert [
        each.problem.code for each in join(customise=[waits]).backtest(change(), SINCE).unread
    ] == ["try_again"] * 6


def test_the_store_goes_away(join: Join, store: FakeStore, change: Change) -> None:
    for order in plain_orders(300):
        store.add_order(order)
    store.fail("GET /v2/orders", "503")
    web = join()
    with pytest.raises(StoreUnavailable):
        web.backtest(change(), SINCE)
    store.fail("GET /v2/orders", "503", at=2)
    report = web.backtest(change(), SINCE)
    assert report.unchanged == 250
    assert "Stopped early" in str(report)


def test_a_token_that_is_refused_in_the_middle(
    join: Join, store: FakeStore, factory: OrderFactory, change: Change
) -> None:
    for _ in range(2):
        store.add_order(factory.order([item("TOWEL-ST")], discounts=[NEW_COUPON]))
    web = join()
    send = web.store.send

    def revoked(call: object) -> object:
        store.access_token = "another"
        return send(call)  # type: ignore[call-overload]  # passed on as it is

    web.store.send = revoked  # type: ignore[method-assign,assignment]  # the token is revoked after the list was read
    report = web.backtest(change(), SINCE)
    assert (report.unread, report.unchanged) == ([], 0)
    assert "401" in report.stopped
    with pytest.raises(TokenRefused):
        web.backtest(change(), SINCE)


def test_a_stop_and_the_progress(join: Join, store: FakeStore, change: Change) -> None:
    for order in plain_orders(300):
        store.add_order(order)
    told: list[tuple[int, int | None, str]] = []
    web = join(on_progress=lambda *progress: told.append(progress))
    assert web.backtest(change(), SINCE).unchanged == 300
    assert told == [(250, None, "Mapping orders"), (300, None, "Mapping orders")]
    stopped = join(on_progress=lambda *_: stopped.stop())
    with stopped.stop_request.listening():
        report = stopped.backtest(change(), SINCE)
    assert (report.unchanged, report.stopped) == (250, "a stop was asked for")


def test_times_have_a_zone(web: Orchestrator, change: Change) -> None:
    with pytest.raises(ValueError, match="time zone"):
        web.backtest(change(), datetime(2026, 3, 1))  # noqa: DTZ001  # what is refused


def test_an_empty_period() -> None:
    report = BacktestReport(SINCE)
    assert str(report) == "Nothing was compared: no orders were made in this period."
    assert report.to_frame().columns.tolist() == list(report.columns)
    assert Decimal(len(list(report))) == 0


def held_back(settings: Settings, method: str, when: ImportWhen) -> dict[str, object]:
    rows = settings.gl.payment_methods
    return {
        "payment_methods": tuple(
            attrs.evolve(row, import_when=when) if row.bigcommerce == method else row
            for row in rows
        )
    }


def test_orders_that_a_rule_would_hold_back_and_let_go(
    join: Join, web: Orchestrator, store: FakeStore, settings: Settings, change: Change
) -> None:
    factory = OrderFactory()
    authorized = store.add_order(
        factory.order([item("MUG-RED")], payment=Payment(state="authorized"))
    )
    paid = store.add_order(factory.order([item("MUG-RED")]))
    assert len(web.import_orders().imported) == 2
    store.clear_log()
    other = change(gl=held_back(settings, "Credit Card", "paid"))
    report = web.backtest(other, SINCE)
    (moved,) = report.changed
    assert (moved.order_id, moved.before, moved.after) == (authorized.id, "imported", "waiting")
    assert [problem.code for problem in moved.problems] == ["order_waits_for_payment"]
    assert (report.newly_waiting, report.newly_refused, report.unchanged) == ([moved], [], 1)
    assert not report.ok
    assert "held back 1" in report.summary()
    assert "imported -> waiting" in str(report)
    assert set(store.counts()) == {LIST}
    # And back.
    back = join(settings=other).backtest(change(), SINCE)
    (moved,) = back.newly_imported
    assert (moved.order_id, moved.before, moved.after) == (authorized.id, "waiting", "imported")
    assert [problem.code for problem in moved.solved] == ["order_waits_for_payment"]
    assert (back.ok, back.newly_waiting) == (True, [])
    never = web.backtest(change(gl=held_back(settings, "Credit Card", "never")), SINCE)
    assert [each.order_id for each in never.newly_waiting] == [authorized.id, paid.id]
    same = join(settings=other).backtest(other, SINCE)
    assert (same.changed, same.unchanged) == ([], 2)


def test_an_order_that_was_not_paid_at_its_import_would_have_been_held_back(
    join: Join, store: FakeStore, settings: Settings, change: Change
) -> None:
    """Its status is our own by now, which is no word about money."""
    cash = Payment("Cash on Delivery", "", "offline")
    order = store.add_order(OrderFactory().order([item("MUG-RED")], payment=cash, status_id=7))
    status = {"new_order_status": "Awaiting Payment"}
    web = join(settings=change(order_status=status))
    assert len(web.import_orders().imported) == 1
    other = change(order_status=status, gl=held_back(settings, cash.method, "paid"))
    (moved,) = web.backtest(other, SINCE).newly_waiting
    assert moved.order_id == order.id
    # A person moved it on: it was paid.
    store.edit_order(order.id, status_id=8)
    assert web.backtest(other, SINCE).newly_waiting == []
    # Looking at it changed nothing of what is remembered.
    assert web.backtest(other, SINCE).unchanged == 1


def test_a_payment_that_only_its_transactions_know_is_no_refusal(
    web: Orchestrator, store: FakeStore, factory: OrderFactory, settings: Settings, change: Change
) -> None:
    """A backtest reads no transactions: the order's header is what it has."""
    order = factory.order([item("LAMP-01")])
    order.header["payment_status"] = ""
    store.add_order(order)
    report = web.backtest(change(gl=without(settings, "Credit Card")), since=SINCE)
    assert [found.order_id for found in report.newly_refused] == [order.id]
    assert not any("/transactions" in request.path for request in store.log)

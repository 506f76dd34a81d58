"""The advice about payments after the import is followed to its end: then nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import SqlGateway
from avbc.acctvantage.records import Receipt
from avbc.acctvantage.sql import schema
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item

Change = Callable[..., Settings]
Join = Callable[..., Orchestrator]
NEW, CANCELED = 11, 5
_PARTLY = "payment_partly_captured"


@attrs.define
class World:
    """An order that is in the books and was followed once."""

    store: FakeStore
    books: SqlGateway
    web: Orchestrator
    order: FakeOrder
    advice: str = ""
    """Of the import's warning, if it had one."""

    @property
    def receipts(self) -> list[Receipt]:
        return self.books.receipts([f"WEB{self.order.id}"])

    @property
    def total(self) -> Decimal:
        return self.books.sales_orders([f"WEB{self.order.id}"])[0].total

    def happens(self, event: str, status: str, **changes: object) -> None:
        """Let the gateway do something with the payment."""
        own = self.store.order(self.order.id)
        authorization = own.transactions[0]["id"]
        reference = {} if event == "authorization" else {"reference_transaction_id": authorization}
        made = self.store.state.add_transaction(own, own.transactions[0], event=event, **changes)
        made.update({"gateway_transaction_id": f"gw-{made['id']}", **reference})
        self.store.edit_order(self.order.id, payment_status=status)

    def correct(self, **values: object) -> None:
        """Change the receipt in AcctVantage."""
        with self.books.engine.begin() as connection:
            connection.execute(
                sa.update(schema.receipts)
                .where(schema.receipts.c.import_id == f"WEB{self.order.id}-1")
                .values(**values)
            )

    def enter(self, amount: Decimal) -> None:
        """Enter a receipt in AcctVantage."""
        number = len(self.receipts)
        with self.books.engine.begin() as connection:
            row = dict(
                connection.execute(sa.select(schema.receipts)).mappings().first() or {},
                import_id=f"AV-{number}",
                receipt_type="Check",
                state="captured",
                amount=amount,
                pre_auth_amount=Decimal(0),
                store_payment_method="",
            )
            del row["id"]
            connection.execute(sa.insert(schema.receipts).values(**row))

    def waits(self) -> dict[str, str]:
        """Follow, and return what waits with its advice."""
        self.web.follow_orders()
        return {each.code: each.fix for each in self.web.worklist().of(self.order.id)}


@pytest.fixture
def world(
    store: FakeStore, books: SqlGateway, join: Join, change: Change, factory: OrderFactory
) -> Callable[..., World]:
    def made(*, box: bool = True) -> World:
        gl = {"credit_card_transactions_are_preauthorizations": box}
        web = join(settings=change(gl=gl))
        payment = Payment(state="authorized")
        order = factory.order([item("MUG-RED", 2)], payment=payment, created=datetime.now(UTC))
        found = World(store, books, web, store.add_order(order))
        (imported,) = web.import_orders().imported
        found.advice = " ".join(problem.fix for problem in imported.problems)
        assert found.waits() == {}
        return found

    return made


def test_a_payment_that_was_not_captured_is_captured_in_the_panel(
    world: Callable[..., World],
) -> None:
    made = world(box=False)
    assert "Capture it in BigCommerce" in made.advice
    assert made.receipts[0].state == "pending"
    made.happens("capture", "captured")
    assert made.waits() == {}
    assert (made.receipts[0].state, made.receipts[0].amount) == ("captured", made.total)


def test_a_payment_that_was_not_captured_is_captured_by_acctvantage(
    world: Callable[..., World], join: Join, change: Change
) -> None:
    made = world(box=False)
    assert f"call follow_orders([{made.order.id}])" in made.advice
    made.web = join(settings=change(gl={"credit_card_transactions_are_preauthorizations": True}))
    assert len(made.web.follow_orders([made.order.id]).sent) == 1
    assert made.receipts[0].state == "pre_authorized"
    made.books.want_capture(made.receipts[0].import_id)
    made.web.capture_payments()
    made.store.settle()
    made.web.capture_payments()
    assert (made.receipts[0].state, made.receipts[0].amount) == ("captured", made.total)
    assert made.waits() == {}


@pytest.mark.parametrize("how", ["cancel", "enter"])
@pytest.mark.parametrize(
    ("event", "status", "code"),
    [
        ("void", "void", "payment_void_after_import"),
        ("odd", "declined", "payment_declined_after_import"),
    ],
)
def test_goods_that_would_go_out_unpaid(
    world: Callable[..., World], event: str, status: str, code: str, how: str
) -> None:
    made = world()
    made.happens(event, status)
    waits = made.waits()
    assert list(waits) == [code]
    assert "Cancel the order in BigCommerce, or enter the receipt of another" in waits[code]
    if how == "cancel":
        made.store.edit_order(made.order.id, status_id=CANCELED)
        assert list(made.waits()) == ["order_stopped_in_store"]
    else:
        made.enter(made.total)
        assert made.waits() == {}


def test_a_capture_of_another_amount(world: Callable[..., World]) -> None:
    made = world()
    made.happens("capture", "captured", amount=150.25)
    waits = made.waits()
    assert list(waits) == ["receipt_amount_differs"]
    assert "correct the receipt in AcctVantage" in waits["receipt_amount_differs"]
    made.correct(state="captured", amount=Decimal("150.25"), pre_auth_amount=Decimal(0))
    assert made.waits() == {}


@pytest.mark.parametrize("box", [True, False])
def test_the_rest_of_a_payment_waits_until_it_is_settled(
    world: Callable[..., World], *, box: bool
) -> None:
    made = world(box=box)
    made.happens("capture", "captured", amount=1.5)
    waits = made.waits()
    assert list(waits) == ["payment_partly_captured"]
    rest = made.total - Decimal("1.50")
    assert f"Capture {rest} more at the gateway: the next follow_orders()" in waits[_PARTLY]
    assert f"enter a receipt over {rest} in AcctVantage" in waits[_PARTLY]
    (receipt,) = made.receipts
    assert (receipt.state, receipt.amount) == ("captured", Decimal("1.50"))
    # A comparison of both systems says the same, and no second time on the worklist.
    assert not made.web.reconcile(since=datetime(2026, 1, 1, tzinfo=UTC)).ok
    assert list(made.waits()) == ["payment_partly_captured"]
    made.happens("capture", "captured", amount=0.5)
    assert f"enter a receipt over {rest - Decimal('0.50')}" in made.waits()[_PARTLY]
    made.happens("capture", "captured", amount=float(rest - Decimal("0.50")))
    assert made.waits() == {}
    assert [one.amount for one in made.receipts] == [made.total]


def test_the_rest_of_a_payment_is_entered_by_a_person(world: Callable[..., World]) -> None:
    made = world()
    made.happens("capture", "captured", amount=1.5)
    assert list(made.waits()) == [_PARTLY]
    rest = made.total - Decimal("1.50")
    made.enter(rest - Decimal("0.01"))
    assert "enter a receipt over 0.01" in made.waits()[_PARTLY]
    made.enter(Decimal("0.01"))
    assert made.waits() == {}


def test_the_rest_of_a_payment_is_captured_after_its_receipt_was_posted(
    world: Callable[..., World],
) -> None:
    made = world()
    made.happens("capture", "captured", amount=1.5)
    assert list(made.waits()) == [_PARTLY]
    made.correct(posted=True)
    rest = made.total - Decimal("1.50")
    made.happens("capture", "captured", amount=float(rest))
    waits = made.waits()
    assert list(waits) == ["receipt_amount_differs"]
    assert f"Enter a receipt over {rest} in AcctVantage." in waits["receipt_amount_differs"]
    made.enter(rest)
    assert made.waits() == {}


def test_an_order_that_is_lowered_to_what_was_captured(world: Callable[..., World]) -> None:
    made = world()
    lower = OrderFactory(first_id=made.order.id).order([item("MUG-RED", 1)])
    total = Decimal(str(lower.header["total_inc_tax"]))
    made.happens("capture", "captured", amount=float(total))
    waits = made.waits()
    assert list(waits) == [_PARTLY]
    assert "lower the order in BigCommerce to what was captured" in waits[_PARTLY]
    kept = made.store.order(made.order.id)
    lower.transactions[:] = kept.transactions
    status = {name: kept.header[name] for name in ("status_id", "status", "custom_status")}
    lower.header.update(status, payment_status="captured")
    made.store.add_order(lower)
    assert len(made.web.import_order(made.order.id).updated) == 1
    assert made.waits() == {}
    assert [one.amount for one in made.receipts] == [total] == [made.total]


def test_a_receipt_that_is_posted(world: Callable[..., World]) -> None:
    made = world()
    made.correct(posted=True)
    made.happens("capture", "captured")
    waits = made.waits()
    assert list(waits) == ["receipt_cannot_follow"]
    assert f"the payment of {made.total} is captured" in waits["receipt_cannot_follow"]
    made.correct(state="captured", amount=made.total)
    assert made.waits() == {}


def test_a_payment_after_a_void(world: Callable[..., World]) -> None:
    made = world()
    made.happens("void", "void")
    assert list(made.waits()) == ["payment_void_after_import"]
    made.happens("purchase", "captured")
    waits = made.waits()
    assert list(waits) == ["receipt_missing"]
    assert f"Enter a receipt over {made.total}" in waits["receipt_missing"]
    made.enter(made.total)
    assert made.waits() == {}


def test_money_that_a_person_recorded_and_the_store_gave_back(
    world: Callable[..., World],
) -> None:
    made = world()
    made.correct(state="captured", amount=made.total)
    made.happens("void", "void")
    waits = made.waits()
    assert list(waits) == ["receipt_not_backed"]
    made.correct(state="voided", amount=Decimal(0))
    # What was hidden by it: the order is unpaid.
    assert list(made.waits()) == ["payment_void_after_import"]
    made.store.edit_order(made.order.id, status_id=CANCELED)
    assert list(made.waits()) == ["order_stopped_in_store"]


def test_a_payment_that_is_held(world: Callable[..., World]) -> None:
    made = world()
    made.happens("odd", "held for review")
    assert made.waits() == {"payment_held": "Approve or decline it in BigCommerce."}
    made.happens("capture", "captured")
    assert made.waits() == {}
    assert made.receipts[0].state == "captured"


def lowered(made: World) -> Decimal:
    """Edit the order down in BigCommerce, which moves no money; returns its total."""
    kept = made.store.order(made.order.id)
    lower = OrderFactory(first_id=made.order.id).order([item("MUG-RED", 1)])
    lower.transactions[:] = kept.transactions
    names = ("status_id", "status", "custom_status", "payment_status", "date_created")
    lower.header.update({name: kept.header[name] for name in names})
    made.store.add_order(lower)
    made.store.edit_order(made.order.id, staff_notes="edited")
    return round(Decimal(str(lower.header["total_inc_tax"])), 2)


@pytest.mark.parametrize("box", [True, False])
def test_edited_down_before_its_capture(world: Callable[..., World], *, box: bool) -> None:
    made = world(box=box)
    total = lowered(made)
    made.happens("capture", "captured", amount=float(total))
    # "Capture the rest" would take too much.
    assert list(made.waits()) == ["order_edited_after_import"]
    assert [(one.state, one.amount) for one in made.receipts] == [("captured", total)]
    assert len(made.web.import_order(made.order.id).updated) == 1
    assert made.waits() == {}
    assert [one.amount for one in made.receipts] == [total] == [made.total]


def test_only_what_is_due_is_asked_for_of_an_order_that_was_edited_down(
    world: Callable[..., World],
) -> None:
    made = world(box=False)
    total = lowered(made)
    made.happens("capture", "captured", amount=1.5)
    rest = total - Decimal("1.50")
    assert f"Capture {rest} more at the gateway" in made.waits()[_PARTLY]
    made.happens("capture", "captured", amount=float(rest))
    assert list(made.waits()) == ["order_edited_after_import"]
    assert len(made.web.import_order(made.order.id).updated) == 1
    assert made.waits() == {}


@pytest.mark.parametrize("box", [True, False])
@pytest.mark.parametrize("how", ["at the gateway", "in BigCommerce"])
def test_an_authorization_above_what_is_due(
    world: Callable[..., World], books: SqlGateway, *, box: bool, how: str
) -> None:
    made = world(box=box)
    before = made.total
    total = lowered(made)
    assert "Call import_order" in made.waits()["order_edited_after_import"]
    assert len(made.web.import_order(made.order.id).refused) == 1
    waits = made.waits()
    assert list(waits) == ["status_kept"]
    assert f"capture {total} at the gateway in all, and no more" in waits["status_kept"]
    assert f"refund {before - total} there" in waits["status_kept"]
    if box:
        # AcctVantage does not capture all of it either.
        books.want_capture(f"WEB{made.order.id}-1")
        (refused,) = made.web.capture_payments().refused
        assert [problem.code for problem in refused.problems] == ["capture_exceeds_order"]
    if how == "at the gateway":
        made.happens("capture", "captured", amount=float(total))
    else:
        made.happens("capture", "captured", amount=float(before))
        made.store.refund(made.order.id, amount=before - total)
    assert len(made.web.import_order(made.order.id).updated) == 1
    made.web.capture_payments()
    assert made.waits() == {}
    assert [(one.state, one.amount) for one in made.receipts] == [("captured", total)]
    assert made.total == total


def test_an_order_that_was_paid_and_edited_down(world: Callable[..., World]) -> None:
    made = world(box=False)
    before = made.total
    made.happens("capture", "captured", amount=float(before))
    assert made.waits() == {}
    total = lowered(made)
    assert len(made.web.import_order(made.order.id).refused) == 1
    fix = made.waits()["status_kept"]
    assert f"edited down, refund {before - total} there: that makes no credit" in fix
    made.store.refund(made.order.id, amount=before - total)
    assert len(made.web.import_order(made.order.id).updated) == 1
    assert made.waits() == {}
    assert [(one.state, one.amount) for one in made.receipts] == [("captured", total)]

"""What becomes of an order's receipts when the order is edited in the store and updated."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from avbc.acctvantage import OrderBundle, Receipt, SalesOrder, SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, Payment, item

AWAITING_PAYMENT, FULFILLMENT, COMPLETED = 7, 11, 10
CHECK = Payment("Cash on Delivery", state="offline")

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


@attrs.frozen
class World:
    """An order that was imported."""

    store: FakeStore
    books: SqlGateway
    web: Orchestrator
    order_id: int

    def edit(self, *lines: Any) -> None:
        """Make the order one of other lines; without any, one to another street."""
        order = self.store.order(self.order_id).copy()
        if lines:
            other = OrderFactory(first_id=self.order_id).order(
                list(lines), payment=Payment(str(order.header["payment_method"]), state="offline")
            )
            kept = ("status_id", "status", "custom_status", "date_created")
            other.header.update({name: order.header[name] for name in kept})
            order = other
        else:
            address: Any = order.header["billing_address"]
            address["street_1"] = "9 New Street"
        self.store.add_order(order)
        self.store.edit_order(self.order_id, staff_notes="edited")

    def enter(self, import_id: str, amount: Decimal) -> None:
        """Enter a receipt in AcctVantage, like the one that is there."""
        with self.books.engine.begin() as connection:
            row = dict(connection.execute(sa.text("SELECT * FROM receipts")).mappings().one())
            row |= {"import_id": import_id, "amount": str(amount), "state": "captured"}
            del row["id"]
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            connection.execute(sa.text(f"INSERT INTO receipts ({names}) VALUES ({values})"), row)

    @property
    def receipts(self) -> list[Receipt]:
        return self.books.receipts()


@pytest.fixture
def world(
    join: Join, change: Change, store: FakeStore, books: SqlGateway, factory: OrderFactory
) -> Callable[..., World]:
    def made(payment: Payment, status_id: int = FULFILLMENT, *, captures: bool = False) -> World:
        order = store.add_order(
            factory.order([item("MUG-BLUE", 2)], payment=payment, status_id=status_id)
        )
        settings = change(gl={"credit_card_transactions_are_preauthorizations": captures})
        web = join(settings=settings)
        assert len(web.import_order(order.id).imported) == 1
        return World(store, books, web, order.id)

    return made


def test_a_receipt_that_a_person_entered_stays_and_the_edit_waits(
    world: Callable[..., World],
) -> None:
    made = world(CHECK, AWAITING_PAYMENT)
    made.enter("AV-7", Decimal("27.90"))
    before = made.receipts, made.books.sales_orders()
    made.edit(item("MUG-BLUE"))
    made.web.follow_orders()
    (noticed,) = made.web.worklist()
    assert "in AcctVantage by hand" in noticed.fix
    report = made.web.import_order(made.order_id)
    assert [problem.code for each in report.refused for problem in each.problems][:1] == [
        "order_edited"
    ]
    assert "AV-7 over 27.90, entered in AcctVantage," in str(report.refused[0].problems[0])
    assert (made.receipts, made.books.sales_orders()) == before


def test_money_that_was_received_is_not_taken_out_of_the_books(
    world: Callable[..., World],
) -> None:
    made = world(CHECK, AWAITING_PAYMENT)
    (receipt,) = made.receipts
    with made.books.engine.begin() as connection:
        connection.execute(sa.text("UPDATE receipts SET state = 'captured', amount = '27.90'"))
    made.edit(item("MUG-BLUE"))
    (refused,) = made.web.import_order(made.order_id).refused
    assert f"{receipt.import_id} over 27.90, which is captured," in str(refused.problems[0])
    assert [one.amount for one in made.receipts] == [Decimal("27.90")]


def test_what_a_person_entered_of_a_captured_payment_stays(world: Callable[..., World]) -> None:
    made = world(Payment(state="captured"))
    (receipt,) = made.receipts
    with made.books.engine.begin() as connection:
        connection.execute(sa.text("UPDATE receipts SET amount = '1.00'"))
    made.edit()
    (refused,) = made.web.import_order(made.order_id).refused
    assert f"{receipt.import_id} over 1.00, which is captured," in str(refused.problems[0])
    assert [one.amount for one in made.receipts] == [Decimal(1)]


def test_an_edit_that_moves_no_money_keeps_what_people_asked_for(
    world: Callable[..., World],
) -> None:
    made = world(Payment(state="authorized"), captures=True)
    made.books.want_capture(f"WEB{made.order_id}-1")
    before = made.receipts
    made.edit()
    assert len(made.web.import_order(made.order_id).updated) == 1
    assert [attrs.evolve(one, id=None) for one in made.receipts] == [
        attrs.evolve(one, id=None) for one in before
    ]
    made.web.capture_payments()
    assert made.store.order(made.order_id).header["payment_status"] == "captured"


@attrs.frozen
class Meanwhile:
    """Books in which something happens right before an order is updated."""

    _books: SqlGateway
    _happens: Callable[[], object]

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        self._happens()
        return self._books.update_order(bundle)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)


def test_an_update_keeps_the_void_that_is_asked_for_meanwhile(
    world: Callable[..., World], join: Join
) -> None:
    made = world(Payment(state="authorized"), captures=True)
    made.edit()
    books: Any = Meanwhile(made.books, lambda: made.books.want_void(f"WEB{made.order_id}-1"))
    with join(books=books, settings=made.web.settings) as web:
        assert len(web.import_order(made.order_id).updated) == 1
    (receipt,) = made.receipts
    assert receipt.void_wanted
    made.web.capture_payments()
    assert made.store.order(made.order_id).header["payment_status"] == "void"


def test_an_update_leaves_a_receipt_that_is_entered_or_captured_meanwhile(
    world: Callable[..., World], join: Join
) -> None:
    """Neither is lost, and the order is not marked: the next run takes it."""
    made = world(Payment(state="authorized"), captures=True)
    made.edit()

    def capture() -> None:
        made.books.want_capture(f"WEB{made.order_id}-1")
        made.web.capture_payments()
        made.store.settle()
        made.web.capture_payments()

    for happen in (lambda: made.enter("AV-7", Decimal("27.90")), capture):
        books: Any = Meanwhile(made.books, happen)
        with join(books=books, settings=made.web.settings) as web:
            (postponed,) = web.import_order(made.order_id).postponed
        assert "changed in the books since" in str(postponed.problems[0])
        with made.books.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM receipts WHERE import_id = 'AV-7'"))
    assert [one.state for one in made.receipts] == ["captured"]
    assert len(made.web.import_order(made.order_id).updated) == 1
    assert [one.state for one in made.receipts] == ["captured"]


def test_an_edit_that_moves_no_money_keeps_when_it_was_captured(
    world: Callable[..., World],
) -> None:
    made = world(Payment(state="authorized"), captures=True)
    made.books.want_capture(f"WEB{made.order_id}-1")
    made.web.capture_payments()
    made.store.settle()
    made.web.capture_payments()
    (before,) = made.receipts
    assert before.captured_at is not None
    made.edit()
    assert len(made.web.import_order(made.order_id).updated) == 1
    (after,) = made.receipts
    assert attrs.evolve(after, id=before.id) == before


@pytest.mark.parametrize("lines", [[item("MUG-BLUE")], [item("MUG-BLUE", 3)]], ids=["down", "up"])
def test_money_received_offline_that_an_edit_changes_is_reported(
    world: Callable[..., World], lines: list[Any]
) -> None:
    made = world(CHECK)
    (before,) = made.receipts
    made.edit(*lines)
    (updated,) = made.web.import_order(made.order_id).updated
    (after,) = made.receipts
    assert after.amount == made.books.sales_orders()[0].total != before.amount
    (problem,) = updated.problems
    assert (problem.code, problem.severity) == ("receipt_changed_by_edit", "warning")
    assert f"is over {after.amount:.2f} now; it was over {before.amount:.2f}" in problem.message
    assert "correct the receipt in AcctVantage" in problem.fix
    with made.books.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE receipts SET amount = :amount"), {"amount": str(before.amount)}
        )
    made.web.follow_orders()
    assert [one.amount for one in made.receipts] == [before.amount]
    assert list(made.web.worklist()) == []

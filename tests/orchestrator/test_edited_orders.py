"""Orders from which staff took lines off, whose price they refunded apart, before the import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from avbc import Orchestrator, Settings, SqlGateway
from avbc.acctvantage import Credit, CreditLine, CreditTender
from avbc.testing import (
    CATALOGUE,
    Discount,
    FakeOrder,
    FakeStore,
    OrderFactory,
    Payment,
    item,
)
from avbc.testing.values import amount_of

D = Decimal
SINCE = datetime(2026, 1, 1, tzinfo=UTC)
SKUS = [sku for sku, product in CATALOGUE.items() if product.type == "physical"]
NEW = 11


def orders(rate: str, *, inclusive: bool) -> list[FakeOrder]:
    """Orders with and without discounts, in the forms of today, of one rate and regime."""
    factory = OrderFactory(tax_rate=D(rate), tax_inclusive=inclusive)
    discounts = [
        [],
        [Discount("manual", D("2.37"))],
        [Discount("promotion", D("3.10"), "SPRING")],
        [Discount("automatic", D("4.49")), Discount("manual", D("1.03"))],
    ]
    payments = [
        Payment(),
        Payment(state="captured"),
        Payment("Cash on Delivery", state="offline"),
    ]
    return [
        factory.order(
            [
                attrs.evolve(item(SKUS[(place + step) % len(SKUS)], 1 + step), price=D(price))
                for step, price in enumerate(["19.99", "7.45", "30.20"])
            ],
            discounts=discounts[place % 4],
            payment=payments[place % 3],
            body=["modern", "zeros"][place % 2],
        )
        for place in range(12)
    ]


@pytest.mark.parametrize("refund_first", [True, False])
@pytest.mark.parametrize(
    ("rate", "inclusive"), [("0", False), ("0.07", False), ("0.0825", True), ("0.19", True)]
)
def test_what_is_left_is_imported_received_and_not_credited(
    join: Callable[..., Orchestrator],
    change: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    rate: str,
    *,
    inclusive: bool,
    refund_first: bool,
) -> None:
    left: dict[str, Decimal] = {}
    for place, order in enumerate(orders(rate, inclusive=inclusive)):
        own = store.add_order(order)
        line, paid = own.products[place % 3], amount_of(own.header["total_inc_tax"])
        line_id = int(str(line["id"]))
        # Of offline money, an amount without a line does not say what it is for.
        if by_line := refund_first or not own.transactions:
            store.refund(own.id, items={line_id: int(str(line["quantity"]))})
        store.remove_line(own.id, line_id)
        total = amount_of(store.order(own.id).header["total_inc_tax"])
        if not by_line:
            store.refund(own.id, amount=paid - total)
        store.edit_order(own.id, status_id=NEW)
        left[f"WEB{own.id}"] = total
    web = join(settings=change(gl={"import_refunds": True}))
    report = web.import_orders()
    assert not report.refused, str(report)
    assert {each.import_id: each.total for each in report.imported} == left
    assert {balance.difference for balance in books.trial_balance()} == {0}
    assert all(len(order.lines) == 2 for order in books.sales_orders(list(left)))
    received = {receipt.order_import_id: receipt.amount for receipt in books.receipts(list(left))}
    assert received == left
    web.import_refunds(since=SINCE)
    assert books.credits(list(left)) == []
    web.follow_orders()
    assert web.reconcile(SINCE).ok, str(web.reconcile(SINCE))


@pytest.mark.parametrize("is_for_the_line", [True, False])
def test_offline_money_given_back_without_a_line_is_for_a_person(
    join: Callable[..., Orchestrator],
    change: Callable[..., Settings],
    store: FakeStore,
    books: SqlGateway,
    *,
    is_for_the_line: bool,
) -> None:
    own = store.add_order(
        OrderFactory().order(
            [item("MUG-BLUE"), item("LAMP-01")],
            payment=Payment("Cash on Delivery", state="offline"),
        )
    )
    paid = amount_of(own.header["total_inc_tax"])
    store.remove_line(own.id, int(str(own.products[0]["id"])))
    left = amount_of(store.order(own.id).header["total_inc_tax"])
    store.edit_order(own.id, status_id=NEW)
    web = join(settings=change(gl={"import_refunds": True}))
    assert web.import_orders().imported[0].total == left
    refund = store.refund(own.id, amount=paid - left)
    (refused,) = web.import_refunds(since=SINCE).refused
    assert [problem.code for problem in refused.problems] == ["refund_of_edit_unclear"]
    assert books.credits() == []
    (waits,) = (one for one in web.worklist() if one.code == "refund_of_edit_unclear")
    number = f"WEB{own.id}-CM{refund['id']}"
    assert f"enter the credit in AcctVantage with the Import ID {number}" in waits.fix
    assert f"Then call settle({own.id})" in waits.fix
    if not is_for_the_line:
        books.create_credit(
            Credit(
                import_id=number,
                order_import_id=f"WEB{own.id}",
                store_refund_id=int(str(refund["id"])),
                lines=(CreditLine("adjustment", paid - left),),
                tax=D(0),
                total=paid - left,
                currency="USD",
                tenders=(CreditTender("Check", paid - left),),
            )
        )
    web.settle(own.id)
    web.import_refunds(since=SINCE)
    assert [one.code for one in web.worklist()] == []
    assert len(books.credits()) == (0 if is_for_the_line else 1)

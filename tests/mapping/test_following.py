"""What is left to ship after the import: less where the store shipped or refunded, never more."""

from decimal import Decimal

import attrs
import pytest

from avbc.acctvantage.records import Address, SalesOrder, SalesOrderLine
from avbc.bigcommerce.models import Order, OrderProduct
from avbc.mapping.following import to_ship_now


def booked(quantity: int, to_ship: int) -> SalesOrder:
    line = SalesOrderLine(
        "product",
        "Mug",
        Decimal(quantity),
        Decimal(1),
        Decimal(quantity),
        store_line_id=5,
        to_ship=Decimal(to_ship),
    )
    return SalesOrder(
        "WEB1",
        1,
        "Rivera",
        (line,),
        Decimal(quantity),
        Decimal(0),
        "",
        "USD",
        "Main",
        "",
        Address(),
    )


@pytest.mark.parametrize(
    ("status_id", "shipped", "refunded", "shipped_here", "left"),
    [
        (9, 0, 0, 0, None),
        (3, 4, 0, 0, 6),
        (3, 4, 1, 0, 5),
        (3, 4, 0, 4, None),
        (3, 4, 0, 3, 9),
        # AcctVantage has shipped more than the store knows of.
        (9, 0, 0, 4, None),
        (9, 0, 2, 4, 8),
        # Shipped and Completed: nothing is left but what AcctVantage ships itself.
        (2, 0, 0, 0, 0),
        (10, 10, 0, 0, 0),
        (10, 0, 0, 4, 4),
        (10, 0, 3, 10, 7),
        (9, 0, 10, 0, 0),
    ],
)
def test_what_is_left(
    status_id: int, shipped: int, refunded: int, shipped_here: int, left: int | None
) -> None:
    line = OrderProduct(id=5, quantity=10, quantity_shipped=shipped, quantity_refunded=refunded)
    order = Order(id=1, status_id=status_id, products=(line,))
    here = {5: Decimal(shipped_here)} if shipped_here else {}
    expected = {} if left is None else {5: Decimal(left)}
    assert to_ship_now(booked(10, 10), order, here) == expected


def test_nothing_is_added() -> None:
    line = OrderProduct(id=5, quantity=10, quantity_shipped=2)
    order = Order(id=1, status_id=3, products=(line,))
    assert to_ship_now(booked(10, 4), order, {}) == {}
    assert to_ship_now(booked(10, 4), attrs.evolve(order, status_id=2), {}) == {5: 0}


def test_a_status_of_ours_says_nothing_about_goods() -> None:
    order = Order(id=1, status_id=2, products=(OrderProduct(id=5, quantity=10),))
    assert to_ship_now(booked(10, 10), order, {}, status_is_ours=True) == {}

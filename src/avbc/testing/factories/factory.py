"""Seeded builders of orders in every shape that BigCommerce sends; amounts foot exactly."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Unpack, cast

from avbc.testing.factories.building import Building
from avbc.testing.factories.parts import (
    CARD,
    PHYSICAL,
    Discount,
    FeeLine,
    Line,
    OrderOptions,
    Payment,
    Person,
    Shipping,
    item,
)
from avbc.testing.orders import FakeOrder
from avbc.text import did_you_mean, quoted

AWAITING_PAYMENT = 7
_PEOPLE = [
    ("Ana", "Rivera", "14 Harbor Road", "Austin", "Texas", "78751"),
    ("Jonas", "Berg", "220 Lake Street", "Denver", "Colorado", "80202"),
    ("Mei", "Tanaka", "8 Orchard Lane", "Portland", "Oregon", "97201"),
    ("Samir", "Haddad", "61 Mill Court", "Albany", "New York", "12207"),
    ("Olga", "Nowak", "305 Birch Avenue", "Madison", "Wisconsin", "53703"),
    ("Tom", "Ashby", "77 Quarry Hill", "Boise", "Idaho", "83702"),
]


def _lines(lines: object) -> list[Line]:
    """Return lines as a list."""
    if isinstance(lines, Line):
        raise TypeError("lines: must be a list: write [line]")
    given: list[object] = []
    if isinstance(lines, str) or not isinstance(lines, Iterable):
        given.append(lines)
    else:
        given += cast("Iterable[object]", lines)
    for line in given:
        if not isinstance(line, Line):
            made = f"item({quoted(line)})" if isinstance(line, str) else 'item("MUG-BLUE")'
            raise TypeError(
                f"lines: {quoted(line)} is no Line: write [{made}], with avbc.testing.item or Line"
            )
    return cast("list[Line]", given)


_RECORDS: Mapping[str, tuple[type[object], str]] = {
    "buyer": (Person, 'Person("Ana", "Rivera")'),
    "payment": (Payment, "Payment({})"),
    "shipping": (Shipping, "Shipping({})"),
    "discounts": (Discount, 'Discount("manual", Decimal("5.00"))'),
    "fees": (FeeLine, 'FeeLine("Rush", Decimal("5.00"))'),
}
"""Options that are records, with how one is written; all but the first two are lists of them."""


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _check_options(options: Mapping[str, object]) -> None:
    known = OrderOptions.__annotations__
    for name, given in options.items():
        if name not in known:
            hint = did_you_mean(name, known) or "avbc.testing.OrderOptions has all of them."
            raise TypeError(f"there is no option {quoted(name)} of an order. {hint}")
        if name not in _RECORDS:
            continue
        kind, written = _RECORDS[name]
        is_one = name in {"buyer", "payment"}
        is_list = _is_list(given)
        rows = cast("Sequence[object]", given) if is_list and not is_one else [given]
        wrong = [each for each in rows if not isinstance(each, kind)]
        if wrong or not (is_one or is_list):
            made = written.format(repr(wrong[0]) if wrong and isinstance(wrong[0], str) else "")
            a_list, made = ("", made) if is_one else ("list of ", f"[{made}]")
            raise TypeError(
                f"{name}: {quoted(given)} is no {a_list}{kind.__name__}: write {name}={made}, with "
                f"avbc.testing.{kind.__name__}"
            )


class OrderFactory:
    """Builds orders, the same ones for the same seed.

    >>> order = OrderFactory(seed=7).plain()
    >>> order.header["total_inc_tax"] == OrderFactory(seed=7).plain().header["total_inc_tax"]
    True

    Args:
        seed: The seed of the random choices.
        first_id: The first order's id; later orders count up from it.
        tax_rate: The store's tax rate, as a fraction.
        tax_inclusive: The merchant types prices with tax.
        currency: The currency of amounts, and of the store.
        fees_on_top: Build by the other convention: fees are not part of the subtotal.
        net_of_tenders: Build by the other convention: the total is what is left to pay after store
            credit and gift certificates.
        status_id: The orders' status; 11 is Awaiting Fulfillment.
        created: When the first order was placed; each next one comes 7 minutes later.
    """

    def __init__(
        self,
        seed: int = 1,
        first_id: int = 1001,
        *,
        tax_rate: Decimal = Decimal("0.0825"),
        tax_inclusive: bool = False,
        currency: str = "USD",
        fees_on_top: bool = False,
        net_of_tenders: bool = False,
        status_id: int = 11,
        created: datetime = datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
    ) -> None:
        self.next_id = first_id
        self._first_id = first_id
        self._random = random.Random(seed)
        self._tax_rate = tax_rate
        self._tax_inclusive = tax_inclusive
        self._currency = currency
        self._fees_on_top = fees_on_top
        self._net_of_tenders = net_of_tenders
        self._status_id = status_id
        self._created = created

    def person(self, customer_id: int = 0) -> Person:
        """Return a person, the same one for the same customer id. Emails end in example.com."""
        index = customer_id or self._random.randrange(1000)
        first, last, street, city, state, zip_code = _PEOPLE[index % len(_PEOPLE)]
        email = f"{first}.{last}.{index}@example.com".lower()
        return Person(
            first, last, street, city, state, zip_code, email=email, customer_id=customer_id
        )

    def lines(self, count: int) -> list[Line]:
        """Return random physical lines of the catalog, each SKU once while there are enough."""
        skus = self._random.sample(PHYSICAL, min(count, len(PHYSICAL)))
        skus += [self._random.choice(PHYSICAL) for _ in range(count - len(skus))]
        return [item(sku, self._random.randint(1, 4)) for sku in skus]

    def order(self, lines: Sequence[Line], **options: Unpack[OrderOptions]) -> FakeOrder:
        """Build one order from its lines; every option of `OrderOptions` has a default.

        Raises:
            TypeError: A line is no `Line`, there is no such option, or it is of another type.
        """
        lines = _lines(lines)
        _check_options(options)
        order_id = self.next_id
        self.next_id += 1
        return Building(
            order_id=order_id,
            lines=lines,
            options=options,
            buyer=options.get("buyer") or self.person(),
            rate=options.get("tax_rate", self._tax_rate),
            inclusive=options.get("tax_inclusive", self._tax_inclusive),
            currency=options.get("currency", self._currency),
            store_currency=self._currency,
            fees_on_top=self._fees_on_top,
            net_of_tenders=self._net_of_tenders,
            status_id=options.get(
                "status_id",
                AWAITING_PAYMENT
                if options.get("payment", CARD).state == "awaiting"
                else self._status_id,
            ),
            created=options.get(
                "created", self._created + timedelta(minutes=7 * (order_id - self._first_id))
            ),
            cart_id=str(uuid.UUID(int=self._random.getrandbits(128), version=4)),
        ).build()

    def plain(self) -> FakeOrder:
        """One to three lines, one address, paid by card."""
        return self.order(self.lines(self._random.randint(1, 3)), shape="plain")

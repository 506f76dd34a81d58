"""An order with everything that belongs to it, and the shapes in which the API shows it."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from avbc.shown import Shown
from avbc.testing.values import (
    Row,
    amount_of,
    as_row,
    as_rows,
    copied,
    copied_rows,
    is_list,
    is_row,
    money,
    number,
    text,
    whole,
)

SYSTEM_STATUSES = [
    (0, "Incomplete", 0),
    (1, "Pending", 1),
    (2, "Shipped", 8),
    (3, "Partially Shipped", 6),
    (4, "Refunded", 11),
    (5, "Cancelled", 9),
    (6, "Declined", 10),
    (7, "Awaiting Payment", 2),
    (8, "Awaiting Pickup", 5),
    (9, "Awaiting Shipment", 4),
    (10, "Completed", 7),
    (11, "Awaiting Fulfillment", 3),
    (12, "Manual Verification Required", 13),
    (13, "Disputed", 12),
    (14, "Partially Refunded", 14),
]
"""Of every store: id, system name, place in the merchant's list."""
SYSTEM_NAMES = {status_id: name for status_id, name, _ in SYSTEM_STATUSES}
"""System names by status id."""

EMBEDDED_LINES = 50
"""A consignment embeds this many lines and warns that there are more."""

_PARTS = ["products", "coupons", "taxes", "fees", "transactions", "refunds", "shipments"]
_LINKS = {
    "products": "products",
    "shipping_addresses": "shippingaddresses",
    "coupons": "coupons",
    "consignments": "consignments",
    "fees": "fees",
}
_COSTS = [
    "base_cost",
    "cost_ex_tax",
    "cost_inc_tax",
    "cost_tax",
    "base_handling_cost",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
]


SUMMED_UP = [
    "id",
    "status_id",
    "status",
    "staff_notes",
    "payment_status",
    "date_created",
    "date_modified",
    "is_deleted",
    "total_inc_tax",
]
"""The header fields by which an order is summed up."""


@attrs.frozen
class View:
    """What a request asked to be embedded, and in which structure of consignments."""

    consignments: bool = False
    line_items: bool = False
    fees: bool = False
    as_object: bool = False

    @classmethod
    def of(cls, include: str, consignment_structure: str) -> View:
        """Read `include` and `consignment_structure`; line items imply `consignments`."""
        asked = {part.strip() for part in include.split(",")}
        lines = "consignments.line_items" in asked
        return cls(
            consignments=lines or "consignments" in asked,
            line_items=lines,
            fees="fees" in asked,
            as_object=consignment_structure == "object",
        )


EMBEDDED = View(consignments=True, line_items=True, fees=True, as_object=True)
"""`include=consignments.line_items,fees&consignment_structure=object`."""


@attrs.define
class FakeOrder(Shown):
    """An order in raw JSON values, in parts that BigCommerce shows together or separately.

    `header` is the order without its links; `shipping` holds the shipping addresses with their
    costs, as `/v2/orders/{id}/shipping_addresses` shows them; lines point to them by
    `order_address_id`, and to `pickups` by `order_pickup_method_id`.

    >>> from avbc.testing import FakeStore, item
    >>> order = FakeStore().place_order([item("MUG-BLUE", 2)])
    >>> order.id, order.header["status"], order.products[0]["sku"]
    (1001, 'Awaiting Fulfillment', 'MUG-BLUE')
    """

    header: Row
    products: list[Row] = attrs.field(factory=list[Row])
    shipping: list[Row] = attrs.field(factory=list[Row])
    pickups: list[Row] = attrs.field(factory=list[Row])
    coupons: list[Row] = attrs.field(factory=list[Row])
    taxes: list[Row] = attrs.field(factory=list[Row])
    fees: list[Row] = attrs.field(factory=list[Row])
    transactions: list[Row] = attrs.field(factory=list[Row])
    refunds: list[Row] = attrs.field(factory=list[Row])
    shipments: list[Row] = attrs.field(factory=list[Row])
    customer: Row | None = None
    """The registered customer, as the customers API shows it; None for a guest."""
    shape: str = ""
    """The factory that built it: `two_consignments`."""
    importable: bool = True
    """False for the shapes that an import must refuse."""

    @property
    def id(self) -> int:
        """The order's id."""
        return whole(self.header["id"])

    @classmethod
    def from_json(cls, order: Mapping[str, object]) -> FakeOrder:
        """Take an order apart that comes as one JSON object, with its parts embedded or as links.

        Lists under `products`, `coupons`, `taxes`, `fees`, `transactions`, `refunds`, `shipments`,
        `shipping_addresses` and a `consignments` object are taken; links are dropped.
        """
        header = as_row(copied(dict(order)))
        given = {key: header.pop(key, None) for key in [*_PARTS, "shipping_addresses"]}
        parts = {key: as_rows(rows) if is_list(rows) else [] for key, rows in given.items()}
        consignments = header.pop("consignments", None)
        shipping, pickups = parts.pop("shipping_addresses"), list[Row]()
        if is_row(consignments) and "url" not in consignments:
            embedded, pickups, lines = _take_apart(consignments)
            shipping, parts["products"] = embedded or shipping, parts["products"] or lines
        own = cls(header, shipping=shipping, pickups=pickups)
        for key, rows in parts.items():
            setattr(own, key, rows)
        return own

    def copy(self) -> FakeOrder:
        """Return an order of its own, so that a store's changes do not reach the builder's."""
        customer = None if self.customer is None else as_row(copied(self.customer))
        own = attrs.evolve(self, header=as_row(copied(self.header)), customer=customer)
        for key in [*_PARTS, "shipping", "pickups"]:
            setattr(own, key, copied_rows(getattr(self, key)))
        return own

    def to_json(
        self, view: View = EMBEDDED, base: str = "https://api.bigcommerce.com/stores/abc123"
    ) -> Row:
        """Return the order as `GET /v2/orders` shows it, by default with everything embedded."""
        order: Row = dict(self.header)
        for key, name in _LINKS.items():
            order[key] = link(base, f"/orders/{self.id}/{name}")
        if view.fees:
            order["fees"] = self.fees
        if view.consignments:
            consignments = self.consignments(base, with_lines=view.line_items)
            order["consignments"] = consignments if view.as_object else consignments["shipping"]
        return order

    def consignments(self, base: str, *, with_lines: bool) -> Row:
        """Return the consignments object; its money is numbers, unlike the rest of an order."""
        digital = [line for line in self.products if line.get("type") == "digital"]
        email = text(as_row(self.header.get("billing_address") or {}), "email")
        return {
            "pickups": [
                {
                    **pickup,
                    **self._lines(
                        [
                            line
                            for line in self.products
                            if line.get("order_pickup_method_id") == pickup["id"]
                        ],
                        base,
                        embed=with_lines,
                    ),
                }
                for pickup in self.pickups
            ],
            "shipping": [
                self._shipping(address, base, with_lines=with_lines) for address in self.shipping
            ],
            "downloads": [
                {"recipient_email": email, **self._lines(digital, base, embed=with_lines)}
            ]
            if digital
            else [],
            "email": {
                "gift_certificates": [
                    {
                        "recipient_email": text(line, "recipient_email") or email,
                        **self._lines([line], base, embed=with_lines),
                    }
                    for line in self.products
                    if line.get("type") == "giftcertificate"
                ]
            },
        }

    def _shipping(self, address: Row, base: str, *, with_lines: bool) -> Row:
        lines = [
            line
            for line in self.products
            if line.get("order_address_id") == address["id"] and line.get("type") == "physical"
        ]
        quotes = f"/orders/{self.id}/consignments/shipping/{address['id']}/shipping_quotes"
        row: Row = {key: value for key, value in address.items() if key != "order_id"}
        row.update({key: number(address.get(key)) for key in _COSTS})
        row["shipping_quotes"] = link(base, quotes)
        return {**row, **self._lines(lines, base, embed=with_lines)}

    def _lines(self, lines: list[Row], base: str, *, embed: bool) -> Row:
        if not embed:
            return {
                "line_items": [
                    link(base, f"/orders/{self.id}/products/{row['id']}") for row in lines
                ]
            }
        part: Row = {"line_items": lines[:EMBEDDED_LINES]}
        if len(lines) > EMBEDDED_LINES:
            part["__warning__"] = {
                "message": f"Not all line items are included: the maximum is {EMBEDDED_LINES}."
            }
        return part


def link(base: str, resource: str) -> Row:
    """Return a link to what v2 shows under an address of its own."""
    return {"url": f"{base}/v2{resource}", "resource": resource}


def _take_apart(consignments: Row) -> tuple[list[Row], list[Row], list[Row]]:
    lines: list[Row] = []

    def rows(kind: object, type_: str, place: str = "") -> list[Row]:
        """Collect the lines of consignments; returns the consignments without them."""
        found = [dict(consignment) for consignment in as_rows(kind)]
        for row in found:
            row.pop("__warning__", None)
            here: Row = {"order_address_id": 0, "type": type_} | (
                {place: row["id"]} if place else {}
            )
            lines.extend(
                {**here, **line} for line in as_rows(row.pop("line_items", [])) if "url" not in line
            )
        return found

    shipping = rows(consignments.get("shipping", []), "physical", "order_address_id")
    for row in shipping:
        row.update({key: money(amount_of(row.get(key))) for key in _COSTS})
    pickups = rows(consignments.get("pickups", []), "physical", "order_pickup_method_id")
    rows(consignments.get("downloads", []), "digital")
    emailed = as_row(consignments.get("email") or {})
    rows(emailed.get("gift_certificates", []), "giftcertificate")
    return shipping, pickups, lines

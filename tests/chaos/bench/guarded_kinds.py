"""Which guards each kind of orders needs: its sample fails when one of them is removed."""

from __future__ import annotations

from collections.abc import Mapping

GUARDED: Mapping[str, tuple[str, ...]] = {
    "offline methods": (
        "the order's status says what was received offline",
        "a status that avbc wrote is no word about money",
        "a row says whether its payment method is offline",
        "the payment status of a stopped order says nothing about money",
    ),
    "offline methods, neighbors": (
        "nothing is received in Awaiting Payment without a transaction",
        "transactions are read unless the method is known to be offline",
        "a payment of which nothing is known is refused",
    ),
    "statuses that avbc wrote": ("a status that avbc wrote is no word about money",),
    "captured in part": (
        "a payment that was captured in part is received in part",
        "the rest of a payment that was captured in part is on the worklist",
    ),
    "test transactions": ("a test of the gateway is refused",),
    "edited down before the import": (
        "an order that was edited down is received net of its refund",
        "the refund of an edit makes no credit",
    ),
    "import_when": (
        "import_when: an order whose payment does not allow its import stays New",
        "import_when: an order that is held back costs no request and no second look",
        "import_when: an order that waits for too long is on the worklist until it does not",
    ),
    "payment methods in other languages": (
        "a payment method that may be a translation is no new one",
        "the id of a payment method says which row it has, before its name",
    ),
    "lines taken off": (
        "a line that was taken off is no line",
        "a line of quantity 0 with money on it is a problem",
    ),
    "discounts with tax and without": (
        "the tax that discounts saved is the lines' own",
        "what was paid for a line is read as its order's discounts are",
        "the proof of an order's total",
        "the tax of the subtotal may be the one before discounts",
    ),
    "refunds of discounted lines": ("a refund is read as its order's discounts are",),
    "codes of the promotions engine": ("no promotion is made of one order's amount",),
    "unsupported coupons": (
        "a coupon on shipping is booked against freight",
        "a coupon on shipping is not more than the shipping cost",
        "a coupon of a kind that AcctVantage lacks is refused unless the settings book it",
    ),
    "rows of products": (
        "a row of the settings says which product a line is, before its SKU",
        "a custom item is booked as the placeholder product",
    ),
    "orders customised before products": (
        "numbers stay when an order is customised",
        "a customisation is no edit of the store's order",
    ),
    "shipping methods": (
        "a row of the settings says which Ship Via a method has, before its name",
        "no Ship Via is created for a name that may be a translation",
    ),
    "checkout form fields": (
        "the answers to form fields are on the sales order",
        "of two PO numbers none is chosen",
    ),
    "purchase orders by new buyers": ("no new buyer owes an order unless the settings allow it",),
    "the store's own day": ("a sale has the day of the store's time zone",),
    "created since a day": ("dates without a time are days of the store",),
    "days of a period": ("a period has its last day to the end",),
    "channels": ("orders of other channels are left alone",),
    "stock": (
        "only orders of the channels are netted",
        "every placed order that has not left is netted",
        "units that were shipped or refunded are not netted",
    ),
    "faults of the set-up": (
        "a fault of the set-up that concerns every order ends the run before the first one",
    ),
    "fields that nobody documented": ("fields that nobody documented are in the report",),
}
"""By the kind's name: the names of guards."""

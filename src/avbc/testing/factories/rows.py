"""Parts of an order as the API shows them, with what is the same on every order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from avbc.testing.factories.parts import Discount, FormAnswer, Line, Person
from avbc.testing.values import Row, money, number

PICKUP = 9
"""The place of the pickup among an order's address ids."""

SAME_ON_EVERY_LINE: Mapping[str, object] = {
    "upc": "",
    "width": "1.0000",
    "height": "1.0000",
    "depth": "1.0000",
    "base_cost_price": "0.0000",
    "cost_price_inc_tax": "0.0000",
    "cost_price_ex_tax": "0.0000",
    "cost_price_tax": "0.0000",
    "is_refunded": False,
    "quantity_refunded": 0,
    "refund_amount": "0.0000",
    "return_id": 0,
    "quantity_shipped": 0,
    "fixed_shipping_cost": "0.0000",
    "ebay_item_id": "",
    "ebay_transaction_id": "",
    "bin_picking_number": "",
    "external_id": None,
    "brand": "",
}


def is_shipped(line: Line) -> bool:
    """Whether a line goes with a shipping consignment."""
    return line.type == "physical" and not line.pickup


ABSENT = [
    "reference_transaction_id",
    "avs_result",
    "cvv_result",
    "credit_card",
    "gift_certificate",
    "store_credit",
    "offline",
    "custom",
    "payment_instrument_token",
]
"""What a transaction shows as `{}` where it has none."""
_TYPES = {"coupon_per_item": 0, "coupon_percent": 1, "coupon_amount": 2, "promotion": 5}


def has_code(discount: Discount) -> bool:
    """Whether a discount was given for a code that the shopper typed."""
    return discount.kind in _TYPES


def coupon_row(order_id: int, index: int, discount: Discount, taken: Decimal) -> Row:
    """Return a coupon of an order; a promotion has no amount of its own (inferred)."""
    return {
        "id": order_id * 10 + index,
        "coupon_id": 41 + index,
        "order_id": order_id,
        "code": discount.code,
        "amount": 0 if discount.kind == "promotion" else number(discount.value),
        "type": _TYPES[discount.kind],
        "discount": number(taken),
    }


def transaction_row(
    order: tuple[int, int], event: str, amount: Decimal, paid: tuple[str, str], made: datetime
) -> Row:
    """Return a transaction of an order.

    Args:
        order: The order's id, and the transaction's own.
        event: `purchase`, `authorization`, `capture`, `void`.
        amount: The amount.
        paid: Gateway and method.
        made: When.
    """
    (order_id, row_id), (gateway, method) = order, paid
    row: Row = {
        "id": row_id,
        "order_id": str(order_id),
        "event": event,
        "method": method,
        "amount": number(amount),
        "currency": "USD",
        "gateway": gateway,
        "gateway_transaction_id": f"{gateway}-{row_id}",
        "date_created": made.isoformat(),
        "test": False,
        "status": "ok",
        "fraud_review": False,
        "payment_method_id": f"{gateway}.{method}",
        **{key: {} for key in ABSENT},
    }
    if method == "credit_card":
        row["credit_card"] = {"card_type": "visa", "card_iin": "411111", "card_last4": "1111"}
    return row


def applied_row(discount: Discount, index: int, amount: Decimal, code: str | None) -> Row:
    """Return what a discount takes off a line, as the line shows it."""
    identity, target, name = {
        "coupon_amount": ("total-coupon", "order", discount.code),
        "coupon_percent": (str(41 + index), "product", discount.code),
        "coupon_per_item": (str(41 + index), "product", discount.code),
        "promotion": (str(41 + index), "order", discount.code),
        "automatic": (str(71 + index), "order", "Spring promotion"),
        "manual": ("manual-discount", "order", "Manual Discount"),
    }[discount.kind]
    return {
        "id": identity,
        "amount": money(amount),
        "name": discount.name or name,
        "code": code,
        "target": target,
    }


def form_field_rows(answers: Sequence[FormAnswer]) -> list[Row]:
    """Return the checkout form fields of an address."""
    return [{"name": name, "value": value} for name, value in answers]


def option_row(line_id: int, place: int, name: str, value: str) -> Row:
    """Return an option that was chosen for a line."""
    return {
        "id": line_id * 10 + place,
        "option_id": 18 + place,
        "order_product_id": line_id,
        "product_option_id": 120 + place,
        "display_name": name,
        "display_name_customer": name,
        "display_name_merchant": name,
        "display_value": value,
        "display_value_customer": value,
        "display_value_merchant": value,
        "value": str(69 + place),
        "type": "Multiple choice",
        "name": name,
        "display_style": "Rectangle",
    }


def pickup_row(pickup_id: int) -> Row:
    """Return a pickup at the main location."""
    return {
        "id": pickup_id,
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick up in store",
        "collection_instructions": "Bring your order number",
        "collection_time_description": "9am - 6pm",
        "location": {
            "id": 1,
            "name": "Main",
            "code": "MAIN",
            "address_line_1": "1 Example Street",
            "address_line_2": "",
            "city": "Austin",
            "state": "Texas",
            "postal_code": "78751",
            "country_alpha2": "US",
            "email": "main@example.com",
            "phone": "555-0199",
        },
    }


def customer_row(person: Person) -> Row:
    """Return a registered buyer as the customers API shows them."""
    return {
        "id": person.customer_id,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "phone": person.phone,
        "notes": "",
        "tax_exempt_category": "",
        "customer_group_id": 0,
        "registration_ip_address": "192.0.2.10",
        "date_created": "2026-01-05T10:00:00Z",
        "date_modified": "2026-01-05T10:00:00Z",
        "accepts_product_review_abandoned_cart_emails": False,
        "authentication": {"force_password_reset": False},
        "origin_channel_id": 1,
        "channel_ids": None,
        "addresses": [
            {
                "id": person.customer_id * 10,
                "customer_id": person.customer_id,
                "first_name": person.first_name,
                "last_name": person.last_name,
                "company": person.company,
                "address1": person.street_1,
                "address2": person.street_2,
                "city": person.city,
                "state_or_province": person.state,
                "postal_code": person.zip,
                "country": person.country,
                "country_code": person.country_iso2,
                "phone": person.phone,
                "address_type": "residential",
                "form_fields": [],
            }
        ],
    }


def address_fields(person: Person) -> Row:
    """Return a person's address as orders write it."""
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "company": person.company,
        "street_1": person.street_1,
        "street_2": person.street_2,
        "city": person.city,
        "state": person.state,
        "zip": person.zip,
        "country": person.country,
        "country_iso2": person.country_iso2,
        "phone": person.phone,
    }

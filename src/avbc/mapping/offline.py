"""Which payments are made outside of any gateway, and of which orders the transactions are read.

BigCommerce's `payment_status` does not tell offline from online (docs/facts.md, bigcommerce-money).
"""

from __future__ import annotations

from decimal import localcontext

from avbc.acctvantage.records import PURCHASE_ORDER
from avbc.bigcommerce.models import Order
from avbc.mapping.case import MappingRules
from avbc.mapping.proof import prove
from avbc.mapping.text import plain
from avbc.money import ARITHMETIC
from avbc.settings import payment_method_key
from avbc.text import text_key

OFFLINE = frozenset(
    map(
        payment_method_key,
        (
            # BigCommerce's own offline methods, and the names of orders that staff enter.
            "Bank Deposit",
            "Cash on Delivery",
            "Check",
            "Money Order",
            "Pay in Store",
            "Cash",
            "Manual",
        ),
    )
)
"""The methods that are offline unless a row of the mapping says otherwise, as keys."""

_PURCHASE_ORDER = payment_method_key(PURCHASE_ORDER)


def is_offline(method: str, rules: MappingRules) -> bool:
    """Whether a payment method is known to be paid outside of any gateway.

    `offline` of its row in `gl.payment_methods` decides, or else its name.

    >>> from avbc.mapping.offline import OFFLINE
    >>> payment_method_key("Cash on delivery") in OFFLINE, payment_method_key("PayPal") in OFFLINE
    (True, False)
    """
    key = payment_method_key(plain(method))
    return rules.offline_methods.get(key, key in OFFLINE)


def is_owed(method: str, rules: MappingRules) -> bool:
    """Whether a payment method is mapped to Purchase Order: the client owes the amount."""
    mapped = rules.payment_methods.get(payment_method_key(plain(method)), "")
    return payment_method_key(mapped) == _PURCHASE_ORDER


def uses_gateways(rules: MappingRules) -> bool:
    """Whether a payment method of the settings may be paid at a gateway."""
    return any(
        not (is_offline(method, rules) or is_owed(method, rules))
        for method in rules.payment_methods
    )


def hides_payment(order: Order) -> bool:
    """Whether an order's header does not say what became of a payment at a gateway.

    Then only its transactions show a capture, a void, or what is left of an authorization.
    """
    status, method = text_key(order.payment_status), payment_method_key(plain(order.payment_method))
    return status in ("", "capture pending") and method not in OFFLINE


def has_gateway_payments(order: Order, rules: MappingRules) -> bool:
    """Whether an order may have transactions of a gateway, which then say what was paid.

    Not if its method is known to be offline or is mapped to Purchase Order, nor if nothing is left
    to pay after store credit and gift certificates.
    """
    if is_offline(order.payment_method, rules) or is_owed(order.payment_method, rules):
        return False
    if order.store_credit_amount or order.gift_certificate_amount:
        with localcontext(ARITHMETIC):
            proof = prove(order, rules).value
        return proof is None or proof.gateway_amount != 0
    return order.total_inc_tax != 0

"""Payments of an order: transactions and refunds; and the ways to pay."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import attrs

from avbc.bigcommerce.models.base import EPOCH, Model, Required
from avbc.money import ZERO


@attrs.define(kw_only=True)
class CreditCard(Model):
    """The card of a transaction."""

    card_type: str = ""
    card_last4: str = ""


@attrs.define(kw_only=True)
class GiftCertificate(Model):
    """The gift certificate that a transaction drew on."""

    code: str = ""
    status: str = ""
    original_balance: Decimal | None = None
    starting_balance: Decimal | None = None
    remaining_balance: Decimal | None = None


@attrs.define(kw_only=True)
class StoreCredit(Model):
    """The store credit that a transaction drew on."""

    remaining_balance: Decimal | None = None


@attrs.define(kw_only=True)
class OfflinePayment(Model):
    """A payment outside the store: check, purchase order."""

    display_name: str = ""


@attrs.define(kw_only=True)
class CustomPayment(Model):
    """The payment method that staff typed in on a manual order."""

    payment_method: str = ""


@attrs.define(kw_only=True)
class Transaction(Model):
    """A step of an order's payment. `amount` is in `currency`.

    `gateway` is an open word: BigCommerce's own list of gateways is out of date.
    """

    id: Required[int] = 0
    order_id: Required[int] = 0
    """BigCommerce sends it as text."""
    event: Required[str] = "purchase"
    """`purchase`, `authorization`, `capture`, `refund`, `void`, `pending` or `settled`."""
    method: Required[str] = "credit_card"
    """`credit_card`, `electronic_wallet`, `gift_certificate`, `store_credit`, `offline`, ..."""
    amount: Required[Decimal] = ZERO
    currency: str = ""
    gateway: str = ""
    gateway_transaction_id: str = ""
    status: Required[str] = "ok"
    """`ok` or `error`."""
    test: bool = False
    fraud_review: bool = False
    reference_transaction_id: int | None = None
    """The transaction that this one acts on: the authorization of a capture."""
    date_created: Required[datetime] = EPOCH
    payment_method_id: str = ""
    credit_card: CreditCard | None = None
    gift_certificate: GiftCertificate | None = None
    store_credit: StoreCredit | None = None
    offline: OfflinePayment | None = None
    custom: CustomPayment | None = None


@attrs.define(kw_only=True)
class RefundAdjustment(Model):
    """What was held back from the refund of a product."""

    amount: Required[Decimal] = ZERO
    """Negative."""
    description: str = ""


@attrs.define(kw_only=True)
class RefundItem(Model):
    """What a refund was for."""

    item_type: Required[str] = "PRODUCT"
    """`PRODUCT`, `GIFT_WRAPPING`, `SHIPPING`, `HANDLING`, `ORDER`, `FEE` or `TAX`."""
    item_id: Required[int] = 0
    """The id of the line (product, wrapping), address (shipping, handling), fee or order."""
    quantity: int = 0
    requested_amount: Decimal | None = None
    """None for a refund by `quantity`: the order's line has its amount."""
    reason: str = ""
    adjustments: tuple[RefundAdjustment, ...] = ()


@attrs.define(kw_only=True)
class RefundPayment(Model):
    """How a refund was paid out."""

    id: int = 0
    provider_id: str = ""
    amount: Required[Decimal] = ZERO
    offline: bool = False
    is_declined: bool = False
    declined_message: str = ""
    transaction_id: str = ""


@attrs.define(kw_only=True)
class Refund(Model):
    """A refund of an order."""

    id: Required[int] = 0
    order_id: Required[int] = 0
    created: Required[datetime] = EPOCH
    reason: str = ""
    total_amount: Required[Decimal] = ZERO
    total_tax: Required[Decimal] = ZERO
    uses_merchant_override_values: bool = False
    """Whether a person typed in amount and tax, so that they need not follow from the items."""
    items: tuple[RefundItem, ...] = ()
    """Empty when only tax was refunded."""
    payments: tuple[RefundPayment, ...] = ()


@attrs.define(kw_only=True)
class PaymentMethod(Model):
    """A way to pay that the store has set up. BigCommerce's list may leave out enabled ones."""

    code: Required[str] = ""
    name: str = ""
    test_mode: bool = False


@attrs.define(kw_only=True)
class AcceptedPaymentMethod(Model):
    """A way in which one order can be paid."""

    id: Required[str] = ""
    name: str = ""
    type: str = ""
    test_mode: bool = False

"""What people at the store do to an order: in the control panel, or at the gateway."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from avbc.bigcommerce.documented import known_fields
from avbc.bigcommerce.models import Order, Transaction
from avbc.bigcommerce.models.base import Model
from avbc.money import ZERO
from avbc.testing.fakestore.ability import Reached, ability
from avbc.testing.fakestore.edits import remove_line
from avbc.testing.fakestore.http import Refusal
from avbc.testing.fakestore.refunds import RefundParts, refund
from avbc.testing.fakestore.resources.payments import EVENTS, PAYMENT_STATUSES, act, transact
from avbc.testing.fakestore.resources.shipments import ship, unshipped
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_row, whole
from avbc.text import did_you_mean, quoted


def _act(state: State, order_id: int, event: str) -> None:
    try:
        answer = act(state, state.order(order_id), event)
    except Refusal as refusal:
        raise ValueError(f"{refusal.message} {refusal.errors['payment_status']}") from None
    answer()


def _check_fields(model: type[Model], own: Row, changes: Row) -> None:
    """Refuse a field that BigCommerce does not have: a slip would change nothing.

    Raises:
        TypeError: Neither the record nor BigCommerce's documentation has it.
    """
    known = known_fields(model) | own.keys()
    for name in changes:
        if name not in known:
            hint = did_you_mean(name, known) or f"There are {', '.join(sorted(known))}."
            raise TypeError(f"{model.__name__} has no field {quoted(name)}. {hint}")


def _check_payment_status(status: str) -> None:
    if status not in PAYMENT_STATUSES:
        known = ", ".join(sorted(PAYMENT_STATUSES))
        raise ValueError(f"no payment_status {quoted(status)}: there are {known}")


class Merchant(Reached):
    """The abilities by which a test acts as the merchant, a line for each act."""

    @ability
    def edit_order(self, /, order_id: int, **changes: object) -> None:
        """Change header fields of an order, as a person in the control panel does.

        `date_modified` moves.

        Raises:
            KeyError: There is no such order.
            TypeError: Orders have no such field.
            ValueError: There is no such status, or `status` is given without `status_id`.
        """
        _check_fields(Order, self._core.state.order(order_id).header, as_row(changes))
        if "status" in changes and "status_id" not in changes:
            raise ValueError("status: give status_id, such as status_id=2; the store names it")
        if "status_id" in changes:
            fields = self._core.state.status_fields(changes["status_id"])
            if fields is None:
                raise ValueError(f"no order status {quoted(changes['status_id'])}")
            changes |= fields
        self._core.state.change_order(order_id, as_row(changes))

    @ability
    def remove_line(self, order_id: int, line_id: int) -> None:
        """Take a line off an order, as staff do: its row stays with quantity 0, and totals follow.

        No money moves: staff refund the price apart, with `refund(order_id, amount=...)` after it
        or `refund(order_id, items={line_id: 1})` before it. Discounts of the line go with it, and
        shipping and stock stay as they are.
        """
        remove_line(self._core.state, self._core.state.order(order_id), line_id)

    @ability
    def delete_order(self, order_id: int) -> None:
        """Remove an order for good: reading or writing it is a 404 from now on."""
        self._core.state.drop_order(order_id)

    @ability
    def cancel_order(self, order_id: int) -> None:
        """Cancel an order: its status becomes Cancelled, and nothing else changes."""
        self.edit_order(order_id, status_id=5)

    @ability
    def reset_order(self, order_id: int, status_id: int = 11) -> None:
        """Reset an order to New, to be imported again: Awaiting Fulfillment, or another status."""
        self.edit_order(order_id, status_id=status_id)

    @ability
    def ship_order(
        self,
        order_id: int,
        *,
        items: Mapping[int, int] | None = None,
        tracking_number: str = "",
    ) -> list[Row]:
        """Ship an order, or a part of it.

        Its status moves only if the option `shipments_move_status` says so, as with shipments by
        the API.

        Args:
            order_id: The order.
            items: How many units of which order lines, by the lines' ids; by default all that is
                left.
            tracking_number: Of each shipment.

        Returns:
            The shipments as the API shows them, one for each address.

        Raises:
            KeyError: There is no such order.
            ValueError: Nothing is left, or less than that.
        """
        state = self._core.state
        order = state.order(order_id)
        left = unshipped(order)
        shipped = left if items is None else items
        if not left:
            raise ValueError(f"order {order_id} has nothing left to ship")
        if not shipped or any(not 0 < shipped[each] <= left.get(each, 0) for each in shipped):
            raise ValueError(f"order {order_id} has these units of its lines left to ship: {left}")
        addresses: dict[object, list[Row]] = {}
        for line in order.products:
            if (line_id := whole(line["id"])) in shipped:
                row: Row = {"order_product_id": line_id, "quantity": shipped[line_id]}
                addresses.setdefault(line["order_address_id"], []).append(row)
        return [
            ship(
                state,
                order,
                {"order_address_id": address, "items": rows, "tracking_number": tracking_number},
            )
            for address, rows in addresses.items()
        ]

    @ability
    def capture_payment(self, order_id: int) -> None:
        """Capture an authorized payment, at once; `set_payment_result` may let it fail.

        Raises:
            KeyError: There is no such order.
            ValueError: Its payment is not authorized.
        """
        _act(self._core.state, order_id, "capture")

    @ability
    def void_payment(self, order_id: int) -> None:
        """Void an authorized payment, at once; `set_payment_result` may let it fail.

        Raises:
            KeyError: There is no such order.
            ValueError: Its payment is not authorized.
        """
        _act(self._core.state, order_id, "void")

    @ability
    def add_transaction(
        self,
        /,
        order_id: int,
        event: str,
        amount: Decimal,
        *,
        payment_status: str | None = None,
        **fields: object,
    ) -> Row:
        """Add a transaction, as a gateway does: `add_transaction(1001, "capture", Decimal("5"))`.

        It is made as the order's first gateway transaction was, or by a credit card where there is
        none.

        Args:
            order_id: The order.
            event: `purchase`, `authorization`, `capture`, `refund`, `void`, `pending`, `settled`.
            amount: The amount; a part of an authorization may be captured.
            payment_status: What the order says of its payment from now on; unchanged by default.
            fields: Other fields of the transaction: `test=True`, `status="error"`.

        Returns:
            The transaction as the API shows it.

        Raises:
            KeyError: There is no such order.
            TypeError: Transactions have no such field.
            ValueError: There is no such event or `payment_status`.
        """
        state = self._core.state
        own = state.order(order_id)
        _check_fields(Transaction, {}, as_row(fields))
        if event not in EVENTS:
            raise ValueError(f"no event {quoted(event)}: there are {', '.join(EVENTS)}")
        if payment_status is not None:
            _check_payment_status(payment_status)
        row = transact(state, own, event, amount, as_row(fields))
        status = {} if payment_status is None else {"payment_status": payment_status}
        state.change_order(order_id, as_row(status))
        return row

    @ability
    def set_payment_result(self, order_id: int, payment_status: str) -> None:
        """Set the `payment_status` in which the next capture or void of an order ends.

        `declined` makes it fail.
        """
        _check_payment_status(payment_status)
        self._core.state.payment_results[self._core.state.order(order_id).id] = payment_status

    @ability
    def refund(
        self,
        order_id: int,
        *,
        items: Mapping[int, int] | None = None,
        wrapping: Collection[int] = (),
        shipping: Mapping[int, Decimal] | None = None,
        handling: Mapping[int, Decimal] | None = None,
        fees: Collection[int] = (),
        amount: Decimal = ZERO,
        payments: Sequence[tuple[str, Decimal]] = (),
        reason: str = "",
    ) -> Row:
        """Refund an order or a part of it, as a person in the control panel does.

        Without any part, everything that is left is refunded. The order's status becomes Refunded
        or Partially Refunded.

        Args:
            order_id: The order.
            items: How many units of which order lines, by the lines' ids.
            wrapping: The gift wrapping of these order lines.
            shipping: Shipping amounts with tax, by the shipping addresses' ids.
            handling: Handling amounts with tax, by the shipping addresses' ids.
            fees: These fees.
            amount: An amount of the order as a whole, which has no tax. What is left after it
                cannot be refunded without naming the parts.
            payments: Provider and amount of each tender, `("authorizenet", Decimal("5.00"))`; by
                default the gateway is paid back first, then store credit, then a gift certificate.
            reason: Why.

        Returns:
            The refund as the API shows it.

        Raises:
            KeyError: There is no such order.
            ValueError: A part does not belong to this order, or more than what is left is refunded.
        """
        parts = RefundParts(items or {}, wrapping, shipping or {}, handling or {}, fees, amount)
        return refund(self._core.state, self._core.state.order(order_id), parts, payments, reason)

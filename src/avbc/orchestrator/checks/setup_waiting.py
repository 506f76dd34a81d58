"""The setup check: rules of payment methods (`import_when`) that can never come true."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from avbc.bigcommerce.models import Order
from avbc.mapping import MappingRules, store_status
from avbc.mapping.offline import is_offline
from avbc.mapping.status import status_name
from avbc.mapping.text import plain
from avbc.mapping.worth import UNPAID
from avbc.orchestrator.reports import Check
from avbc.settings import payment_method_key
from avbc.text import quoted

_NEW = "order_status.new_order_status"
_CAPTURES = "gl.credit_card_transactions_are_preauthorizations"


def waiting_checks(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Check the rules that hold orders back against the settings and the latest orders."""
    settings = rules.settings
    statuses: dict[str, set[str]] = {}
    for order in recent:
        method = payment_method_key(plain(order.payment_method))
        statuses.setdefault(method, set()).add(order.payment_status.strip())
    new = store_status(settings.order_status.new_order_status, rules.statuses).value
    for index, row in enumerate(settings.gl.payment_methods):
        key = f"gl.payment_methods[{index}].import_when"
        if row.import_when not in ("authorized", "paid"):
            continue
        if is_offline(row.bigcommerce, rules) and new is not None and new.id in UNPAID:
            yield Check(
                "payment method",
                f"{key} {quoted(row.bigcommerce)}",
                "error",
                f"{key} is {quoted(row.import_when)}, and {_NEW} is {quoted(status_name(new))}. "
                f"{quoted(row.bigcommerce)} is paid outside of any gateway: its orders count as "
                f"paid when they leave {quoted(status_name(new))}, and then they are not New any "
                "more. So none of them is ever imported.",
                f'Set {key} to "always" or "never", or {_NEW} to a status of paid orders.',
            )
        elif row.import_when == "paid" and new is not None and new.id in UNPAID:
            yield Check(
                "payment method",
                f"{key} {quoted(row.bigcommerce)}",
                "warning",
                f"{key} is 'paid', and {_NEW} is {quoted(status_name(new))}. BigCommerce moves an "
                "order on when its payment is captured, and then it is not New any more: it is not "
                "imported by itself.",
                f'Set {_NEW} to the status that paid orders get, or {key} to "always" or '
                '"authorized".',
            )
        elif (
            row.import_when == "paid"
            and settings.gl.credit_card_transactions_are_preauthorizations
            and not is_offline(row.bigcommerce, rules)
        ):
            yield Check(
                "payment method",
                f"{key} {quoted(row.bigcommerce)}",
                "warning",
                f"{key} is 'paid', and {_CAPTURES} is true. AcctVantage captures only payments of "
                "orders that were imported, so an order that is only authorized waits until "
                "someone captures its payment in BigCommerce.",
                f'Set {key} to "authorized".',
            )
        elif row.offline is None and statuses.get(payment_method_key(row.bigcommerce)) == {""}:
            yield Check(
                "payment method",
                f"{key} {quoted(row.bigcommerce)}",
                "warning",
                f"The latest orders by {quoted(row.bigcommerce)} have no payment status, so while "
                f"{key} holds an order back, each run reads its transactions.",
                f"If it is paid outside of any gateway, set gl.payment_methods[{index}].offline to "
                "true, otherwise to false.",
            )

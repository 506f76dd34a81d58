"""Order statuses: which one a name means, and how they follow each other (manual 2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from avbc.bigcommerce.models import Order, OrderStatus
from avbc.bigcommerce.models.statuses import SystemStatus
from avbc.mapping.case import Case, Findings, MappingRules, Ruling
from avbc.posting import means_posted
from avbc.settings import StatusMapping, StoreStatus
from avbc.text import quoted, text_key


def store_status(
    wanted: StoreStatus, statuses: Sequence[OrderStatus], setting: str = ""
) -> Ruling[OrderStatus]:
    """The store's status that a setting means: its id, its system name or the merchant's own label.

    A number is an id. Merchants may rename statuses, so a label may be another status's name: then
    the id must be written.

    >>> statuses = [OrderStatus(id=11, custom_label="To pick"), OrderStatus(id=10, name="Done")]
    >>> store_status("to pick", statuses).value.id, store_status("10", statuses).value.name
    (11, 'Done')
    """
    found = Findings()
    text = str(wanted)
    key = text_key(text)
    hits: list[OrderStatus] = []
    if key.isascii() and key.isdigit():
        hits = [status for status in statuses if str(status.id) == key]
    elif key:
        hits = [
            status
            for status in statuses
            if key
            in (text_key(status.name), text_key(status.custom_label), text_key(status.system_label))
        ]
    if len({status.id for status in hits}) == 1:
        found.note(
            "status_id", hits[0].id, "{!r} is the store's status {}", setting, text, hits[0].id
        )
    else:
        found.error(
            "status_ambiguous" if hits else "status_unknown",
            setting,
            text,
            f"{quoted(text)} means more than one status of the store."
            if hits
            else f"The store has no order status {quoted(text)}.",
            "Write the status's id." if hits else "Use one of the store's statuses.",
            candidates=tuple(
                f"{status_name(status)} (id {status.id})" for status in hits or statuses
            ),
        )
    return found.ruling(hits[0] if hits else None)


def status_for_store(
    acctvantage: str, rules: MappingRules, now: int | None = None
) -> Ruling[OrderStatus]:
    """The store's status for an order that now has this status in AcctVantage.

    The mapping is read left to right (manual 2.1.7). With `now`, the id of the order's status in
    the store, the order never goes back to an earlier status, unless the row has
    `may_move_backwards`.

    What the store has comes after what it would get in one of two cases:

    - It is Partially Shipped, Shipped or Completed, which come after every other status and in this
      sequence, whatever the mapping says: goods have left.
    - It is in rows of the mapping, and one of them has a later AcctVantage status. Where several
      rows show one status in the store, the latest counts, since the order may be that far.

    Any other status has no place in the sequence, so nothing is backwards from there.
    """
    case = Case(rules)
    key = text_key(acctvantage)
    for position, row in enumerate(rules.settings.order_status.mapping):
        if text_key(row.acctvantage) != key:
            continue
        setting = f"order_status.mapping[{position}]"
        status = case.add(store_status(row.bigcommerce, rules.statuses, f"{setting}.bigcommerce"))
        if status is None:
            return case.ruling(None)
        if (
            now is not None
            and not row.may_move_backwards
            and _is_before(status.id, key, now, rules)
        ):
            there = _store_name(now, rules)
            case.error(
                "status_backwards",
                setting,
                status_name(status),
                f"The order is {quoted(there)} in the store, and AcctVantage's "
                f"{quoted(acctvantage)} would move it back to {quoted(status_name(status))}.",
                "Correct the status in AcctVantage or in BigCommerce, or set may_move_backwards = "
                f"true on the row for {quoted(row.acctvantage)} of the Order Status Mapping.",
            )
        case.note(
            "status_id",
            status.id,
            "AcctVantage's {!r} is the store's {!r}",
            setting,
            acctvantage,
            status_name(status),
        )
        return case.ruling(status)
    case.error(
        "status_unmapped",
        "order_status.mapping",
        acctvantage,
        f"No row of the status mapping has {quoted(acctvantage)} on its AcctVantage side.",
        f"Add a row with {quoted(acctvantage)} to the Order Status Mapping (order_status.mapping), "
        "or leave the store's status unchanged.",
    )
    return case.ruling(None)


_SHIPPED = (SystemStatus.PARTIALLY_SHIPPED, SystemStatus.SHIPPED, SystemStatus.COMPLETED)
"""The statuses of shipped orders, in their sequence."""


def _is_before(target: int, acctvantage: str, now: int, rules: MappingRules) -> bool:
    """Whether `target`, which is mapped to an AcctVantage status, comes before `now`, by id."""
    if target == now:
        return False
    if now in _SHIPPED:
        return target not in _SHIPPED or _SHIPPED.index(target) < _SHIPPED.index(now)
    place = rules.order_statuses.get(acctvantage)
    if target in _SHIPPED or place is None:
        return False
    return any(
        rules.order_statuses.get(text_key(row.acctvantage), -1) > place
        for _, row in _rows_for(now, rules)
    )


def _rows_for(status_id: int, rules: MappingRules) -> list[tuple[str, StatusMapping]]:
    """The rows of the mapping that have this status of the store, with their places."""
    rows: list[tuple[str, StatusMapping]] = []
    for position, row in enumerate(rules.settings.order_status.mapping):
        status = store_status(row.bigcommerce, rules.statuses).value
        if status is not None and status.id == status_id:
            rows.append((f"order_status.mapping[{position}]", row))
    return rows


def status_for_books(store_status_id: int, current: str, rules: MappingRules) -> Ruling[str]:
    """AcctVantage's status for an order that now has this status in the store.

    The mapping is read right to left (manual 2.1.7). An order is never posted by it, whatever the
    mapping says (manual 2.1.6), and a posted order is left alone. It never moves to an earlier
    status than `current` unless the row has `may_move_backwards` (inferred). Where several rows
    have the same store status, the order keeps `current` if that is among them; otherwise it is a
    problem, not a choice.
    """
    case = Case(rules)
    rows = _rows_for(store_status_id, rules)
    for setting, row in rows:
        if text_key(row.acctvantage) == text_key(current):
            case.note("status", current, "the order has the mapped status already", setting)
            return case.ruling(current)
    # The manual excepts Posted from this direction, so such a row yields to any other.
    rows = [(key, row) for key, row in rows if not means_posted(row.acctvantage)] or rows[:1]
    if not rows:
        name = _store_name(store_status_id, rules)
        case.error(
            "status_unmapped",
            "order_status.mapping",
            name,
            f"No row of the status mapping has {quoted(name)} on its BigCommerce side.",
            f"Add a row with {quoted(name)} to the Order Status Mapping (order_status.mapping), or "
            "leave AcctVantage's status unchanged.",
        )
        return case.ruling(None)
    setting, row = rows[0]
    place = rules.order_statuses.get(text_key(row.acctvantage))
    # As the books write it, whatever the row's case and spaces.
    target = row.acctvantage if place is None else rules.reference.order_statuses[place]
    if len(rows) > 1:
        case.error(
            "status_ambiguous",
            "order_status.mapping",
            store_status_id,
            "Several rows of the status mapping have this BigCommerce status, and the order has "
            "none of their AcctVantage statuses.",
            "Keep one of the rows for changes that come from the store.",
            candidates=tuple(row.acctvantage for _, row in rows),
        )
    elif means_posted(target) or means_posted(current):
        case.error(
            "status_posting_refused",
            "status",
            target,
            f"The order is {quoted(current)} and would become {quoted(target)}: the store neither "
            "posts an order nor changes a posted one.",
            "Change the order in AcctVantage, or leave it; then settle the item."
            if means_posted(current)
            else "Post the order in AcctVantage.",
        )
    elif _is_backwards(target, current, setting, case) and not row.may_move_backwards:
        case.error(
            "status_backwards",
            setting,
            target,
            f"The order is {quoted(current)} already and would go back to {quoted(target)}.",
            "Change it in AcctVantage, or set may_move_backwards = true on the mapping row.",
        )
    case.note("status", target, "the store's status is mapped to it", setting)
    return case.ruling(target)


def new_order_status(rules: MappingRules) -> Ruling[str]:
    """The AcctVantage status of an imported order: Open by default (inferred).

    Settings refuse Posted.
    """
    case = Case(rules)
    wanted = rules.settings.order_status.new_sales_order_status
    setting = "order_status.new_sales_order_status"
    place = rules.order_statuses.get(text_key(wanted))
    if place is None:
        _unknown(wanted, setting, case)
        return case.ruling(None)
    case.note("status", wanted, "the status of new orders", setting)
    return case.ruling(rules.reference.order_statuses[place])


def status_name(status: OrderStatus) -> str:
    """What the merchant calls the status."""
    return status.custom_label or status.name


def order_status_name(order: Order) -> str:
    """What the merchant calls the status of an order."""
    return order.custom_status or order.status or system_name(order.status_id)


def system_name(status_id: int) -> str:
    """BigCommerce's name of a status; its number where there is no such status."""
    return _SYSTEM.get(status_id, str(status_id))


_SYSTEM = {int(each): each.label for each in SystemStatus}


def _store_name(status_id: int, rules: MappingRules) -> str:
    """What the merchant calls the store's status of this id."""
    named = (status_name(status) for status in rules.statuses if status.id == status_id)
    return next(named, system_name(status_id))


def _is_backwards(target: str, current: str, setting: str, case: Case) -> bool:
    for name in (target, current):
        if text_key(name) not in case.rules.order_statuses:
            _unknown(name, setting, case)
            return False
    return (
        case.rules.order_statuses[text_key(target)] < case.rules.order_statuses[text_key(current)]
    )


def _unknown(status: str, setting: str, case: Case) -> None:
    case.error(
        "order_status_unknown",
        setting,
        status,
        f"AcctVantage has no order status {quoted(status)}.",
        "Use one of the statuses that the books list.",
        candidates=case.rules.reference.order_statuses,
    )

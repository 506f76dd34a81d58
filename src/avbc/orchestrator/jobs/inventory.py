"""Quantities for the store (manual 2.3.1): Qty Available, less what orders there have sold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import TypeAlias

import attrs

from avbc.bigcommerce import Call, RequestRefused
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.endpoints.inventory import ADJUSTMENTS_AT_ONCE
from avbc.bigcommerce.models import InventoryAdjustment
from avbc.mapping import Decision, Problem, net_quantity, plain
from avbc.money import ZERO
from avbc.orchestrator.engine import identities
from avbc.orchestrator.engine.batches import Batches, Row, url_lists
from avbc.orchestrator.engine.identities import Identity
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.unbooked import waiting_quantities
from avbc.orchestrator.reports import Change
from avbc.text import quoted, text_key
from avbc.unset import UNSET

_LOCATION = "location"
"""The id of the location that was pushed to last, by its code in the settings."""

_ITEMS_A_PAGE = 1000

REASON = "AcctVantage"
"""What the store's history of a quantity shows."""


def push_inventory(run: PushRun, *, full: bool) -> None:
    """Send the store the quantities that changed since they were sent last, or all with `full`.

    Quantities are absolute, in whole units and never below zero, and net of what orders have sold
    that are not in the books and whose goods have not left. Where nothing changed, the store is not
    asked either: it has itself subtracted what orders sold since. A product without any quantity in
    the books is not sent, and the report names it. A preview reads what the store has of a product
    where no push has set it.

    Raises:
        SettingsError: Sync Inventory Levels is not ticked.
        NoSuchLocation: The store has no such location, or it is disabled.
        AvbcError: The books or the store cannot be read.
    """
    run.require(
        run.settings.shipping.sync_inventory_levels,
        "shipping.sync_inventory_levels",
        "is false, so quantities are not pushed (manual 2.3.1): set it to true first",
    )
    code = run.settings.shipping.bigcommerce_location
    # Of a location that nothing was pushed to, nothing is known.
    last = run.known(_LOCATION, [code]).get(code, "")
    if not full and next(run.changed(_kind(last), _available(run)), None) is None:
        return
    # The second walk counts them again.
    run.report.unchanged, run.report.not_counted = 0, []
    adjustments = _Adjustments(run)
    run.know(_LOCATION, code, str(adjustments.location_id))
    # The orders before the quantities: one that is imported in between is subtracted twice, which
    # the next push corrects. The other way round it would not be subtracted at all.
    waiting = waiting_quantities(run)
    quantities = _changed(run, waiting, adjustments.location_id, full=full)
    for rows in run.chunks(quantities, ADJUSTMENTS_AT_ONCE):
        adjustments.push(rows)


# What changed


def _kind(location_id: int | str) -> str:
    """What the quantities of a location are remembered under, by the `text_key` of the part number.

    Another location has quantities of its own, which no push has sent yet.
    """
    return f"quantity {location_id}"


@attrs.frozen
class _Quantity:
    key: str
    sku: str
    remembered: str
    """What the journal remembers once it was sent: `10`, or `10-3` where 3 of it waited."""


_QuantityRow: TypeAlias = Row[InventoryAdjustment, _Quantity]


def _available(run: PushRun) -> Iterator[tuple[str, tuple[tuple[str, Decimal], str]]]:
    """What the books have of each product, and the quantity for the store if no order waits.

    No known quantity is not 0: the store keeps what it has.
    """
    texts: dict[Decimal, str] = {}
    for part_number, available in run.parts.stock.quantities_available(
        run.settings.shipping.warehouse
    ):
        if available is None:
            run.report.not_counted.append(part_number)
            continue
        text = texts.get(available)
        if text is None:
            text = texts[available] = str(net_quantity(available))
        yield text_key(part_number), ((part_number, available), text)


def _changed(
    run: PushRun, waiting: dict[str, Decimal], location_id: int, *, full: bool
) -> Iterator[_QuantityRow]:
    changed = run.changed(_kind(location_id), _available(run), full=full)
    for key, (part_number, available), text, before in changed:
        sold = waiting.get(key, ZERO)
        remembered = f"{text}-{sold}" if sold else text
        if remembered == before and not full:
            run.unchanged()
            continue
        quantity, sku = net_quantity(available, sold), plain(part_number)
        draft = InventoryAdjustment(location_id=location_id, quantity=quantity, sku=sku)
        # Only in a preview: the decisions of a million quantities would not fit into memory.
        decisions = (_decision(run, available, sold, quantity),) if run.preview else ()
        change = Change(
            part_number, "quantity", _pushed(before), str(quantity), decisions=decisions
        )
        yield Row(draft, change, _Quantity(key, sku, remembered))


def _pushed(remembered: str) -> str:
    """The quantity that was sent, from what the journal remembers of it.

    >>> _pushed("10-3"), _pushed("3-5"), _pushed("10"), _pushed("")
    ('7', '0', '10', '')
    """
    available, _, sold = remembered.partition("-")
    if available.isdecimal() and sold.isdecimal():
        return str(max(0, int(available) - int(sold)))
    return available


def _decision(run: PushRun, available: Decimal, sold: Decimal, quantity: int) -> Decision:
    less = f", less {sold} that wait in the store to be imported" if sold else ""
    reason = (
        f"Qty Available in {quoted(run.settings.shipping.warehouse)} is {available}{less}; "
        "whole units, never below 0"
    )
    return Decision("quantity", str(quantity), reason, "shipping.warehouse")


# What is sent


class _Adjustments(Batches[_QuantityRow, str]):
    """Sends quantities, one request after another. One refused by SKU is tried by product id."""

    size = ADJUSTMENTS_AT_ONCE
    fix = (
        "Give the product this SKU in BigCommerce and track its inventory, or untick its Sync to "
        "Webstore in AcctVantage."
    )

    def __init__(self, run: PushRun) -> None:
        super().__init__(run)
        self.location_id = run.integration.stock_location.id()
        self._is_location_checked = False
        self._looks_up_first = False
        """Most quantities were refused by SKU: asking for the products first saves requests."""
        self._is_second_try = False
        self._refused: list[_QuantityRow] = []

    def push(self, rows: Sequence[_QuantityRow]) -> None:
        """Send quantities; those that are refused are looked up, and sent under another name."""
        known = identities.remembered(self.run, [row.source.key for row in rows])
        if self._looks_up_first:
            known |= self._look_up(row for row in rows if row.source.key not in known)
        self._is_second_try, self._refused = False, []
        if self.run.preview:
            rows = self._with_stock(rows, known)
        self.send(_under(known.get(row.source.key), row) for row in rows)
        refused = self._refused
        if self.run.is_over():
            self.postpone(refused)
        elif refused:
            self._looks_up_first = self._looks_up_first or 2 * len(refused) > len(rows)
            self._try_again(refused)

    def _with_stock(
        self, rows: Sequence[_QuantityRow], known: Mapping[str, Identity]
    ) -> list[_QuantityRow]:
        """Say what the store has: since the last push, a person may have set another quantity."""
        skus = {row.source.key: _sku(known.get(row.source.key), row) for row in rows}
        # A comma would end a SKU in a list of them.
        lists = url_lists((sku for sku in skus.values() if "," not in sku), _ITEMS_A_PAGE)
        items = self.run.store.inventory.items.call
        calls = [items(sku_in=each, location_id_in=[self.location_id]) for each in lists]
        there: dict[str, str] = {}
        for item in chain.from_iterable(self.run.store.map(calls)):
            at = item.at(self.location_id)
            if at is not None and at.total_inventory_onhand is not None:
                there[text_key(item.identity.sku)] = str(at.total_inventory_onhand)
        before = (there.get(text_key(skus[row.source.key]), row.change.before) for row in rows)
        return [
            attrs.evolve(row, change=attrs.evolve(row.change, before=each))
            for row, each in zip(rows, before, strict=True)
        ]

    def _try_again(self, rows: Sequence[_QuantityRow]) -> None:
        wrong = [row.source.key for row in rows if row.draft.product_id is not UNSET]
        if wrong:
            self.run.forget(identities.KIND, wrong)
        known = self._look_up(rows)
        again: list[_QuantityRow] = []
        for row in rows:
            other = _under(known.get(row.source.key), row)
            if other.draft == row.draft:
                self.run.refuse(row.change)
            else:
                # It has another chance, so the first refusal does not count.
                again.append(attrs.evolve(other, change=attrs.evolve(row.change, problems=())))
        self._is_second_try = True
        self.send(again)

    def _look_up(self, rows: Iterable[_QuantityRow]) -> dict[str, Identity]:
        skus = {row.source.key: row.source.sku for row in rows}
        return identities.look_up(self.run, skus, variants=False) if skus else {}

    def call(self, rows: Sequence[_QuantityRow]) -> Call[str]:
        return self.run.store.inventory.adjust_absolute.call(
            [row.draft for row in rows], reason=REASON
        )

    def saved(self, rows: Sequence[_QuantityRow], answer: str, /) -> None:
        self.run.know_all(
            _kind(self.location_id), {row.source.key: row.source.remembered for row in rows}
        )
        super().saved(rows, answer)

    def named(self, error: RequestRefused, rows: Sequence[_QuantityRow]) -> dict[int, str]:
        self._check_location(error)
        return named_adjustments(error, [row.draft for row in rows])

    def refused(self, row: _QuantityRow, problem: Problem, error: RequestRefused, /) -> None:
        self._check_location(error)
        change = attrs.evolve(row.change, problems=(*row.change.problems, problem))
        if self._is_second_try:
            self.run.refuse(change)
        else:
            self._refused.append(attrs.evolve(row, change=change))

    def _check_location(self, error: RequestRefused) -> None:
        """See whether it is the location that the store refuses, and so every quantity.

        Raises:
            NoSuchLocation: It is.
        """
        if not self._is_location_checked and "location" in text_key(error.body):
            self.run.integration.stock_location.id(refresh=True)
            self._is_location_checked = True


def _under(identity: Identity | None, row: _QuantityRow) -> _QuantityRow:
    """The row under the name that BigCommerce takes: the id of a product tracked by product.

    What a row of the settings names has a SKU of its own.
    """
    if identity is None and row.draft.sku == row.source.sku:
        return row
    if identity is not None and identity.tracking == "product" and not identity.variant_id:
        draft = attrs.evolve(row.draft, sku=UNSET, product_id=identity.product_id)
    else:
        draft = attrs.evolve(row.draft, sku=_sku(identity, row), product_id=UNSET)
    return attrs.evolve(row, draft=draft)


def _sku(identity: Identity | None, row: _QuantityRow) -> str:
    return (identity and identity.sku) or row.source.sku


# Which rows a refusal names

_ITEM = re.compile(r"\b(sku|product[_ ]id)[ :='\"]{1,3}", re.IGNORECASE)
_REST = re.compile(r"[\s,;\]\[]*(item with)?[\s,;\]\[]*$", re.IGNORECASE)
"""What separates two items."""
_LONGEST_SKU = 255


def named_adjustments(
    error: RequestRefused, drafts: Sequence[InventoryAdjustment]
) -> dict[int, str]:
    """Find the quantities that a refusal names, from 0, and what it says of each.

    Its title names them as in `sku MUG-1 was not found` (inferred).
    """
    names = [str(draft.sku if draft.product_id is UNSET else draft.product_id) for draft in drafts]
    indexes = {
        ("sku" if draft.product_id is UNSET else "product", text_key(name)): index
        for index, (draft, name) in enumerate(zip(drafts, names, strict=True))
    }
    # The longest first: "MUG 1" is not "MUG".
    lengths = sorted({len(name) for name in names}, reverse=True)
    text = _refusal_text(error)
    items: list[tuple[int, int, int]] = []
    for match in _ITEM.finditer(text):
        kind = "sku" if text_key(match[1]) == "sku" else "product"
        rest = text[match.end() : match.end() + _LONGEST_SKU]
        for length in lengths:
            index = indexes.get((kind, text_key(rest[:length])))
            if index is not None and not rest[length : length + 1].isalnum():
                items.append((index, match.start(), match.end() + length))
                break
    found: dict[int, str] = {}
    ends = [*(start for _, start, _ in items[1:]), len(text)]
    for (index, start, name_end), end in zip(items, ends, strict=False):
        reason = _REST.sub("", text[name_end:end]).strip()
        found.setdefault(index, f"{text[start:name_end]} {reason}".strip())
    return found


def _refusal_text(error: RequestRefused) -> str:
    try:
        body: Json = json.loads(error.body)
    except ValueError:
        return error.body
    title = body.get("title") if isinstance(body, dict) else None
    return "; ".join([str(title or ""), *error.errors.values()])

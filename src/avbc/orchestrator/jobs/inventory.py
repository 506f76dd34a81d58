"""Quantities on their way to the store (manual 2.3.1): Qty Available of the warehouse, net of what waits in the store."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

import attrs

from avbc.bigcommerce import BigCommerce, RequestRefused
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.endpoints.inventory import ADJUSTMENTS_AT_ONCE
from avbc.bigcommerce.models import InventoryAdjustment, Location
from avbc.errors import Fault, FinalError
from avbc.mapping import Decision, Problem, net_quantity
from avbc.mapping.text import plain
from avbc.money import ZERO
from avbc.orchestrator.engine import identities
from avbc.orchestrator.engine.batches import send_batches
from avbc.orchestrator.engine.identities import Identity
from avbc.orchestrator.engine.journal import merged
from avbc.orchestrator.engine.run import PushRun, problem_of
from avbc.orchestrator.engine.statuses import ImportStatuses
from avbc.orchestrator.engine.waiting import waiting_quantities
from avbc.orchestrator.reports import Change
from avbc.settings import SettingsError
from avbc.text import text_key

KIND = "quantity"
"""What the journal knows the quantities by that were pushed last: the key is the `text_key` of the part number."""

REASON = "AcctVantage"
"""What the store's history of a quantity shows."""


class NoSuchLocation(FinalError):
    """The store has no such location, or it is disabled: nothing can be pushed there."""


class StockLocation:
    """The location of the store that quantities are pushed to, looked up when it is needed and from time to time again.

    Args:
        store: The store.
        code: Its code; empty for the default location, whose stock the storefront sells.
    """

    _FRESH_SECONDS = 3600

    def __init__(self, store: BigCommerce, code: str) -> None:
        self._store = store
        self._code = code
        self._found: Location | None = None
        self._found_at = 0.0

    def id(self, *, anew: bool = False) -> int:
        """The location's id.

        Args:
            anew: Ask the store, whatever is remembered.

        Raises:
            NoSuchLocation: There is none, or it is disabled.
            StoreError: The store does not say.
        """
        if anew or self._found is None or time.monotonic() - self._found_at > self._FRESH_SECONDS:
            self._found = self._look_up()
            self._found_at = time.monotonic()
        return self._found.id

    def _look_up(self) -> Location:
        wanted = [self._code] if self._code else None
        locations = list(
            self._store.locations.list(location_code_in=wanted, is_default=None if wanted else True)
        )
        if not locations:
            message = (
                f"no location has the code {self._code!r}"
                if self._code
                else "the store has no default location"
            )
            raise NoSuchLocation(
                f"{message}: correct shipping.bigcommerce_location, or the locations in BigCommerce"
            )
        if not locations[0].enabled:
            label = locations[0].label or locations[0].code
            raise NoSuchLocation(
                f"the location {label!r} is disabled, so BigCommerce takes no quantities for it: "
                "enable it there, or name another in "
                "shipping.bigcommerce_location"
            )
        return locations[0]


@attrs.frozen
class _Row:
    """A quantity on its way."""

    key: str
    sku: str
    quantity: int
    text: str
    """What is remembered once it has been pushed."""
    change: Change
    product_id: int = 0
    """Where the product is tracked by product; 0 where it goes by SKU."""
    is_second: bool = False
    """It was refused once under another name."""

    def draft(self, location_id: int) -> InventoryAdjustment:
        if self.product_id:
            return InventoryAdjustment(
                location_id=location_id, quantity=self.quantity, product_id=self.product_id
            )
        return InventoryAdjustment(location_id=location_id, quantity=self.quantity, sku=self.sku)


def push_inventory(
    run: PushRun, location: StockLocation, statuses: ImportStatuses, *, full: bool
) -> None:
    """Tell the store what of the warehouse's Qty Available it may sell: what changed since it was told last, or all with `full`.

    Quantities are absolute, in whole units and never below zero, and net of what orders have sold
    that wait in the store to be imported. Where nothing changed nothing is asked for either: of
    orders that came in since the store has taken the goods off by itself.

    Raises:
        SettingsError: Sync Inventory Levels is not ticked.
        NoSuchLocation: The store has no such location, or it is disabled.
        AvbcError: The books or the store cannot be read.
    """
    if not run.settings.shipping.sync_inventory_levels:
        message = "is false, so quantities are not pushed (manual 2.3.1): set it to true first"
        raise SettingsError("settings", [Fault("shipping.sync_inventory_levels", message)])
    gone: list[str] = []
    if not full and _stands(run, gone):
        return
    location_id = location.id()
    # The orders before the quantities: one that is imported in between is taken off twice, which
    # the next push puts right; the other way round it would not be taken off at all.
    waiting = waiting_quantities(run, statuses)
    push = _Push(run, location, location_id)
    rows = _rows(run, waiting, gone, full=full)
    while not run.is_over() and (lot := list(islice(rows, ADJUSTMENTS_AT_ONCE))):
        push.send(lot)
    if gone and not run.is_over():
        run.forget(KIND, gone)


# What changed


def _available(run: PushRun, taken: dict[str, tuple[str, Decimal]]) -> Iterator[tuple[str, str]]:
    """The books' side: key and text of each quantity, which is left in `taken` until it is looked at."""
    texts: dict[Decimal, str] = {}
    for part_number, quantity in run.books.quantities_available(run.settings.shipping.warehouse):
        text = texts.get(quantity)
        if text is None:
            text = texts[quantity] = str(net_quantity(quantity))
        key = text_key(part_number)
        taken[key] = (part_number, quantity)
        yield key, text


def _stands(run: PushRun, gone: list[str]) -> bool:
    """Whether the store was told everything already."""
    taken: dict[str, tuple[str, Decimal]] = {}
    count = 0
    for key, text, known in merged(_available(run, taken), run.all_known(KIND)):
        if text != known and text is not None:
            return False
        if text is None:
            gone.append(key)
        else:
            del taken[key]
            count += 1
    run.unchanged(count)
    if gone:
        run.forget(KIND, gone)
    return True


def _rows(
    run: PushRun, waiting: Mapping[str, Decimal], gone: list[str], *, full: bool
) -> Iterator[_Row]:
    """What is to be pushed. What is known of a quantity reads `10`, or `10-3` where 3 of it waited in the store."""
    taken: dict[str, tuple[str, Decimal]] = {}
    gone.clear()
    for key, text, known in merged(_available(run, taken), run.all_known(KIND)):
        if text is None:
            gone.append(key)
            continue
        part_number, available = taken.pop(key)
        if text == known and not full:
            run.unchanged()
            continue
        sold = waiting.get(key, ZERO)
        remembered = f"{text}-{sold}" if sold else text
        if remembered == known and not full:
            run.unchanged()
            continue
        quantity = net_quantity(available, sold)
        change = Change(
            part_number,
            "quantity",
            _told(known),
            str(quantity),
            decisions=_decisions(run, available, sold, quantity),
        )
        yield _Row(key, plain(part_number), quantity, remembered, change)


def _told(known: str | None) -> str:
    """The quantity that was pushed, of what is remembered.

    >>> _told("10-3"), _told("3-5"), _told("10"), _told(None)
    ('7', '0', '10', '')
    """
    available, _, sold = (known or "").partition("-")
    return (
        str(max(0, int(available) - int(sold)))
        if available.isdecimal() and sold.isdecimal()
        else available
    )


def _decisions(
    run: PushRun, available: Decimal, sold: Decimal, quantity: int
) -> tuple[Decision, ...]:
    # Only in a preview: a push of a million would not fit into memory with them.
    if not run.preview:
        return ()
    warehouse = run.settings.shipping.warehouse
    less = f", less {sold} that wait in the store to be imported" if sold else ""
    reason = f"Qty Available in {warehouse!r} is {available}{less}; whole units, never below 0"
    return (Decision("quantity", str(quantity), reason, "shipping.warehouse"),)


# What is sent


class _Push:
    """Sends quantities, 2,000 at a time, one request after another."""

    def __init__(self, run: PushRun, location: StockLocation, location_id: int) -> None:
        self._run = run
        self._location = location
        self._location_id = location_id
        self._is_location_sure = False
        self._looks_first = False
        """Most of the store is tracked by product, so that it is cheaper to look first."""
        self._again: list[_Row] = []

    def send(self, lot: Sequence[_Row]) -> None:
        """Send quantities. What is refused under one name is looked up, and sent once more under another."""
        known = identities.remembered(self._run, [row.key for row in lot])
        unknown = {row.key: row.sku for row in lot if row.key not in known}
        if unknown and self._looks_first:
            known = known | identities.look_up(self._run, unknown, variants=False)
        self._send([_named(row, known.get(row.key)) for row in lot])
        again, self._again = self._again, []
        if self._run.is_over():
            for row in again:
                self._run.postpone(
                    row.change,
                    Problem(
                        "run_stopped",
                        "",
                        "",
                        f"The run stopped before it: {self._run.report.stopped}",
                    ),
                )
        elif again:
            self._looks_first = self._looks_first or 2 * len(again) > len(lot)
            self._send_again(again)

    def _send_again(self, rows: Sequence[_Row]) -> None:
        forgotten = [row.key for row in rows if row.product_id]
        if forgotten:
            self._run.forget(identities.KIND, forgotten)
        known = identities.look_up(self._run, {row.key: row.sku for row in rows}, variants=False)
        second: list[_Row] = []
        for row in rows:
            other = _named(row, known.get(row.key))
            if other.product_id == row.product_id:
                self._run.refuse(row.change)
            else:
                # It has another chance, so what was said of it does not count.
                change = attrs.evolve(other.change, problems=())
                second.append(attrs.evolve(other, is_second=True, change=change))
        self._send(second)

    def _send(self, rows: Sequence[_Row]) -> None:
        send_batches(
            self._run,
            rows,
            size=ADJUSTMENTS_AT_ONCE,
            make=self._adjust,
            saved=self._saved,
            refused=self._refused,
            named=self._named_rows,
            at_once=1,
        )

    def _adjust(self, batch: Sequence[_Row]) -> Call[str]:
        drafts = [row.draft(self._location_id) for row in batch]
        return self._run.store.inventory.adjust_absolute.call(drafts, reason=REASON)

    def _saved(self, batch: Sequence[_Row], _transaction_id: str) -> None:
        for row in batch:
            self._run.know(KIND, row.key, row.text)
        self._run.sent(*(row.change for row in batch))

    def _named_rows(self, error: RequestRefused, batch: Sequence[_Row]) -> dict[int, str]:
        self._check_location(error)
        return named_items(error, batch)

    def _check_location(self, error: RequestRefused) -> None:
        """Where it is the location, all rows are refused for it, and none of them is at fault.

        Raises:
            NoSuchLocation: So it is.
        """
        if not self._is_location_sure and "location" in error.body.casefold():
            self._location.id(anew=True)
            self._is_location_sure = True

    def _refused(self, row: _Row, error: RequestRefused, message: str) -> None:
        self._check_location(error)
        problem = problem_of(error)
        if message:
            problem = attrs.evolve(problem, message=f"The store refuses it: {message}.", fix=_FIX)
        row = attrs.evolve(
            row, change=attrs.evolve(row.change, problems=(*row.change.problems, problem))
        )
        if row.is_second:
            self._run.refuse(row.change)
        else:
            self._again.append(row)


_FIX = (
    "Give the product this SKU in BigCommerce and track its inventory, or untick its Sync to "
    "Webstore in AcctVantage."
)


def _named(row: _Row, identity: Identity | None) -> _Row:
    """The row under the name that BigCommerce wants: a product tracked by product goes by its id, everything else by its SKU."""
    by_product = identity is not None and identity.tracking == "product" and not identity.variant_id
    return attrs.evolve(
        row, product_id=identity.product_id if identity is not None and by_product else 0
    )


# Whom a refusal names

_ITEM = re.compile(r"\b(sku|product[_ ]id)[ :='\"]{1,3}", re.IGNORECASE)
_REST = re.compile(r"[\s,;\]\[]*(item with)?[\s,;\]\[]*$", re.IGNORECASE)
"""What leads over to the next item."""
_LONGEST_SKU = 255


def named_items(error: RequestRefused, batch: Sequence[_Row]) -> dict[int, str]:
    """Which rows of a batch a refusal names, from 0, and what it says of each (inferred: its title names items as `sku MUG-1 ...`)."""
    by_name = {
        ("product", str(row.product_id)) if row.product_id else ("sku", row.sku.casefold()): i
        for i, row in enumerate(batch)
    }
    lengths = sorted({len(name) for _, name in by_name}, reverse=True)
    text = _said(error)
    hits: list[tuple[int, int, int]] = []
    for match in _ITEM.finditer(text):
        kind = "sku" if match[1].casefold() == "sku" else "product"
        rest = text[match.end() : match.end() + _LONGEST_SKU]
        # The longest first: "MUG 1" is not "MUG".
        for length in lengths:
            index = by_name.get((kind, rest[:length].casefold()))
            if index is not None and not rest[length : length + 1].isalnum():
                hits.append((index, match.start(), match.end() + length))
                break
    found: dict[int, str] = {}
    ends = [start for _, start, _ in hits[1:]]
    for (index, start, end), following in zip(hits, [*ends, len(text)], strict=False):
        reason = _REST.sub("", text[end:following])
        found.setdefault(index, f"{text[start:end]} {reason.strip()}".strip())
    return found


def _said(error: RequestRefused) -> str:
    try:
        body: Json = json.loads(error.body)
    except ValueError:
        return error.body
    title = body.get("title") if isinstance(body, dict) else None
    return "; ".join([str(title or ""), *error.errors.values()])

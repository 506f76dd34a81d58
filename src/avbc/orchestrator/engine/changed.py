"""What changed in the books since the last push, and the changes that it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from avbc.acctvantage.records import SalesOrder
from avbc.mapping import Decision
from avbc.orchestrator.engine.journal import merged
from avbc.orchestrator.engine.run import PushRun
from avbc.orchestrator.reports import Change

T = TypeVar("T")


def changed_records(
    run: PushRun, kind: str, records: Iterable[tuple[str, tuple[T, str]]], *, full: bool = False
) -> Iterator[tuple[str, T, str, str]]:
    """Yield (key, record, text, text pushed last) of each record that changed.

    The books and the journal are walked side by side, so that a million records need no memory.
    The others count as unchanged, and what is gone from the books is forgotten: if it comes back,
    it is pushed again, whatever happened to it in the store meanwhile.

    Args:
        run: The run.
        kind: What the journal remembers the texts under.
        records: The key of each record, sorted, then the record and its text.
        full: Yield all of them, changed or not.
    """
    gone: list[str] = []
    for key, record, before in merged(records, run.all_known(kind)):
        if record is None:
            gone.append(key)
        elif record[1] == before and not full:
            run.unchanged()
        else:
            yield key, *record, before or ""
    if gone:
        run.forget(kind, gone)


def order_change(
    order: SalesOrder,
    what: str,
    before: str = "",
    after: str = "",
    decisions: Sequence[Decision] = (),
) -> Change:
    """A change of what belongs to a sales order, under the order's Import ID."""
    ids = (order.store_order_id, order.import_id)
    return Change(order.import_id, what, before, after, *ids, decisions=tuple(decisions))

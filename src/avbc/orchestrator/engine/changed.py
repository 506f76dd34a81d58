"""Which records of the books differ from what was pushed of them last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from avbc.orchestrator.engine.journal import merged
from avbc.orchestrator.engine.run import PushRun

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

"""What was held back because of an order's status in the store, until that status changes.

A job is past the changes that it held back, so they are remembered: when what is known of the
order's status (`STATUS`) is no longer the status that they were held for, the next run takes them
again. So a canceled order costs no requests, and one that goes on after all gets what it missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.statuses import STATUS
from avbc.orchestrator.reports import RunReport

R = TypeVar("R", bound=RunReport)

STATUS_HELD = "status held"
"""Orders whose status is not sent because of the one that they have in the store."""


class _Row(NamedTuple):
    import_id: str
    status: str
    """The order's status in the store, by id; empty where the store does not list it."""
    what: str
    """What was held back, where it may change."""


class Held:
    """What one job holds back, by its own keys.

    Args:
        run: The job's run.
        kind: What the journal remembers it under.
    """

    def __init__(self, run: PushRun, kind: str) -> None:
        self._run = run
        self._kind = kind
        self._rows = {key: _Row(*json.loads(text)) for key, text in run.all_known(kind)}
        known = run.known(STATUS, {row.import_id for row in self._rows.values()})
        self.again = {
            key for key, row in self._rows.items() if known.get(row.import_id, "") != row.status
        }
        """The keys to be looked at again: their orders have another status, or it is not known."""
        self._over: set[str] = set()

    @property
    def orders_again(self) -> set[str]:
        """The Import IDs of the orders of these keys."""
        return {self._rows[key].import_id for key in self.again}

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def holds(self, key: str, what: str = "") -> bool:
        """Return whether this is held back, and nothing has changed."""
        row = self._rows.get(key)
        return row is not None and row.what == what and key not in self.again

    def is_held_for(self, key: str, status: str) -> bool:
        """Return whether this is held back while its order has this status in the store."""
        row = self._rows.get(key)
        return row is not None and row.status == status

    def hold(self, key: str, import_id: str, status: str, what: str = "") -> None:
        """Hold something back while the order has this status in the store."""
        self._over.discard(key)
        self._run.know(self._kind, key, json.dumps(_Row(import_id, status, what)))
        if not status:
            self._run.forget(STATUS, [import_id])

    def release(self, key: str) -> None:
        """Note that something is held back no longer."""
        if key in self._rows:
            self._over.add(key)

    def deleted(self) -> list[tuple[str, str]]:
        """Release what belongs to no order of the books any more; returns its key and Import ID."""
        import_ids = {row.import_id for row in self._rows.values()}
        here = {order.import_id for order in self._run.books.sales_orders(import_ids)}
        gone = [
            (key, row.import_id) for key, row in self._rows.items() if row.import_id not in here
        ]
        self._over.update(key for key, _ in gone)
        return gone

    def finish(self) -> None:
        """Forget what is held back no longer."""
        if self._over:
            self._run.forget(self._kind, self._over)


def hold_status(run: Run[R], import_id: str, status_id: int) -> None:
    """Hold the status of an order back while it has this one: the next push sends it after that.

    For the import, which overwrites what was pushed before.
    """
    run.know(STATUS_HELD, import_id, json.dumps(_Row(import_id, str(status_id), "")))

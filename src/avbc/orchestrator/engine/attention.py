"""What a run finds for a person: gathered, written with the journal, reported once at its end."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import UTC, datetime

from avbc.mapping import Problem
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JournalUnreachable
from avbc.orchestrator.engine.open_items import ItemChange, ItemKey, OpenItems, Raised, Settled
from avbc.orchestrator.worklist import WorklistItem

STOPPED = "order_stopped_in_store"
"""The code of an order that was stopped in the store after its import."""
FOLLOWING = "follow_orders"
"""The area of what became of orders after their import, whichever run finds it."""

_log = logging.getLogger("avbc.orchestrator")


class Attention:
    """The items of one run.

    Args:
        integration: Whose worklist it is, and who is called.
        area: The job, which lets its items go.
    """

    def __init__(self, integration: Integration, area: str) -> None:
        self._integration = integration
        self._area = area
        self._changes: list[ItemChange] = []
        self._confirmed: set[ItemKey] = set()
        self._open: dict[str, set[str]] | None = None
        """The codes of the job's open items by key, as the run began."""

    def add(
        self,
        problem: Problem,
        *,
        key: str,
        order_id: int = 0,
        import_id: str = "",
        area: str = "",
    ) -> None:
        """Put a problem on the worklist; one that is there in the same words stays as it is."""
        area = area or self._area
        message = (
            f"{problem.message} Candidates: {', '.join(problem.candidates)}."
            if (problem.candidates)
            else problem.message
        )
        item = WorklistItem(
            problem.code,
            key,
            order_id,
            import_id,
            datetime.now(UTC),
            message,
            problem.fix,
            area,
        )
        self._confirmed.add((area, problem.code, key))
        self._changes.append(Raised(item))

    def settle(
        self, keys: Iterable[str], *, area: str = "", codes: Collection[str] | None = None
    ) -> None:
        """Take the items of these keys off the worklist: their cause is gone."""
        of_codes = None if codes is None else frozenset(codes)
        self._changes.append(Settled(area or self._area, tuple(keys), of_codes))

    def settle_rest(self, area: str = "") -> None:
        """Take off the items of an area that this run did not confirm: it looked at everything."""
        area = area or self._area
        but = frozenset(place for place in self._confirmed if place[0] == area)
        self._changes.append(Settled(area, but=but))

    def replace(
        self, key: str, problems: Collection[Problem], *, order_id: int, import_id: str
    ) -> None:
        """Have these problems of the job's, and no others, on the worklist for one key."""
        codes = {problem.code for problem in problems}
        for problem in problems:
            self.add(problem, key=key, order_id=order_id, import_id=import_id)
        if gone := self._codes(key) - codes:
            self.settle([key], codes=gone)

    def flush(self) -> None:
        """Write what was found.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        changes, self._changes = self._changes, []
        if changes:
            self._items().apply(changes)

    def report(self) -> None:
        """Call the application with what is new or has changed; a run is not harmed by errors."""
        call = self._integration.on_attention
        if call is None:
            return
        journal, scope = self._integration.journal, self._integration.scope
        try:
            with journal.lease(f"attention {scope}") as lease:
                # Another process that has the turn reports them.
                if not lease.check() and (items := self._items().unreported()):
                    call(items)
                    self._items().set_reported(items)
        except JournalUnreachable as error:
            _log.warning("the worklist could not be reported: %s", error)
        except Exception:  # noqa: BLE001  # a bug of the application
            _log.exception("on_attention failed; the next run reports the same items")

    def _codes(self, key: str) -> set[str]:
        if self._open is None:
            self._open = {}
            for each, code in self._items().keys(self._area):
                self._open.setdefault(each, set()).add(code)
        return self._open.get(key, set()) | {
            code for area, code, each in self._confirmed if area == self._area and each == key
        }

    def _items(self) -> OpenItems:
        return OpenItems(self._integration.journal, self._integration.scope)


def stopped_problem(order_id: int, import_id: str, happened: str) -> Problem:
    """Say that an order was stopped in the store after its import."""
    return Problem(
        STOPPED,
        "status_id",
        happened,
        f"Order {order_id} was {happened} in the store after {import_id} was imported. No status, "
        "shipment or capture is sent for it any more.",
        f"Delete {import_id} in AcctVantage, or reverse it there and call settle({order_id}). If "
        "the order goes on, give it another status in BigCommerce.",
    )

"""A second look at the orders of an import, right before they are written to the books."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from avbc.errors import AvbcError
from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import record_problem
from avbc.orchestrator.engine.choosing import Choice
from avbc.orchestrator.engine.incoming import Incomers, Incoming
from avbc.orchestrator.engine.order_reads import is_fresh
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.reports import ImportReport

_TIMES_TAKEN = 3
"""An order that has changed each time that it was read is left to the next run."""


class SecondLook:
    """Reads orders of an import again that were not read a moment before.

    Args:
        run: The run.
        incomers: Reads the orders.
        choice: Which orders the import takes.
    """

    def __init__(self, run: Run[ImportReport], incomers: Incomers, choice: Choice) -> None:
        self._run = run
        self._incomers = incomers
        self._choice = choice

    def refresh(self, chunk: Sequence[Incoming]) -> None:
        """Look at a chunk in the store once more, right before it is written.

        What was canceled meanwhile is left alone, and what was changed is taken as it is now. A gap
        stays between this look and the writes: BigCommerce has no conditional write.
        """
        changed: list[Incoming] = []
        for left in reversed(range(_TIMES_TAKEN)):
            try:
                changed = self.changed(chunk)
            except AvbcError as error:
                for each in chunk:
                    self._incomers.fail(each, error)
                self._run.stop_if_all_failed([error])
                return
            if changed and left:
                try:
                    self._incomers.look_up(changed, again=True)
                    self._incomers.read_payments(
                        [each for each in changed if not (each.is_unchanged or each.waits)]
                    )
                except AvbcError as error:
                    self._run.halt(error)
            elif not changed:
                return
        for each in changed:
            each.left = changing(each.order.id)

    def changed(self, incoming: Iterable[Incoming]) -> list[Incoming]:
        """Look at orders again that were not read a moment before; returns what is not the same.

        Those that are not to be taken any more are not among them: they have the reason.

        Raises:
            StoreError: The store does not answer.
        """
        clock = self._run.clock
        stale = [
            each for each in incoming if each.left is None and not is_fresh(each.read_at, clock)
        ]
        if not stale or self._run.is_over():
            return []
        ids = [each.order.id for each in stale]
        found = self._incomers.by_id(ids, clock.monotonic(), self._choice.status_id)
        changed: list[Incoming] = []
        for each in stale:
            now = found.get(each.order.id)
            if now is None:
                each.left = self._choice.gone(each.order.id)
            elif not each.differs(now):
                each.read_at = now.read_at
                each.looked_at = clock.monotonic()
            else:
                each.take(now)
                each.left = self._choice.refusal(each)
                if each.left is None:
                    changed.append(each)
        return changed


def changing(order_id: int) -> Problem:
    """Say that an order was changed in the store each time that it was read."""
    return record_problem(
        "order_changed",
        "The order was changed in the store while it was imported.",
        f"The next import takes it if it is New; otherwise call import_order({order_id}).",
    )

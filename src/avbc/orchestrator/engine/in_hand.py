"""The orders that a run has in hand, in the journal: so that one that ends its process is found.

An order may end the process that works at it, without an error: a crash in a driver, too little
memory. Whatever starts the process again would have it end again and again, and no other order
would be imported.

Before a run works at orders, it leaves a mark with their Import IDs, and takes it off at its end.
What is marked at the start of a run was in hand when a process died, since there is one run at a
time. Such an order is then worked at by itself, with a mark of its own. Where the process dies
again, the next run finds that mark, and leaves the order out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import record_problem
from avbc.orchestrator.engine.integration import Integration

ENDED = "order_ended_process"
"""The code of an order in the middle of which two processes ended."""

_TOGETHER = ""
"""The key of the orders that are worked at together; others are Import IDs."""


class _Order(Protocol):
    @property
    def import_id(self) -> str: ...


T = TypeVar("T", bound=_Order)


class InHand:
    """The orders that one run has in hand.

    Args:
        integration: The journal, and whose orders they are.
        job: What one process at a time does with them.
        kept: Does what writes to the journal, whose failure is no failure of the run.
        is_marked: Whether orders are marked: a preview writes nothing.
    """

    def __init__(
        self,
        integration: Integration,
        job: str,
        kept: Callable[[Callable[[], object]], None],
        *,
        is_marked: bool,
    ) -> None:
        self._integration = integration
        self._job = job
        self._kept = kept
        self._is_marked = is_marked
        self._found: dict[str, str] | None = None
        """What was marked when this run began, once it was read."""
        self._suspects: set[str] = set()
        """Orders that were in hand when a process died, and were not worked at since."""
        self._left_out: set[str] = set()
        self._marks: dict[str, str] = {}
        """What is marked now."""

    def ended(self, orders: Sequence[T]) -> list[T]:
        """Return the orders in the middle of which two processes ended.

        Raises:
            JournalUnreachable: The marks could not be read.
        """
        found = self._read() if orders else {}
        return [each for each in orders if each.import_id in found]

    def settle(self, orders: Collection[_Order]) -> None:
        """Take the marks off orders that were left out: who asks for one again has it tried."""
        keys = {each.import_id for each in orders}
        self._left_out |= keys
        self._found = {key: text for key, text in self._read().items() if key not in keys}
        self._take_off(keys)

    def portions(self, orders: Sequence[T]) -> Iterator[list[T]]:
        """Yield orders in portions to be worked at, marked: those alone that may end the process.

        Those that were left out (`settle`) are not among them.

        Raises:
            JournalUnreachable: The marks could not be read.
        """
        if not orders:
            return
        self._read()
        orders = [each for each in orders if each.import_id not in self._left_out]
        rest = [each for each in orders if each.import_id not in self._suspects]
        for each in orders:
            if each.import_id not in self._suspects:
                continue
            self._mark({each.import_id: "", _TOGETHER: _text(self._suspects)})
            yield [each]
            self._suspects.discard(each.import_id)
            self._take_off([each.import_id])
        if rest:
            ids = {each.import_id for each in rest}
            self._mark({_TOGETHER: _text(self._suspects | ids)})
            yield rest

    def put_down(self) -> None:
        """Take off the marks, at the end of the run; those of orders that it did not meet stay."""
        if self._suspects:
            self._mark({_TOGETHER: _text(self._suspects)})
        stay = {*(self._found or ()), *([_TOGETHER] if self._suspects else ())}
        self._take_off(self._marks.keys() - stay)
        for kind in list(self._integration.marks_left) if self._is_marked else ():
            self._kept(partial(self._forget, kind, ()))

    def _read(self) -> dict[str, str]:
        if self._found is None:
            journal = self._integration.journal
            self._marks = dict(journal.all_fingerprints(self._kind)) if self._is_marked else {}
            # The order that two processes ended at may end the next one, too.
            self._suspects = {*self._marks.get(_TOGETHER, "").split(), *self._marks} - {_TOGETHER}
            self._found = {key: text for key, text in self._marks.items() if key != _TOGETHER}
        return self._found

    @property
    def _kind(self) -> str:
        return self._integration.scoped(f"{self._job} in hand")

    def _mark(self, marks: Mapping[str, str]) -> None:
        if self._is_marked and not marks.items() <= self._marks.items():
            self._marks.update(marks)
            self._integration.marks_left.get(self._kind, set()).difference_update(marks)
            journal = self._integration.journal
            # A power failure is no order's fault.
            self._kept(partial(journal.remember, self._kind, marks.items(), durable=False))

    def _take_off(self, keys: Collection[str]) -> None:
        if self._is_marked and keys:
            self._marks = {key: text for key, text in self._marks.items() if key not in keys}
            # What stays marked, where the disk is full or the turn was lost, says that a process
            # ended, and none did. Those that are worked at together are another process's by then.
            left = self._integration.marks_left.setdefault(self._kind, set())
            left.update({*keys} - {_TOGETHER})
            self._kept(partial(self._forget, self._kind, keys))

    def _forget(self, kind: str, keys: Collection[str]) -> None:
        left = self._integration.marks_left
        due = {*left.get(kind, ()), *keys}
        self._integration.journal.forget_fingerprints(kind, sorted(due), durable=False)
        left.pop(kind, None)


def _text(import_ids: Collection[str]) -> str:
    return " ".join(sorted(import_ids))


def why_left_out(doing: str, then: str) -> Problem:
    """Say that two processes ended in the middle of an order.

    Args:
        doing: What they did with it: "imported".
        then: What has it tried again, or empty where the area of the item says it.
    """
    return record_problem(
        ENDED,
        f"The process ended without an error while the order was {doing}, and so did the next one, "
        "which had this order alone in hand. Most likely the order ends it: by a crash in a "
        "customisation, in a driver or in the books, or for want of memory. It is rare that both "
        "were killed from outside at the same order. The order was left out, and the others go on.",
        "Look in the logs of the program and of the machine for how the processes ended, and "
        f"correct the cause; if both were killed from outside, there is none.{then and ' '}{then}",
    )

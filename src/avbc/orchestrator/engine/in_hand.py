"""The orders that a run has in hand, in the journal: so that one that ends its process is found.

An order can crash the process that handles it, without an error: by a fault in a driver, or for
want of memory. A process that is started again would crash again, and no other order would be
imported.

Before a run handles orders, it marks each of them, and removes its marks afterward, even if it lost
its turn. A mark that is found belongs to a run whose process died, unless that process still runs
here. Such an order is then handled alone. If a second process dies while it handles the order, the
next run finds two marks, and leaves the order out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import record_problem
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JournalUnreachable
from avbc.stopping import is_stop_due

ENDED = "order_ended_process"
"""The code of an order in the middle of which two processes ended."""


class _Order(Protocol):
    @property
    def import_id(self) -> str: ...


T = TypeVar("T", bound=_Order)


class InHand:
    """The orders that one run has in hand.

    Args:
        integration: The journal, and whose orders they are.
        job: What one process at a time does with them.
        run: What tells this run from all others, without spaces.
        kept: Does what writes to the journal, whose failure is no failure of the run.
        is_stopped: Whether the run works at no more orders.
        is_marked: Whether orders are marked: a preview writes nothing.
    """

    def __init__(
        self,
        integration: Integration,
        job: str,
        run: str,
        kept: Callable[[Callable[[], object]], None],
        *,
        is_stopped: Callable[[], bool],
        is_marked: bool,
    ) -> None:
        self._integration = integration
        self._job = job
        self._run = run
        self._kept = kept
        self._is_stopped = is_stopped
        self._is_marked = is_marked
        self._found: dict[str, list[str]] | None = None
        """By Import ID: the marks of the dead, once they were read, at orders that were not worked
        at since."""
        self._left_out: set[str] = set()
        self._marks: set[str] = set()
        """Those of this run."""
        self._is_unwritten = False
        """Whether the journal took no marks when it was written last."""

    def ended(self, orders: Sequence[T]) -> list[T]:
        """Return the orders in the middle of which two processes ended.

        Raises:
            JournalUnreachable: The marks could not be read.
        """
        found = self._read() if orders else {}
        return [each for each in orders if len(found.get(each.import_id, ())) > 1]

    def settle(self, orders: Collection[_Order]) -> None:
        """Keep one mark at orders that were left out: one that is asked for again is tried."""
        found, surplus = self._read(), set[str]()
        for each in orders:
            self._left_out.add(each.import_id)
            surplus.update(found[each.import_id][1:])
            del found[each.import_id][1:]
        self._take_off(surplus)

    def portions(self, orders: Sequence[T]) -> Iterator[list[T]]:
        """Yield orders in portions to be worked at, marked: those alone that may end the process.

        Those that were left out (`settle`) are not among them.

        Raises:
            JournalUnreachable: The marks could not be read.
        """
        if not orders:
            return
        found = self._read()
        orders = [each for each in orders if each.import_id not in self._left_out]
        rest = [each for each in orders if each.import_id not in found]
        for each in orders:
            if each.import_id in found:
                marks = self._mark([each])
                yield [each]
                # It may not have been tried.
                self._take_off(
                    marks if self._is_stopped() else {*marks, *found.pop(each.import_id)}
                )
        if rest:
            marks = self._mark(rest)
            yield rest
            self._take_off(marks)

    def put_down(self) -> None:
        """Take off this run's marks, at its end, and those that earlier runs could not."""
        self._take_off(self._marks)
        # Who is asked to stop does not wait a second time for what holds the journal.
        is_held = self._is_unwritten and is_stop_due()
        if self._is_marked and self._integration.marks_left and not is_held:
            self._kept(self._forget)

    def _read(self) -> dict[str, list[str]]:
        if self._found is None:
            self._found = {}
            journal, kind = self._integration.journal, self._kind
            own = self._integration.marks_left.get(kind, ())
            for mark, process in journal.all_fingerprints(kind) if self._is_marked else ():
                if mark not in own and not _is_running(process):
                    self._found.setdefault(mark.partition(" ")[0], []).append(mark)
        return self._found

    @property
    def _kind(self) -> str:
        return self._integration.scoped(f"{self._job} in hand")

    def _mark(self, orders: Sequence[_Order]) -> set[str]:
        if not self._is_marked:
            return set()
        marks = {f"{each.import_id} {self._run}" for each in orders}
        self._marks |= marks
        self._integration.marks_left.get(self._kind, set()).difference_update(marks)
        process = _running(os.getpid())
        rows = [(mark, process) for mark in sorted(marks)]
        self._is_unwritten = True
        self._kept(partial(self._remember, rows))
        return marks

    def _remember(self, rows: Sequence[tuple[str, str]]) -> None:
        # A power failure is no order's fault.
        self._integration.journal.remember(self._kind, rows, durable=False)
        self._is_unwritten = False

    def _take_off(self, marks: Collection[str]) -> None:
        if marks:
            # What stays marked, where the disk is full, says that a process ended, and none did.
            self._integration.marks_left.setdefault(self._kind, set()).update(marks)
            self._marks = self._marks.difference(marks)
            # Who is asked to stop tries once, at the end: each try may wait for a lock.
            if not is_stop_due():
                self._kept(self._forget)

    def _forget(self) -> None:
        try:
            self._integration.take_off_marks()
        except JournalUnreachable:
            if is_stop_due():
                raise
            # Its connection may be older than a failure of the database that is over.
            self._integration.take_off_marks()


def _running(pid: int | str) -> str:
    """Return which process runs under a number; empty where none does, or the system is no Linux.

    A number is given again, in another container and after a start of the machine, too.
    """
    try:
        # proc(5): its third field is the state, and the twenty-second is when it began.
        fields = Path(f"/proc/{pid}/stat").read_bytes().decode(errors="replace")
        state, *_, began = fields.rpartition(")")[2].split()[:20]
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        container = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return ""
    # One that its parent has not asked for yet has ended.
    return "" if state in {"Z", "X"} else f"{pid} {began} {boot} {container}"


def _is_running(process: str) -> bool:
    return bool(process) and process == _running(process.partition(" ")[0])


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

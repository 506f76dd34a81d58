"""What keeps a store and the books in step: the timer, its cycles, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path

from avbc.acctvantage.files.replacing import replacing
from avbc.orchestrator.checking import Checking
from avbc.orchestrator.checks.page import page_html
from avbc.orchestrator.cycle import SCHEDULE, Cycle, Job
from avbc.orchestrator.cycle_report import CycleReport
from avbc.orchestrator.engine.arguments import (
    require_count,
    require_flags,
    require_function,
    require_path,
    require_schedule,
    require_settings,
    require_what,
)
from avbc.orchestrator.engine.cycles import Cycles
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.reports import JournalEntry
from avbc.orchestrator.timer import OnReport, run_timer
from avbc.orchestrator.worklist import Worklist, WorklistItem
from avbc.settings import Settings


class Running(Checking):
    """The methods that run the jobs of a schedule, and say what they leave to a person."""

    @cached_property
    def _cycle(self) -> Cycle:
        joined = self._integration
        return Cycle(self, lambda: joined.journal, joined.is_answering)

    # The timer

    def run(self, *, schedule: Sequence[Job] = SCHEDULE, on_report: OnReport | None = None) -> None:
        """Keep the store and the books in step, in cycles, until it is stopped (manual 2.1.2).

        Each cycle imports, and does what else is due; the settings hold the interval. A cycle that
        fails is reported, and the next one runs. Where the settings were read by `Settings.load`,
        the file is read again before each cycle, so a changed interval applies after the current
        wait. A file with faults is reported once, and the last good settings stay in force until it
        is corrected.

        SIGTERM, Ctrl-C and `stop` end it: the current order is finished, and nothing new is begun.
        It returns then, or at once where the store is not enabled and no file can enable it.

        Args:
            schedule: The jobs of a cycle, in sequence, and how often each runs.
            on_report: Called with the report of each cycle: `on_report=print`.
        """
        require_function(on_report, "on_report")
        schedule = require_schedule(schedule, [self])
        run_timer([self], schedule=schedule, on_report=on_report)

    def run_cycle(
        self,
        schedule: Sequence[Job] = SCHEDULE,
        *,
        if_due: bool = False,
        if_free: bool = False,
        spread: bool = False,
    ) -> CycleReport:
        """Run the jobs that are due, once and in sequence: what `run` does again and again.

        Which jobs of an interval are due, the journal says, whichever process ran them. What fails
        is in the report, and the other jobs still run. Where the store does not answer, the rest of
        the cycle is not tried, and the next cycle is due later and later, up to half an hour.

        Args:
            schedule: The jobs of a cycle, in sequence, and how often each runs.
            if_due: Do nothing before the next cycle is due: the check interval has not passed since
                the last one, whichever process ran it, or the store is left alone because it does
                not answer; or another process is in a cycle of the store. For a worker or a loop;
                without it, the cycle runs now.
            if_free: Do nothing while another process is in a cycle of the store, due or not.
            spread: Have the next cycle due at a moment of the interval that is the store's own,
                not one interval after the end of this one. With it, the cycles of many stores
                are spread over the interval.
        """
        require_flags(if_due=if_due, if_free=if_free, spread=spread)
        schedule = require_schedule(schedule, [self])
        return self._cycle.run(schedule, if_due=if_due, if_free=if_free, spread=spread)

    def is_due(self) -> bool:
        """Return whether the next cycle is due, by what the journal knows of the last one.

        It takes one SELECT. Where the journal cannot be read, what this process knows counts.
        """
        return self._cycle.is_due()

    @property
    def cycles(self) -> Cycles:
        """The last cycles of all stores that share this journal.

        Raises:
            JournalUnreachable: Its database cannot be opened.
        """
        return Cycles(self._integration.journal)

    def stop(self) -> None:
        """End `run` after the current order, from another thread or a signal handler.

        If `run` has not begun, it ends as soon as it does. Methods called on their own are not
        stopped.
        """
        self.stop_request.ask()

    def use(self, settings: Settings) -> None:
        """Continue with other settings from the next method on.

        A store's client that was opened here is reopened if its settings changed.
        """
        require_settings(settings, "settings")
        self._integration.use(settings)

    # The worklist

    def worklist(self) -> Worklist:
        """List everything that waits for a person, the oldest first, with what to do about it.

        It is read from the journal; the store is not asked. What is about one order is together.
        Where the last run could not write what it found, `missing` says why.

        Raises:
            JournalUnreachable: The journal cannot be read.
        """
        items = OpenItems.of(self._integration).all()
        return Worklist(tuple(items), self._integration.unkept)

    def page(self, path: str | PathLike[str] = "avbc.html", *, days: int = 30) -> Path:
        """Write a page to look at: one HTML file, for those who neither code nor use a terminal.

        It has the worklist first, then the last cycles, orders and money by day and Receipt Type,
        and what was refused and why. It needs no server and loads nothing. It is made from the
        books and the journal, and the store is not asked. It names clients and amounts: show it to
        those who may see the books.

        Args:
            path: The file, in a folder that exists. It is replaced at once, so that a reader sees
                the old one or the new.
            days: How many days it shows.

        Raises:
            ValueError: `days` is not from 1 to 366.
            NotADirectoryError: There is no such folder.
            IsADirectoryError: `path` is a folder.
            BooksUnreachable: The books cannot be read.
            JournalUnreachable: The journal cannot be read.
        """
        require_path(path, "path")
        require_count(days, "days", most=366)
        text = page_html(self._integration, self.worklist(), days)
        target = Path(path)
        with replacing(target) as file:
            file.write(text)
        return target

    def settle(self, what: WorklistItem | int | str) -> Worklist:
        """Say that an item is handled, or all about one thing; returns what still waits.

        Most items go by themselves when their cause goes. This is for those that cannot, such as a
        canceled order that was posted and reversed by hand. An item is back when it changes.

        Args:
            what: An item of the worklist, BigCommerce's id of an order, or the heading that an item
                has there: an Import ID, or what it is about, such as `store.access_token`.

        Raises:
            NoSuchItem: It is not on the worklist, or has changed since it was read.
            JournalUnreachable: Nothing was noted.
        """
        if not isinstance(what, WorklistItem | str):
            what = require_what(what)
        settled = OpenItems.of(self._integration).hide(what)
        self._integration.journal.write(
            [
                JournalEntry(
                    self.clock.now(),
                    "settle",
                    "settled",
                    item.order_id,
                    item.import_id,
                    f"{item.message} [{item.code}]",
                )
                for item in settled
            ]
        )
        return self.worklist()

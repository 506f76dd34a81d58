"""Up to which time the changes of the books are known, by the clock that stamps them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from avbc.orchestrator.engine.push_run import PushRun

STAMPED_LATE = timedelta(minutes=10)
"""Looked at again: a record is stamped before others can read it (`Gateway`)."""


class BooksChanges:
    """The watermark of a job that asks the books what changed.

    It is a stamp of the books, and never the time of this machine, whose clock may differ. Nor is
    it later than the present of the books: a stamp from the future would hide what changes next.

    Args:
        run: The run of the job.

    Raises:
        BooksUnreachable: The books cannot be read.
    """

    def __init__(self, run: PushRun) -> None:
        self._run = run
        self._now = run.parts.now(run.started)

    @property
    def since(self) -> datetime | None:
        """From when on to ask; None for everything.

        A watermark from the future says nothing: what was changed meanwhile has an earlier stamp.
        """
        done = self._run.watermark()
        if done is None or done - STAMPED_LATE > self._now:
            return None
        return done - STAMPED_LATE

    def note(self, stamps: Iterable[datetime | None]) -> None:
        """Note the stamps of the changes that are dealt with.

        Without a stamp of each, the next run asks again from where this one did.
        """
        known = list(stamps)
        if known and None not in known:
            self._run.set_watermark(min(self._now, max(at for at in known if at is not None)))

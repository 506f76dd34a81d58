"""The daily journal: the books close days, and each day becomes a file for AcctVantage."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import attrs

from avbc import tracing
from avbc.acctvantage.files.journal import (
    JournalAccounts,
    JournalAccountsMissing,
    JournalDay,
)
from avbc.acctvantage.files.replacing import replacing, require_folder
from avbc.acctvantage.optional import JournalGateway, Turn
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping.days import day_of
from avbc.money import ZERO
from avbc.orchestrator.engine.failures import note_failure, note_success
from avbc.orchestrator.engine.integration import Integration
from avbc.report import Report, counted
from avbc.settings import Settings
from avbc.shown import Shown

_WRITTEN = "journal files"
"""The watermark: the last day whose file was written, at its start in UTC."""

_IN_SETTINGS = "in [journal] of the settings (certificates_sold is gl.gift_certificate_gl_code)"
_NO_ORDERS = (
    "The books have no journal yet: an order is in it if it was created when the books said so "
    '(hand_over = "journal" in books.toml)'
)

_PATIENCE = timedelta(minutes=1)
"""How long to wait for another call that writes the journal of the store."""

_log = get_logger("avbc.orchestrator")


@attrs.frozen
class JournalFile(Shown):
    """A file that was written for a day."""

    day: JournalDay
    path: Path
    is_new: bool
    """Whether the day was closed by this call, not by an earlier one."""


@attrs.frozen(kw_only=True)
class JournalReport(Report):
    """What `write_journal` did: a row for each file.

    >>> JournalReport(source_code="WEB", through=None).files
    ()
    """

    columns = ("day", "orders", "receipts", "credits", "total", "closed", "file")

    source_code: str
    through: date | None
    """The last day that is closed, once there are orders for a journal. None where another call has
    the turn, and no day was given."""
    files: tuple[JournalFile, ...] = ()
    note: str = ""
    refusal: str = ""
    """Why no file was written, where another call has the turn: call again later."""

    @property
    def days(self) -> list[JournalDay]:
        """The days that were closed now and have entries."""
        return [file.day for file in self.files if file.is_new]

    def summary(self) -> str:
        """How many days were closed and files written, and their total."""
        if self.refusal:
            return f"{self.source_code}: no file was written, since {self.refusal}: call again."
        if not self.files:
            said = f"{self.source_code}: no journal to write through {self.through}."
            return f"{said} {self.note}.".removesuffix(" .")
        total = sum((file.day.total for file in self.files), ZERO)
        days = counted(len(self.days), "day")
        return (
            f"{self.source_code}: {days} with entries closed through {self.through}, "
            f"{counted(len(self.files), 'file')} written; debits and credits of {total:,.2f}."
        )

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per file: day, orders, receipts, credits, total, closed, file."""
        return [
            {
                "day": file.day.day.isoformat(),
                "orders": file.day.orders,
                "receipts": file.day.receipts,
                "credits": file.day.credits,
                "total": f"{file.day.total:.2f}",
                "closed": "now" if file.is_new else "before",
                "file": str(file.path),
            }
            for file in self.files
        ]


def write_journal(
    integration: Integration, folder: Path, through: date | None, rewrite_since: date | None
) -> JournalReport:
    """Close the days up to `through`, and write the files that are not written yet.

    Raises:
        JournalAccountsMissing: Accounts are not in the settings; nothing was done.
        MethodsMissing: The books keep no journal.
        NotADirectoryError: There is no such folder; nothing was done.
        OSError: A file cannot be written; the days are closed.
        ValueError: `through` or `rewrite_since` is not over.
    """
    books = integration.parts.journal
    require_folder(folder)
    try:
        with (
            tracing.span("avbc.write_journal", {}),
            integration.turn(_WRITTEN, _PATIENCE) as turn,
        ):
            report = _closed_and_written(
                integration, books, folder, through, rewrite_since=rewrite_since, turn=turn
            )
    except AvbcError as error:
        note_failure(integration, "write_journal", error)
        raise
    _log.info("%s", report.summary())
    if not report.refusal:
        note_success(integration, "write_journal", is_answered=False)
    return report


def _closed_and_written(
    integration: Integration,
    books: JournalGateway,
    folder: Path,
    through: date | None,
    *,
    rewrite_since: date | None,
    turn: Turn,
) -> JournalReport:
    code = integration.source_code
    if refusal := turn.check():
        return JournalReport(source_code=code, through=through, refusal=refusal)
    if rewrite_since is not None:
        _closable(integration, rewrite_since, "rewrite_since")
    through = _closable(integration, through, "through")
    watermark = integration.scoped(_WRITTEN)
    written = integration.journal.watermark(watermark)
    since = None if written is None else written.date() + timedelta(days=1)
    if since is not None and rewrite_since is not None:
        since = min(since, rewrite_since)
    accounts, zone = _accounts(integration.settings), integration.days.zone
    try:
        closed = books.close_journal(code, through, partial(day_of, zone=zone), accounts)
    except JournalAccountsMissing as error:
        raise JournalAccountsMissing(error.missing, _IN_SETTINGS) from None
    now = {each.day for each in closed}
    days = books.journal_days(code, since)
    if refusal := turn.check():
        return JournalReport(source_code=code, through=through, refusal=refusal)
    files = [JournalFile(day, _written(day, folder), day.day in now) for day in days]
    if files:
        # After the files: where this call ends in between, the next one writes them again.
        last = datetime.combine(days[-1].day, time.min, UTC)
        integration.journal.set_watermark(watermark, max(last, written or last))
    return JournalReport(
        source_code=code,
        through=through,
        files=tuple(files),
        note="" if files else _waiting(integration) or ("" if written else _NO_ORDERS),
    )


def _waiting(integration: Integration) -> str:
    """Say where orders go that came after their day was closed; "" where there are none."""
    closed, late = integration.parts.journal.late_orders(integration.source_code)
    if not late:
        return ""
    verb = "goes" if late == 1 else "go"
    return (
        f"Days are closed through {closed}; {counted(late, 'order')} of these days {verb} to the "
        "next day that is closed"
    )


def _closable(integration: Integration, day: date | None, name: str) -> date:
    """Return a day that must be over in the store; by default the last one that is."""
    now = integration.clock.now()
    # A clock that is ahead must not close a day that goes on.
    today = day_of(min(now, integration.parts.now(now)), integration.days.zone)
    yesterday = today - timedelta(days=1)
    if day is not None and day >= today:
        raise ValueError(
            f"{name}: {day} is not over in the store, where it is {today}: the last day that "
            f"can be closed is {yesterday}"
        )
    return day or yesterday


def _written(day: JournalDay, folder: Path) -> Path:
    path = folder / f"journal-{day.source_code}-{day.day}.txt"
    with replacing(path) as file:
        file.write(day.text)
    return path


def _accounts(settings: Settings) -> JournalAccounts:
    journal = settings.journal
    return JournalAccounts(
        receivable=journal.receivable,
        pending=journal.pending,
        certificates_sold=settings.gl.gift_certificate_gl_code,
        rounding=journal.rounding,
        sales=journal.sales,
        freight=journal.freight,
        returns=journal.returns,
        tax={row.tax_area: row.gl_code for row in journal.tax},
        clearing={row.receipt_type: row.gl_code for row in journal.clearing},
    )

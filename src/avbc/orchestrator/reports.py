"""What the orchestrator answers: data first, and a readable form of the same data for terminals and notebooks."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs

from avbc.acctvantage.records import Receipt, SalesOrder
from avbc.bigcommerce.body import dump
from avbc.bigcommerce.call import Body, Call
from avbc.mapping import Decision, MappedOrder, Problem
from avbc.mapping.text import amount_text
from avbc.tables import data_frame, html_table, text_table

if TYPE_CHECKING:
    import pandas as pd

Result: TypeAlias = Literal["imported", "relinked", "updated", "refused", "postponed"]
"""What became of an order: the name of the list of an `ImportReport` that it stands in."""

RESULTS: tuple[Result, ...] = ("imported", "relinked", "updated", "refused", "postponed")

_CLEAN_ROWS_SHOWN = 50
"""How many outcomes without problems a printed report shows: those with problems are always shown."""
_BODY_SHOWN = 300
"""How many characters of a body a printed report shows; `PlannedCall.body` has all."""


class Report:
    """Something that prints as a sentence and a table, in a notebook as HTML, and gives its rows as plain data."""

    __slots__ = ()

    columns: Sequence[str] = ()

    def summary(self) -> str:
        """The report in a sentence or two."""
        raise NotImplementedError

    def to_dicts(self) -> list[dict[str, object]]:
        """The rows as plain data that JSON can hold: money and times are text, problems are lists of dicts."""
        raise NotImplementedError

    def shown(self) -> list[dict[str, object]]:
        """The rows that are printed."""
        return self.to_dicts()

    def to_frame(self) -> pd.DataFrame:
        """The rows of `to_dicts` as a pandas frame.

        Raises:
            MissingExtra: pandas is not installed.
        """
        return data_frame(self.to_dicts(), self.columns)

    def __str__(self) -> str:
        rows = self.shown()
        return f"{self.summary()}\n\n{text_table(rows, self.columns)}" if rows else self.summary()

    def _repr_html_(self) -> str:
        rows = self.shown()
        summary = f"<p>{html.escape(self.summary())}</p>"
        return summary + html_table(rows, self.columns) if rows else summary


@attrs.define(kw_only=True)
class RunReport(Report):
    """What every run tells: what it cost, and whether it ended early."""

    stopped: str = ""
    """Why it ended early; empty where it did not. What it did not come to is taken by the next run."""
    requests: int = 0
    """Requests sent to the store, repeats included."""
    started: datetime | None = None
    finished: datetime | None = None

    def _with_cost(self, text: str) -> str:
        """A summary, followed by what every run tells."""
        if self.started and self.finished:
            seconds = (self.finished - self.started).total_seconds()
            text += (
                f" {self.requests} {'request' if self.requests == 1 else 'requests'}, "
                f"{seconds:.1f} s."
            )
        return f"{text} Stopped early: {self.stopped}" if self.stopped else text


@attrs.frozen
class Outcome:
    """What became of one order."""

    order_id: int
    """BigCommerce's order id; 0 where even that could not be read."""
    import_id: str
    """Import Source Code + order id: the Import ID in the books."""
    total: Decimal | None = None
    """The order's total with tax, in its currency; None where it could not be read."""
    problems: tuple[Problem, ...] = ()
    """Why it was refused or postponed, and the warnings that ride along with an order that was imported."""
    explanation: MappedOrder | None = None
    """What would be written and why; only in a preview, since a long run would not fit into memory with it."""

    def to_dict(self, result: Result) -> dict[str, object]:
        """The outcome as plain data."""
        return {
            "result": result,
            "order_id": self.order_id,
            "import_id": self.import_id,
            "total": None if self.total is None else amount_text(self.total),
            "problems": [problem_dict(problem) for problem in self.problems],
        }


@attrs.define
class ImportReport(RunReport):
    """What an import did, order by order.

    `imported`: written to the books and set to the Downloaded Order Status. `relinked`: stood in
    the books already with the same content, only the status was set. `updated`: had been edited in
    the store, and the sales order was replaced. `refused`: the order's own problems; it has the
    Import Error Status. `postponed`: nobody's fault; it is still New and the next run takes it.

    >>> report = ImportReport()
    >>> report.imported.append(Outcome(order_id=1042, import_id="WEB1042", total=Decimal("19.95")))
    >>> print(report)
    Imported 1 order.
    <BLANKLINE>
    result    order_id  import_id  total  problems
    imported  1042      WEB1042    19.95
    """

    columns = ("result", "order_id", "import_id", "total", "problems")

    imported: list[Outcome] = attrs.field(factory=list[Outcome])
    relinked: list[Outcome] = attrs.field(factory=list[Outcome])
    updated: list[Outcome] = attrs.field(factory=list[Outcome])
    refused: list[Outcome] = attrs.field(factory=list[Outcome])
    postponed: list[Outcome] = attrs.field(factory=list[Outcome])
    preview: bool = False
    """Nothing was written: the lists say what an import would do."""

    def __iter__(self) -> Iterator[tuple[Result, Outcome]]:
        for result in RESULTS:
            for outcome in self.outcomes(result):
                yield result, outcome

    def outcomes(self, result: Result) -> list[Outcome]:
        """The list of that name."""
        match result:
            case "imported":
                return self.imported
            case "relinked":
                return self.relinked
            case "updated":
                return self.updated
            case "refused":
                return self.refused
            case "postponed":
                return self.postponed

    @property
    def ok(self) -> bool:
        """Every New order was looked at, and none was refused or postponed."""
        return not (self.refused or self.postponed or self.stopped)

    def summary(self) -> str:
        """How many orders came to which end, and at what cost."""
        done = ", ".join(
            f"{result} {len(self.outcomes(result))}" for result in RESULTS if self.outcomes(result)
        )
        count = sum(len(self.outcomes(result)) for result in RESULTS)
        if not count:
            text = "No new orders."
        else:
            text = (
                f"{'Would have ' if self.preview else ''}{done} "
                f"{'order' if count == 1 else 'orders'}."
            )
            text = text[0].upper() + text[1:]
        if self.refused and not self.preview:
            text += " Refused orders have the Import Error Status."
        if self.postponed:
            text += " Postponed orders wait for the next run."
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per order: result, order_id, import_id, total, problems."""
        return [outcome.to_dict(result) for result, outcome in self]

    def shown(self) -> list[dict[str, object]]:
        """Every order with problems, and the first of those without."""
        rows: list[dict[str, object]] = []
        clean = hidden = 0
        for result, outcome in self:
            if not outcome.problems:
                clean += 1
                if clean > _CLEAN_ROWS_SHOWN:
                    hidden += 1
                    continue
            row = outcome.to_dict(result)
            row["total"] = row["total"] or ""
            row["problems"] = "; ".join(str(problem) for problem in outcome.problems)
            rows.append(row)
        if hidden:
            rows.append({"result": "...", "problems": f"and {hidden} more without problems"})
        return rows


Effect: TypeAlias = Literal["sent", "refused", "postponed"]
"""What became of a change: the name of the list of a `PushReport` that it stands in."""

EFFECTS: tuple[Effect, ...] = ("sent", "refused", "postponed")


@attrs.frozen
class PlannedCall:
    """A request as data: what a preview would send.

    >>> from avbc.bigcommerce.endpoints.orders import update_order
    >>> print(PlannedCall.of(update_order(1042, status_id=2)))
    PUT /v2/orders/1042 {"status_id":2}
    """

    method: str
    path: str
    """It starts with the version: `/v2/orders/1042`."""
    body: Body = None

    @classmethod
    def of(cls, call: Call[object]) -> PlannedCall:
        """What a call would send."""
        return cls(call.method, call.path, call.body)

    def to_dict(self) -> dict[str, object]:
        """The request as plain data; amounts are text."""
        return {"method": self.method, "path": self.path, "body": _plain(self.body)}

    def __str__(self) -> str:
        body = "" if self.body is None else dump(self.body).decode()
        return (
            f"{self.method} {self.path} "
            f"{body if len(body) <= _BODY_SHOWN else body[:_BODY_SHOWN] + '...'}"
        ).rstrip()


@attrs.frozen
class Change(Report):
    """One thing that was to be changed on the other side, and why: printed, it explains itself.

    >>> change = Change("WEB1042", "status", "Awaiting Shipment", "Shipped", order_id=1042, import_id="WEB1042")
    >>> print(change)
    WEB1042: status Awaiting Shipment -> Shipped
    """

    columns = ("field", "value", "reason", "setting")

    key: str
    """What it is about: an Import ID, a part number, a client's number."""
    what: str
    """What of it changes: `status`, `shipment`, `quantity`."""
    before: str = ""
    """As it stood; empty where it was not there or is not known."""
    after: str = ""
    """As it stands now, or would."""
    order_id: int = 0
    """BigCommerce's order id; 0 where it is not about an order."""
    import_id: str = ""
    problems: tuple[Problem, ...] = ()
    """Why it was refused or postponed, and what a person should look at."""
    decisions: tuple[Decision, ...] = ()
    """How each value came about."""
    calls: tuple[PlannedCall, ...] = ()
    """What would be sent; only in a preview. Where one request serves many changes, the first of them has it."""

    def summary(self) -> str:
        """The change in a line, then its problems and what would be sent."""
        values = f"{self.before} -> {self.after}" if self.before else self.after
        lines = [f"{self.key}: {self.what} {values}".rstrip()]
        return "\n".join([*lines, *map(str, self.problems), *map(str, self.calls)])

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per decision: field, value, reason, setting."""
        return [attrs.asdict(decision) for decision in self.decisions]

    def to_dict(self, effect: Effect) -> dict[str, object]:
        """The change as plain data."""
        return {
            "result": effect,
            "key": self.key,
            "what": self.what,
            "before": self.before,
            "after": self.after,
            "order_id": self.order_id,
            "import_id": self.import_id,
            "problems": [problem_dict(problem) for problem in self.problems],
            "decisions": self.to_dicts(),
            "calls": [call.to_dict() for call in self.calls],
        }


@attrs.define
class PushReport(RunReport):
    """What one side was told of the other, change by change.

    `sent`: it stands on the other side now. `refused`: for its own reasons; it is told again when
    it changes, or a person acts. `postponed`: nobody's fault; the next run takes it.

    >>> report = PushReport("push_order_statuses", unchanged=2)
    >>> report.sent.append(Change("WEB1042", "status", "Awaiting Shipment", "Shipped", 1042, "WEB1042"))
    >>> print(report)
    push_order_statuses: sent 1, unchanged 2.
    <BLANKLINE>
    result  key      what    before             after    note
    sent    WEB1042  status  Awaiting Shipment  Shipped
    """

    columns = ("result", "key", "what", "before", "after", "note")

    direction: str
    """The method that was called: `push_order_statuses`."""
    sent: list[Change] = attrs.field(factory=list[Change])
    unchanged: int = 0
    """How many were looked at and stand on the other side as they should. A number: there may be a million of them."""
    refused: list[Change] = attrs.field(factory=list[Change])
    postponed: list[Change] = attrs.field(factory=list[Change])
    preview: bool = False
    """Nothing was changed: `sent` is what would be sent."""

    def __iter__(self) -> Iterator[tuple[Effect, Change]]:
        for effect in EFFECTS:
            for change in self.changes(effect):
                yield effect, change

    def changes(self, effect: Effect) -> list[Change]:
        """The list of that name."""
        match effect:
            case "sent":
                return self.sent
            case "refused":
                return self.refused
            case "postponed":
                return self.postponed

    @property
    def ok(self) -> bool:
        """Everything was looked at, and nothing was refused or postponed."""
        return not (self.refused or self.postponed or self.stopped)

    def summary(self) -> str:
        """How many changes came to which end, and at what cost."""
        counts: dict[str, int] = {effect: len(self.changes(effect)) for effect in EFFECTS}
        counts = {"sent": counts.pop("sent"), "unchanged": self.unchanged, **counts}
        told = (
            ", ".join(f"{name} {count}" for name, count in counts.items() if count)
            or "nothing to do"
        )
        text = f"{self.direction}{' (preview)' if self.preview else ''}: {told}."
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per change: result, key, what, before, after, order_id, import_id, problems, decisions, calls."""
        return [change.to_dict(effect) for effect, change in self]

    def shown(self) -> list[dict[str, object]]:
        """Every change with problems, and the first of those without."""
        rows: list[dict[str, object]] = []
        clean = hidden = 0
        for effect, change in self:
            if not change.problems:
                clean += 1
                if clean > _CLEAN_ROWS_SHOWN:
                    hidden += 1
                    continue
            note = "; ".join([*map(str, change.problems), *map(str, change.calls)])
            row: dict[str, object] = {"result": effect, "key": change.key, "what": change.what}
            rows.append({**row, "before": change.before, "after": change.after, "note": note})
        if hidden:
            rows.append({"result": "...", "note": f"and {hidden} more without problems"})
        return rows


State: TypeAlias = Literal["ok", "warning", "error", "unknown"]
"""`unknown`: it could not be found out, and why is said beside it."""


@attrs.frozen
class Check:
    """One thing that was looked at."""

    area: str
    """What kind of thing: `token`, `scope`, `status`, `payment method`, `ship via`."""
    item: str
    """Which one, by its name in the settings or in the store."""
    state: State
    found: str
    """What was found."""
    fix: str = ""
    """What to change."""
    toml: str = ""
    """The rows to add to the settings file."""


class _Checks(Report):
    __slots__ = ()

    columns: Sequence[str] = ("state", "area", "item", "found")
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """No check found an error; warnings are allowed."""
        return not self.errors

    @property
    def errors(self) -> list[Check]:
        """What must be changed before an import can be trusted."""
        return [check for check in self.checks if check.state == "error"]

    @property
    def warnings(self) -> list[Check]:
        """What a person should look at."""
        return [check for check in self.checks if check.state == "warning"]

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per check: area, item, state, found, fix, toml."""
        return [attrs.asdict(check) for check in self.checks]

    def shown(self) -> list[dict[str, object]]:
        """What was found and what to change, as one text."""
        return [
            {**attrs.asdict(check), "found": f"{check.found} {check.fix}".strip()}
            for check in self.checks
        ]

    def _counts(self) -> str:
        return (
            f"{_count(self.errors, 'error')}, {_count(self.warnings, 'warning')} in "
            f"{_count(self.checks, 'check')}."
        )


@attrs.frozen
class ConnectionReport(_Checks):
    """Whether the store answers: its URL, the token, each OAuth scope, the clock and the quota."""

    store: str
    checks: tuple[Check, ...]
    clock_skew: timedelta | None = None
    """The store's clock less ours."""
    quota: int | None = None
    """Requests allowed in a window, for all applications together."""
    quota_left: int | None = None
    quota_window: timedelta | None = None

    def summary(self) -> str:
        """Whether the connection is good."""
        verdict = "The connection is good." if self.ok else "The connection is not good."
        return f"{self.store}: {verdict} {self._counts()}"


@attrs.frozen
class SetupReport(_Checks):
    """Whether every name in the settings exists where it should, and everything that the store uses is mapped."""

    checks: tuple[Check, ...]

    def summary(self) -> str:
        """Whether the settings fit the store and the books."""
        verdict = (
            "The settings fit the store and the books." if self.ok else "The settings do not fit."
        )
        return f"{verdict} {self._counts()}"

    @property
    def toml(self) -> str:
        """All rows to add to the settings file, one after another."""
        return "\n\n".join(check.toml for check in self.checks if check.toml)

    def __str__(self) -> str:
        text = super().__str__()
        return f"{text}\n\nRows to add to the settings:\n\n{self.toml}" if self.toml else text

    def _repr_html_(self) -> str:
        text = super()._repr_html_()
        return (
            f"{text}<p>Rows to add to the settings:</p><pre>{html.escape(self.toml)}</pre>"
            if self.toml
            else text
        )


@attrs.frozen
class JournalEntry:
    """One line of the journal: what was done, when, to what, with what outcome."""

    at: datetime
    action: str
    """What was done: `import`."""
    outcome: str
    """How it ended: `imported`, `refused`."""
    order_id: int
    import_id: str = ""
    detail: str = ""
    run: str = ""
    """The run it was done in."""


@attrs.frozen
class History(Report):
    """Everything that was ever done for an order, and where it stands now."""

    columns = ("at", "action", "outcome", "detail")

    order_id: int
    import_id: str
    entries: tuple[JournalEntry, ...]
    store_status: str = ""
    """Its status in the store now; empty where the store has no such order or could not be asked."""
    store_note: str = ""
    """Why the store's status is not known."""
    sales_order: SalesOrder | None = None
    """As it stands in the books; None where it does not."""
    receipts: tuple[Receipt, ...] = ()

    def summary(self) -> str:
        """Where the order stands in the store and in the books."""
        store = f"{self.store_status!r} in the store" if self.store_status else self.store_note
        if self.sales_order is None:
            books = f"there is no {self.import_id} in the books"
        else:
            order = self.sales_order
            books = (
                f"{self.import_id} is {order.status} in the books, total {order.total}, "
                f"{_count(self.receipts, 'receipt')}"
            )
        return (
            f"Order {self.order_id}: {store}; {books}; "
            f"{_count(self.entries, 'entry', 'entries')} in the journal."
        )

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per journal entry: at, action, outcome, order_id, import_id, detail, run."""
        return [{**attrs.asdict(entry), "at": entry.at.isoformat()} for entry in self.entries]


def sentence(problems: Iterable[Problem]) -> str:
    """Problems as one line of text."""
    return "; ".join(str(problem) for problem in problems)


@attrs.frozen
class Unread:
    """An order that could not be looked at, and why."""

    order_id: int
    """0 where even that could not be read."""
    problem: Problem


def problem_dict(problem: Problem) -> dict[str, object]:
    """A problem as plain data."""
    return {**attrs.asdict(problem), "candidates": list(problem.candidates)}


def _plain(body: Body) -> object:
    if isinstance(body, Decimal):
        return f"{body:f}"
    if isinstance(body, Mapping):
        return {key: _plain(value) for key, value in body.items()}
    if isinstance(body, Sequence) and not isinstance(body, str):
        return [_plain(value) for value in body]
    return body


def _count(things: Sequence[object], one: str, many: str = "") -> str:
    count = len(things)
    return f"{count} {one if count == 1 else many or one + 's'}"

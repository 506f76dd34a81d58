"""The reports that the orchestrator returns: data first, readable in terminals and notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableSequence, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Generic, Literal, TypeAlias, TypeVar

import attrs

from avbc.bigcommerce.body import Body
from avbc.errors import AvbcError
from avbc.mapping import Decision, MappedOrder, Problem
from avbc.mapping.inventory import NOT_COUNTED_FIX, not_counted_text
from avbc.mapping.replaced import Replacement
from avbc.money import amount_text
from avbc.orchestrator.packed import Packed
from avbc.orchestrator.planned_calls import PlannedCall, body_text
from avbc.report import Report, as_data, counted, tally
from avbc.shown import Shown
from avbc.tables import MARK

Result: TypeAlias = Literal["imported", "relinked", "updated", "refused", "waiting", "postponed"]
"""What became of an order: the name of the list of an `ImportReport` that it is in."""

RESULTS: tuple[Result, ...] = (
    "imported",
    "relinked",
    "updated",
    "refused",
    "waiting",
    "postponed",
)

Effect: TypeAlias = Literal["sent", "refused", "postponed"]
"""What became of a change: the name of the list of a `PushReport` that it is in."""

# How many rows without problems a printed report shows; those with problems are all shown.
_CLEAN_ROWS_SHOWN = 50


Name = TypeVar("Name", bound=str)
Item = TypeVar("Item", bound="Outcome | Change")


@attrs.define(kw_only=True)
class RunReport(Report):
    """What every run reports: its cost, and whether it ended early."""

    stopped: str = ""
    """Why it ended early, or empty. The next run takes what is left."""
    failure: AvbcError | None = attrs.field(default=None, repr=False, eq=False)
    """The error that ended it early; None where none did."""
    is_taken: bool = False
    """It did nothing, since another process did the same for the store; `stopped` says so."""
    unrecorded: str = ""
    """Why the journal or the worklist lacks a part of it, or empty. The next run looks again."""
    unreported: str = ""
    """Why `on_attention` did not get the new items of the worklist, or empty. The next run hands
    them over again."""
    requests: int = 0
    """Requests sent to the store, repeats included."""
    unknown_fields: tuple[str, ...] = ()
    """Fields that the store sent and neither avbc nor BigCommerce's documentation names, once each:
    `orders.foo`. They change nothing: their values are in `extra` of the models."""
    is_ahead: bool = False
    """Whether the period that was asked for begins in the future, so that nothing is in it."""
    started: datetime | None = None
    finished: datetime | None = None

    def counts(self) -> dict[str, int]:
        """How many records had which result, by name of the result."""
        return {}

    def _with_cost(self, text: str) -> str:
        """Add the cost to a summary, if there was any, and why the run ended early."""
        if self.is_ahead:
            text += " The period that was asked for begins in the future."
        if self.started and self.finished:
            seconds = f"{(self.finished - self.started).total_seconds():.1f} s"
            if self.requests or seconds != "0.0 s":
                text += f" {counted(self.requests, 'request')}, {seconds}."
        if self.unrecorded:
            text += f" Not all of it is in the journal and on the worklist: {self.unrecorded}."
        if self.unreported:
            text += f" New items of the worklist were not reported: {self.unreported}."
        if self.unknown_fields:
            text += f" Unknown fields of the store: {', '.join(self.unknown_fields)}."
        return f"{text} Stopped early: {self.stopped}" if self.stopped else text

    @property
    def is_whole(self) -> bool:
        """The run looked at everything, and the journal has all of it."""
        return not (self.stopped or self.unrecorded)


class _ListsReport(RunReport, Generic[Name, Item]):
    """A report of one list for each result, each named for it."""

    __slots__ = ()

    _names: Sequence[Name]
    refused: MutableSequence[Item]
    postponed: MutableSequence[Item]
    preview: bool

    def __iter__(self) -> Iterator[tuple[Name, Item]]:
        return ((name, item) for name in self._names for item in self._list(name))

    def _list(self, name: Name) -> MutableSequence[Item]:
        found: MutableSequence[Item] = getattr(self, name)
        return found

    def counts(self) -> dict[str, int]:
        """How many records had which result, by name of the result."""
        return {name: len(self._list(name)) for name in self._names}

    def _said(self, name: Name, item: Item) -> str:
        """What a row says of its result: a preview has done nothing."""
        word = self._word(name, item)
        if not self.preview:
            return word
        return "would wait" if name == "waiting" else f"would be {word}"

    def _word(self, name: Name, item: Item) -> str:  # noqa: ARG002  # what some results depend on
        """The result in the word that the summary has for it."""
        return name

    @property
    def ok(self) -> bool:
        """The run looked at everything, and nothing was refused or postponed."""
        return self.is_whole and not (self.refused or self.postponed)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row for each item of the lists."""
        return [item.to_dict(name) for name, item in self]

    def shown(self) -> list[dict[str, object]]:
        """Every row that a person should look at, and the first of the others."""
        rows: list[dict[str, object]] = []
        clean = 0
        for name, item in self:
            mark = ("error" if name == "refused" else "warning") if item.is_marked else ""
            clean += not mark
            if mark or clean <= _CLEAN_ROWS_SHOWN:
                note, said = item.note(), self._said(name, item)
                rows.append(
                    {**item.to_dict(name), "result": said, self.columns[-1]: note, MARK: mark}
                )
        if clean > _CLEAN_ROWS_SHOWN:
            left = clean - _CLEAN_ROWS_SHOWN
            rows.append({"result": "...", self.columns[-1]: f"and {left} more without problems"})
        return rows


@attrs.frozen
class Outcome(Shown):
    """What became of one order.

    >>> Outcome(1042, "WEB1042", Decimal("57.37")).note()
    ''
    """

    order_id: int
    """BigCommerce's order id; 0 where even that could not be read."""
    import_id: str
    """Import Source Code + order id: the Import ID in the books."""
    total: Decimal | None = None
    """The order's total with tax, in its currency; None where it could not be read."""
    problems: tuple[Problem, ...] = ()
    """Why it was refused or postponed, or waits; of an order that was imported, the warnings."""
    explanation: MappedOrder | None = None
    """What would be written and why; only in a preview: a long run would need too much memory."""

    @property
    def is_marked(self) -> bool:
        """Whether tables mark it: it has a problem or a warning."""
        return bool(self.problems)

    def to_dict(self, result: str) -> dict[str, object]:
        """The outcome as plain data."""
        return {
            "result": result,
            "order_id": self.order_id,
            "import_id": self.import_id,
            "total": None if self.total is None else amount_text(self.total),
            "problems": [as_data(problem) for problem in self.problems],
        }

    def note(self) -> str:
        """The problems as one line of text."""
        return sentence(self.problems)


@attrs.define
class ImportReport(_ListsReport[Result, Outcome]):
    """What an import did, order by order.

    `imported`: written to the books and set to the Downloaded Order Status. `relinked`: was in the
    books already with the same content, so only the status was set. `updated`: was edited in the
    store, so the sales order was replaced. `refused`: the order itself has a problem; it has the
    Import Error Status, or the status that it had (`status_kept`). `waiting`: `import_when` of its
    payment method holds it back, so it has the status that it had. `postponed`: nothing was done;
    the next run takes it if it is still New.

    >>> report = ImportReport()
    >>> report.imported.append(Outcome(order_id=1042, import_id="WEB1042", total=Decimal("19.95")))
    >>> print(report)
    Imported 1 order.
    <BLANKLINE>
    result    order_id  import_id  total
    imported      1042  WEB1042    19.95
    """

    columns = ("result", "order_id", "import_id", "total", "problems")
    _names = RESULTS

    imported: MutableSequence[Outcome] = attrs.field(factory=Packed[Outcome])
    relinked: MutableSequence[Outcome] = attrs.field(factory=Packed[Outcome])
    updated: MutableSequence[Outcome] = attrs.field(factory=Packed[Outcome])
    refused: MutableSequence[Outcome] = attrs.field(factory=Packed[Outcome])
    waiting: MutableSequence[Outcome] = attrs.field(factory=Packed[Outcome])
    postponed: MutableSequence[Outcome] = attrs.field(factory=Packed[Outcome])
    preview: bool = False
    """Nothing was written: the lists say what an import would do."""
    channels: tuple[int, ...] = ()
    """The channels whose orders are imported (`order_status.channels`); empty for all."""
    other_channels: int = 0
    """Orders of other channels that were left alone: those that were read. With one channel the
    store lists no others."""

    def outcomes(self, result: Result) -> MutableSequence[Outcome]:
        """The list of that name."""
        return self._list(result)

    def summary(self) -> str:
        """How many orders had which result, and the cost."""
        counts = self.counts()
        held, left = counts.pop("waiting"), sum(map(_is_left, self.postponed))
        counts["postponed"] -= left
        count = sum(counts.values())
        text = "" if held else f"No new orders{self._of_channels()}."
        if self.stopped and not held:
            text = "Nothing was imported."
        if count:
            done = f"{tally(counts)} {'order' if count == 1 else 'orders'}."
            text = done[0].upper() + done[1:]
            if self.preview:
                named, *more = [name for name in counts if counts[name]]
                text = f"{counted(counts[named], 'order')} would be {named}"
                text += f"{''.join(f', {counts[each]} would be {each}' for each in more)}."
        if not (self.preview or all(map(_is_left, self.refused))):
            text += " Refused orders have the Import Error Status."
        if counts["postponed"]:
            text += " Postponed orders wait for the next run."
        if left:
            text += f" {counted(left, 'order')} {'was' if left == 1 else 'were'} left alone."
        if held:
            text = f"{text} Held back by import_when: {counted(held, 'order')}.".strip()
        if self.other_channels:
            were = "was" if self.other_channels == 1 else "were"
            text += f" {counted(self.other_channels, 'order')} of other channels {were} left alone."
        return self._with_cost(text)

    def _word(self, name: Result, item: Outcome) -> str:
        return "left alone" if name == "postponed" and _is_left(item) else name

    def _of_channels(self) -> str:
        noun = "channel" if len(self.channels) == 1 else "channels"
        return f" of {noun} {', '.join(map(str, self.channels))}" if self.channels else ""


_LEFT = frozenset(
    {
        "order_not_new",
        "order_of_other_channel",
        "order_settled",
        "order_too_old",
        "not_in_store",
        "status_kept",
    }
)
"""Problems of orders that keep their status in the store, and that the next run does not take."""


def _is_left(outcome: Outcome) -> bool:
    return any(problem.code in _LEFT for problem in outcome.problems)


@attrs.frozen
class Change(Report):
    """One change on the other side, and the reasons for it.

    >>> change = Change("WEB1042", "status", "Awaiting Shipment", "Shipped", order_id=1042)
    >>> print(change)
    WEB1042: status Awaiting Shipment -> Shipped
    """

    columns = ("field", "value", "reason", "setting")

    key: str
    """What it is about: an Import ID, a part number, a client's number."""
    what: str
    """Which part of it changes: `status`, `shipment`, `quantity`."""
    before: str = ""
    """The value before; empty where there was none or it is not known."""
    after: str = ""
    """The value now, or in a preview the value it would have."""
    order_id: int = 0
    """BigCommerce's order id; 0 where it is not about an order."""
    import_id: str = ""
    problems: tuple[Problem, ...] = ()
    """Why it was refused or postponed, and what a person should check."""
    decisions: tuple[Decision, ...] = ()
    """Why each value is what it is."""
    calls: tuple[PlannedCall, ...] = ()
    """The requests that a preview would send. One for many changes is listed with the first."""
    sends: Body = None
    """Its own record in a request that is for many changes; only in a preview."""
    replaced: tuple[Replacement, ...] = ()
    """The store's values that it would replace and that no push wrote; only in a preview."""

    @property
    def is_marked(self) -> bool:
        """Whether tables mark it: it has a problem, or replaces what a person may have written."""
        return bool(self.problems or self.replaced)

    def summary(self) -> str:
        """The change in a line, then its problems and what would be sent."""
        values = f"{self.before} -> {self.after}" if self.before else self.after
        line = f"{self.key}: {self.what} {values}".rstrip()
        return "\n".join(map(str, (line, *self.problems, *self.replaced, *self.calls)))

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per decision: field, value, reason, setting."""
        return [as_data(decision) for decision in self.decisions]

    def to_dict(self, effect: str) -> dict[str, object]:
        """The change as plain data."""
        return {"result": effect, **as_data(self)}

    def note(self) -> str:
        """The problems, what it replaces and the planned requests as one line of text."""
        calls = tuple(map(str, self.calls))
        if self.sends is not None:
            # Each of the changes shows its own record.
            calls = (body_text(self.sends), *(call.name for call in self.calls))
        return "; ".join((*map(str, (*self.problems, *self.replaced)), *calls)).replace(".; ", ". ")


@attrs.define
class PushReport(_ListsReport[Effect, Change]):
    """What was sent from one side to the other, change by change.

    `sent`: the other side has it now. `refused`: the change itself has a problem; it is sent again
    when it changes, or when a person acts. `postponed`: the next run takes it.

    >>> report = PushReport("push_order_statuses", unchanged=2)
    >>> report.sent.append(Change("WEB1042", "status", "Awaiting Shipment", "Shipped"))
    >>> print(report)
    push_order_statuses: sent 1, unchanged 2.
    <BLANKLINE>
    result  key      what    before             after
    sent    WEB1042  status  Awaiting Shipment  Shipped
    """

    columns = ("result", "key", "what", "before", "after", "note")
    _names = ("sent", "refused", "postponed")

    direction: str
    """The method that was called: `push_order_statuses`."""
    sent: MutableSequence[Change] = attrs.field(factory=Packed[Change])
    unchanged: int = 0
    """How many were checked and needed no change."""
    refused: MutableSequence[Change] = attrs.field(factory=Packed[Change])
    postponed: MutableSequence[Change] = attrs.field(factory=Packed[Change])
    preview: bool = False
    """Nothing was changed: `sent` is what would be sent."""
    not_counted: list[str] = attrs.field(factory=list[str])
    """Part numbers whose quantity the books do not know: nothing of them was sent."""

    def changes(self, effect: Effect) -> MutableSequence[Change]:
        """The list of that name."""
        return self._list(effect)

    def counts(self) -> dict[str, int]:
        """How many changes had which effect, and how many records needed none."""
        return {"sent": len(self.sent), "unchanged": self.unchanged, **super().counts()}

    def _word(self, name: Effect, item: Change) -> str:
        return _told(self, super()._word(name, item))

    def summary(self) -> str:
        """How many changes had which effect, and the cost."""
        preview = " (preview)" if self.preview else ""
        counts = told_counts(self)
        if self.preview:
            counts = {_AHEAD.get(name, name): count for name, count in counts.items()}
        done = tally(counts) or ("nothing was done" if self.stopped else "nothing to do")
        replaced = sum(len(change.replaced) for change in self.sent) if self.preview else 0
        if replaced:
            done += (
                f". It would replace {counted(replaced, 'value')} of the store that no push wrote"
            )
        text = f"{self.direction}{preview}: {done}."
        if self.not_counted:
            text += f" {not_counted_text(self.not_counted)} {NOT_COUNTED_FIX}"
        return self._with_cost(text)


_AHEAD = {"sent": "would send", "refused": "would refuse", "postponed": "would postpone"}
"""What the summary of a preview says of each effect."""


def told_counts(report: RunReport) -> dict[str, int]:
    """How many records had which result, by what a person reads of it."""
    return {_told(report, name): count for name, count in report.counts().items()}


def _told(report: RunReport, name: str) -> str:
    # Nothing of an order that is followed is refused: what is open waits for a person.
    follows = isinstance(report, PushReport) and report.direction == "follow_orders"
    return "for a person" if follows and name == "refused" else name


State: TypeAlias = Literal["ok", "warning", "error", "unknown"]
"""`unknown`: it could not be checked; `found` says why."""


@attrs.frozen
class Check(Shown):
    """One thing that was checked.

    >>> Check("tax area", "gl.tax_area", "ok", "BigCommerce").state
    'ok'
    """

    area: str
    """What kind of thing: `token`, `scope`, `status`, `payment method`, `ship via`."""
    item: str
    """Which one, by its name in the settings or in the store."""
    state: State
    found: str
    fix: str = ""
    """What to change."""
    toml: str = ""
    """The rows to add to the settings file."""
    seen: str = ""
    """How often, in the latest orders; it changes every day."""


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
        """What must be corrected before the first import."""
        return [check for check in self.checks if check.state == "error"]

    @property
    def warnings(self) -> list[Check]:
        """What a person should check."""
        return [check for check in self.checks if check.state == "warning"]

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per check: area, item, state, found, fix, toml, seen."""
        return [as_data(check) for check in self.checks]

    def shown(self) -> list[dict[str, object]]:
        """One row per check, with what to change behind what was found."""
        return [
            {
                **as_data(check),
                "found": " ".join(text for text in (check.found, check.seen, check.fix) if text),
                MARK: {"ok": "", "error": "error"}.get(check.state, "warning"),
            }
            for check in self.checks
        ]

    def _verdict(self, good: str, bad: str) -> str:
        errors = counted(len(self.errors), "error")
        warnings = counted(len(self.warnings), "warning")
        checks = counted(len(self.checks), "check")
        return f"{good if self.ok else bad} {errors}, {warnings} in {checks}."


@attrs.frozen
class ConnectionReport(_Checks):
    """Whether the store answers: its URL, the token, each OAuth scope, the clock and the quota.

    >>> good = Check("token", "store.access_token", "ok", "accepted")
    >>> ConnectionReport("Example store", (good,)).ok
    True
    """

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
        verdict = self._verdict("The connection is good.", "The connection is not good.")
        return f"{self.store}: {verdict}"


@attrs.frozen
class SetupReport(_Checks):
    """Whether every name in the settings exists, and everything that the store uses is mapped.

    >>> wrong = Check("tax area", "gl.tax_area", "error", "AcctVantage has no Tax Area 'X'.")
    >>> SetupReport((wrong,)).ok
    False
    """

    checks: tuple[Check, ...]

    def summary(self) -> str:
        """Whether the settings fit the store and the books."""
        return self._verdict(
            "The settings fit the store and the books.", "The settings do not fit."
        )

    @property
    def toml(self) -> str:
        """All rows to add to the settings file."""
        return "\n\n".join(check.toml for check in self.checks if check.toml)

    def appendix(self) -> str:
        """The rows to add to the settings file."""
        if not self.toml:
            return ""
        yours = ""
        if any(line.startswith("#") for line in self.toml.splitlines()):
            yours = "\n(those behind # are yours: fill in, and remove the #)"
        return f"Rows to add to the settings:{yours}\n\n{self.toml}"


@attrs.frozen
class JournalEntry(Shown):
    """One entry of the journal: what was done, when, to which order, and how it ended.

    >>> at = datetime.fromisoformat("2026-01-02T12:05:00+00:00")
    >>> JournalEntry(at, "import", "imported", 1042, "WEB1042").outcome
    'imported'
    """

    at: datetime
    action: str
    """What was done: `import`."""
    outcome: str
    """How it ended: `imported`, `refused`."""
    order_id: int
    import_id: str = ""
    detail: str = ""
    run: str = ""


def sentence(problems: Iterable[Problem]) -> str:
    """Return problems as one line of text; what to do for several is said once."""
    rest = list(problems)
    return " ".join(
        str(attrs.evolve(each, fix="") if after is not None and after.fix == each.fix else each)
        for each, after in zip_longest(rest, rest[1:])
        if each is not None
    )

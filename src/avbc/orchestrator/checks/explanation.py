"""The explanation of one order: what it becomes and why, and what was decided at its import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import attrs

from avbc.acctvantage import Pickup
from avbc.bigcommerce import UnexpectedData
from avbc.mapping import Decision, MappedOrder, Problem
from avbc.mapping.decisions import decisions_of
from avbc.money import amount_text
from avbc.orchestrator.engine.choosing import NOT_NEW, Choice
from avbc.orchestrator.engine.customising import Customisation
from avbc.orchestrator.engine.decisions_taken import DECISIONS, DecisionsTaken, from_text
from avbc.orchestrator.engine.incoming import Incomers, Incoming, edits_of
from avbc.orchestrator.engine.pickups import offered_again, refused_problem
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.store_orders import unreadable
from avbc.orchestrator.reports import ImportReport
from avbc.report import as_data, counted


@attrs.frozen
class Explanation(MappedOrder):
    """What an order becomes in AcctVantage, and why.

    Of an order that was imported it has the decisions as they were taken then, and apart from them
    what would differ `now`. The bundle, the proof and the problems are those of now.
    """

    imported: DecisionsTaken | None = attrs.field(default=None, kw_only=True)
    """The decisions of the order's import; None where it was not imported, or avbc had not kept
    them."""
    pickup: Pickup | None = attrs.field(default=None, kw_only=True)
    """What AcctVantage answered, where it picks orders up from the books."""
    is_due: bool = attrs.field(default=True, kw_only=True)
    """Whether an import would take it: it is New, nothing holds it back, and it is not imported."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Each field of the sales order, as it was decided at the import, or else now."""
        return decisions_of(self.notes) if self.imported is None else self.imported.decisions

    @property
    def now(self) -> tuple[Decision, ...]:
        """What would be decided differently now; empty for an order that was not imported."""
        return tuple(after for _, after in self._both() if after is not None)

    def summary(self) -> str:
        """The order, when it was imported, what would differ now, and AcctVantage's answer."""
        text = super().summary()
        if not (self.is_due or self.errors or self.total is None):
            text = f"Order {self.order_id} as {self.import_id}: {amount_text(self.total)}."
        if self.imported is not None:
            fields = counted(len(self.now), "field")
            now = f"; {fields} would differ now" if self.now else ""
            done = self.imported.result.capitalize()
            text = f"{text} {done} {self.imported.at:%Y-%m-%d %H:%M} UTC{now}."
        return text if self.pickup is None else f"{text} {self.pickup.sentence}"

    def to_dicts(self) -> list[dict[str, object]]:
        """The decisions and then the problems as rows; `now` is what would be decided now."""
        if self.imported is None:
            return super().to_dicts()
        rows: list[dict[str, object]] = []
        for before, after in self._both():
            decision = before or after
            if decision is None:
                continue
            row = as_data(decision) | {"now": "" if after is None else after.value}
            if before is None:
                row["value"] = ""
            elif after is not None:
                row["reason"] = f"{before.reason}; now: {after.reason}"
            rows.append(row)
        return rows + [
            {
                "field": problem.field,
                "value": problem.value,
                "reason": f"{problem.severity}: {problem}",
                "setting": "",
                "now": "",
            }
            for problem in self.problems
        ]

    def shown(self) -> list[dict[str, object]]:
        """The same rows in an accountant's sequence, with what would be decided now."""
        return [
            {**row, "value": f"{row['value']}, now {row['now']}"} if row.get("now") else row
            for row in super().shown()
        ]

    def _both(self) -> list[tuple[Decision | None, Decision | None]]:
        """Each decision of the import, and the one of now if it would be another."""
        if self.imported is None:
            return [(each, None) for each in self.decisions]
        later: defaultdict[str, list[Decision]] = defaultdict(list)
        for each in decisions_of(self.notes):
            later[each.field].append(each)
        both: list[tuple[Decision | None, Decision | None]] = []
        for before in self.imported.decisions:
            after = (
                later[before.field].pop(0)
                if later[before.field]
                else Decision(before.field, "", "nothing is decided about it any more")
            )
            same = after.value == before.value or not self.notes
            both.append((before, None if same else after))
        both += [(None, each) for rest in later.values() for each in rest]
        return both


def explain_order(
    run: Run[ImportReport], customisations: Sequence[Customisation], order_id: int
) -> Explanation:
    """Map an order as an import would, and add warnings where an import would not take it.

    Raises:
        NoSuchOrder: The store has no such order.
        AvbcError: The store, the books or the journal do not answer.
    """
    incomers = Incomers(run, customisations)
    each = incomers.one(order_id)
    incomers.look_up([each], explain=True)
    incomers.read_payments([each])
    if isinstance(each.error, UnexpectedData):
        mapped = MappedOrder(
            order_id, each.import_id, None, None, problems=(unreadable(each.error),)
        )
    elif each.error is not None:
        raise each.error
    else:
        mapped = incomers.map(each)
    problems = list(mapped.problems)
    is_due = each.existing is None
    if each.existing is None and each.error is None and (held := incomers.waits(each)):
        problems.append(held)
        is_due = False
    choice = Choice(run)
    if each.existing is None and (left := choice.left_alone(each.order)):
        problems.append(attrs.evolve(left, severity="warning"))
        is_due = False
    if not_new := choice.not_new(each.order):
        problems.append(attrs.evolve(not_new, severity="warning"))
        is_due = False
        if each.existing is not None:
            # It is in the books: what an import would say of it now is no one's to follow.
            problems = [attrs.evolve(problem, severity="warning", fix="") for problem in problems]
    text = run.known(DECISIONS, [each.import_id]).get(each.import_id)
    imported = None
    if each.existing is not None:
        imported = from_text(text) if text is not None else None
        if imported is not None and mapped.bundle is None:
            # Nothing is decided about it now, so nothing is decided otherwise.
            mapped = attrs.evolve(mapped, notes=())
        # Its import is in the summary.
        problems = [problem for problem in problems if problem.code != NOT_NEW]
        if imported is None or not each.is_readable or not each.is_unchanged:
            problems.append(_in_the_books(each, mapped, is_kept=imported is not None))
    if each.pickup is not None and (refusal := each.pickup.refusal) is not None:
        if each.order.status_id == run.statuses.new:
            problems.append(offered_again(each.pickup, refusal))
        else:
            problems.append(attrs.evolve(refused_problem(refusal, order_id), severity="warning"))
    return Explanation(
        mapped.order_id,
        mapped.import_id,
        mapped.total,
        mapped.bundle,
        tuple(problems),
        mapped.proof,
        mapped.notes,
        imported=imported,
        pickup=each.pickup,
        is_due=is_due,
    )


def _in_the_books(each: Incoming, mapped: MappedOrder, *, is_kept: bool) -> Problem:
    state = "with the same content"
    if not each.is_readable:
        state = "and cannot be compared"
    elif not each.is_unchanged:
        state = f"and the order was edited since{edits_of(each, mapped)}"
    status = "" if each.existing is None else each.existing.status
    kept = "" if is_kept else " The decisions of its import were not kept: these are those of now."
    return Problem(
        "order_imported",
        "import_id",
        each.import_id,
        f"{each.import_id} is in the books already as {status}, {state}.{kept}",
        severity="warning",
    )

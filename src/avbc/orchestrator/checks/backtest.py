"""The backtest: map the orders of a period under other settings, and report the changes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Literal, TypeAlias

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce.call import Page
from avbc.bigcommerce.models import Order, OrderCoupon
from avbc.errors import AvbcError
from avbc.mapping import MappedOrder, OrderInputs, Problem
from avbc.mapping.decisions import value_text
from avbc.mapping.waiting import holds_back, waits
from avbc.money import amount_text
from avbc.orchestrator.checks.periods import (
    NOTHING,
    PeriodReport,
    Unread,
    pages_of_period,
    take_pages,
    with_all_lines,
)
from avbc.orchestrator.engine.changes import CONCERNS_ALL, order_extra, unexpected
from avbc.orchestrator.engine.channels import is_of_channels
from avbc.orchestrator.engine.customising import (
    Customisation,
    CustomisedOrder,
    changed_values,
    customised,
    customised_order,
)
from avbc.orchestrator.engine.lookups import Lookups
from avbc.orchestrator.engine.paid_statuses import paid_statuses
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.statuses import NEVER_DUE
from avbc.orchestrator.engine.store_orders import created_since, is_too_old
from avbc.report import as_data, counted, tally
from avbc.settings import Settings
from avbc.shown import Shown
from avbc.tables import MARK

Fate: TypeAlias = Literal["imported", "refused", "waiting", "left out"]
"""The result of an import. `waiting`: held back by `import_when` of its payment method. `left out`:
made before the date from which orders are imported."""

_INDEX = re.compile(r"\[\d+\]")
_FIELDS_SHOWN = 5  # fields that the summary counts


@attrs.frozen
class SettingEffect(Shown):
    """A field of the sales order or its records that other settings would change.

    `before` is its value under the current settings, `after` under the others.

    >>> print(SettingEffect("warehouse", "Main", "West", "shipping.warehouse"))
    warehouse: Main -> West (shipping.warehouse)
    """

    field: str
    before: str
    after: str
    setting: str = ""
    """The setting that decides it, where the field has one."""

    def __str__(self) -> str:
        text = f"{self.field}: {self.before or 'nothing'} -> {self.after or 'nothing'}"
        return f"{text} ({self.setting})" if self.setting else text


@attrs.frozen
class Backtested(Shown):
    """An order that other settings would change.

    `import_id` and `before` are those under the current settings, `after` is what happens to it
    under the others. `problems` it has only under the others, `solved` only under the current.
    """

    order_id: int
    import_id: str
    total: Decimal
    before: Fate
    after: Fate
    effects: tuple[SettingEffect, ...] = ()
    """The fields that differ, where it is imported under both."""
    problems: tuple[Problem, ...] = ()
    solved: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        solved = (f"solved: {problem}" for problem in self.solved)
        return "; ".join([*map(str, (*self.effects, *self.problems)), *solved])


@attrs.define
class BacktestReport(PeriodReport):
    """What would change for the orders of a period under other settings.

    >>> from datetime import UTC, datetime
    >>> report = BacktestReport(datetime(2026, 3, 1, tzinfo=UTC), unchanged=2)
    >>> effects = (SettingEffect("warehouse", "Main", "West"),)
    >>> order = Backtested(1042, "WEB1042", Decimal("19.95"), "imported", "imported", effects)
    >>> report.changed.append(order)
    >>> print(report)
    Under the other settings 1 of 3 orders would be changed: warehouse 1.
    <BLANKLINE>
    fate      order_id  import_id  total  note
    imported      1042  WEB1042    19.95  warehouse: Main -> West
    """

    columns = ("fate", "order_id", "import_id", "total", "note")

    unchanged: int = 0
    changed: list[Backtested] = attrs.field(factory=list[Backtested])

    def __iter__(self) -> Iterator[Backtested]:
        return iter(self.changed)

    @property
    def newly_refused(self) -> list[Backtested]:
        """The orders that are imported under the current settings only, and would not wait."""
        lost = ("refused", "left out")
        return [each for each in self.changed if each.before == "imported" and each.after in lost]

    @property
    def newly_waiting(self) -> list[Backtested]:
        """The orders that the other settings hold back until their payment allows the import."""
        return [found for found in self.changed if found.after == "waiting" != found.before]

    @property
    def newly_imported(self) -> list[Backtested]:
        """The orders that are imported under the other settings only."""
        return [found for found in self.changed if found.after == "imported" != found.before]

    @property
    def ok(self) -> bool:
        """All orders were mapped, and every order that is imported still would be."""
        lost = any(found.before == "imported" != found.after for found in self.changed)
        return self.is_whole and not (lost or self.unread)

    def fields(self) -> dict[str, int]:
        """How many orders would change in which field, most first; `lines[]` is any line."""
        places = (
            place
            for found in self.changed
            for place in {_INDEX.sub("[]", effect.field) for effect in found.effects}
        )
        return dict(Counter(places).most_common())

    def summary(self) -> str:
        """How many orders would be changed, and in which fields."""
        count = counted(self.unchanged + len(self.changed), "order")
        text = f"Under the other settings {len(self.changed)} of {count} would be changed"
        fates = {
            "imported no more": len(self.newly_refused),
            "held back": len(self.newly_waiting),
            "imported at last": len(self.newly_imported),
        }
        listed = tally(fates | dict(list(self.fields().items())[:_FIELDS_SHOWN]))
        text += f": {listed}." if listed else "."
        if not (self.unchanged or self.changed or self.unread or self.stopped):
            text = NOTHING
        if self.unread:
            text += f" {len(self.unread)} could not be mapped."
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per order: its ids, total, before, after, effects, problems and solved."""
        rows = [{**as_data(found), "total": amount_text(found.total)} for found in self.changed]
        return rows + [
            {
                "order_id": each.order_id,
                "import_id": "",
                "total": None,
                "before": "",
                "after": "",
                "effects": [],
                "problems": [as_data(each.problem)],
                "solved": [],
            }
            for each in self.unread
        ]

    def shown(self) -> list[dict[str, object]]:
        """One row per order; first those that would not be imported any more."""
        listed = sorted(
            self.changed, key=lambda found: (found.after == "imported", found.before == found.after)
        )
        rows: list[dict[str, object]] = [
            {
                "order_id": found.order_id,
                "import_id": found.import_id,
                "total": amount_text(found.total),
                "fate": " -> ".join(dict.fromkeys((found.before, found.after))),
                "note": str(found),
                MARK: "error" if found.before == "imported" != found.after else "",
            }
            for found in listed
        ]
        return rows + [
            {
                "order_id": each.order_id,
                "fate": "not mapped",
                "note": str(each.problem),
                MARK: "warning",
            }
            for each in self.unread
        ]


def backtest_period(
    run: Run[BacktestReport], other: Settings, customisations: Sequence[Customisation]
) -> None:
    """Map all orders of a period under two settings.

    Raises:
        AvbcError: The store or the books cannot be read.
        ValueError: A time has no time zone.
    """
    walk = _Backtest(
        run,
        sides=tuple((each, Lookups(each, run.parts)) for each in (run.settings, other)),
        customisations=customisations,
        holds_back=holds_back(run.settings) or holds_back(other),
        never_due=NEVER_DUE - {run.statuses.new},
    )
    take_pages(run, pages_of_period(run), walk.take)


@attrs.frozen
class _Backtest:
    run: Run[BacktestReport]
    sides: tuple[tuple[Settings, Lookups], ...]  # under the current settings, and the others
    customisations: Sequence[Customisation]
    holds_back: bool  # whether one of the two has an `import_when`
    never_due: frozenset[int]

    def take(self, page: Page[Order]) -> None:
        """Map the orders of a page. Those that cannot be read are refused under any settings."""
        report = self.run.report
        report.unchanged += len(page.unreadable)
        due = [order for order in page.items if order.status_id not in self.never_due]
        before = self.run.integration.order_customisations
        orders = [customised_order(order, before) for order in with_all_lines(self.run, due)]
        for _, lookups in self.sides:
            lookups.read_language([each.order for each in orders], self.run.integration)
            lookups.read([each.order for each in orders])
        paid = self._paid_statuses([each.in_store for each in orders]) if self.holds_back else {}
        for each in orders:
            order = each.in_store
            try:
                self._compare(each, paid.get(order.id))
            except CONCERNS_ALL:
                raise
            except AvbcError as error:
                report.add_unread(order.id, error)
            except Exception as error:  # noqa: BLE001
                # A bug in a customisation must not stop the other orders.
                ids = order_extra(order.id, "")
                problem = unexpected(error, f"order {order.id}", "while it was mapped", ids)
                report.unread.append(Unread(order.id, problem))

    def _paid_statuses(self, orders: Sequence[Order]) -> dict[int, int]:
        """The statuses that say whether orders were paid, where they have one of avbc's, by id."""
        found = {order_import_id(self.run.source_code, order.id): order for order in orders}
        statuses = paid_statuses(self.run, self.sides[0][1].rules, found, ())
        return {found[key].id: status_id for key, status_id in statuses.items()}

    def _compare(self, made: CustomisedOrder, paid_status_id: int | None) -> None:
        store, report, order = self.run.store, self.run.report, made.in_store
        if made.error is not None:
            raise made.error
        # Both sides need them; they are read once, if at all.
        coupons = cache(lambda: store.send(store.order_coupons.list.call(order.id)))
        inputs = OrderInputs(
            made.order, transactions=None, in_store=order, paid_status_id=paid_status_id
        )
        (now, before), (then, after) = (
            self._map(made, inputs, settings, lookups, lambda _: coupons())
            for settings, lookups in self.sides
        )
        effects = tuple(_effects(now, then)) if before == after == "imported" else ()
        problems = _only_in(then.problems, now.problems)
        solved = _only_in(now.problems, then.problems)
        is_kept_out = before in ("left out", "waiting")
        if before == after and (is_kept_out or not (effects or problems or solved)):
            report.unchanged += 1
            return
        total = order.total_inc_tax if now.total is None else now.total
        report.changed.append(
            Backtested(order.id, now.import_id, total, before, after, effects, problems, solved)
        )

    def _map(
        self,
        made: CustomisedOrder,
        inputs: OrderInputs,
        settings: Settings,
        lookups: Lookups,
        read_coupons: Callable[[Order], Sequence[OrderCoupon]],
    ) -> tuple[MappedOrder, Fate]:
        order = made.in_store
        if made.problems:
            code = settings.order_status.import_source_code
            mapped = made.refused(order_import_id(code, order.id))
        else:
            mapped = made.added_to(lookups.map(inputs, read_coupons))
            mapped = customised(made.order, mapped, self.customisations)
        if not is_of_channels(order, settings) or is_too_old(
            order, created_since(self.run.integration, settings)
        ):
            return mapped, "left out"
        if self.holds_back and (held := waits(inputs.paid_order, None, lookups.rules)):
            return attrs.evolve(mapped, problems=(*mapped.problems, held)), "waiting"
        return mapped, "refused" if mapped.bundle is None else "imported"


def _only_in(these: Sequence[Problem], those: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in these if problem not in those)


def _effects(now: MappedOrder, then: MappedOrder) -> Iterator[SettingEffect]:
    if now.bundle == then.bundle:
        return
    settings = {field: setting for field, _, _, setting, _ in (*now.notes, *then.notes) if setting}
    for place, before, after in changed_values(now.bundle, then.bundle):
        field = place.removeprefix("order.")
        yield SettingEffect(field, value_text(before), value_text(after), _setting(field, settings))


def _setting(field: str, settings: dict[str, str]) -> str:
    """Return the setting of a field, or of what the field is a part of."""
    while field:
        for name in (field, _INDEX.sub("", field)):
            if name in settings:
                return settings[name]
        field = re.sub(r"(^|\.)[^.\[\]]+$|\[\d+\]$", "", field)
    return ""

"""The orders of a period mapped under other settings: what would change. Nothing is written."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

import attrs

from avbc.acctvantage.gateway import Gateway
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.call import Page
from avbc.bigcommerce.models import Order, OrderCoupon
from avbc.errors import AvbcError
from avbc.mapping import MappedOrder, Problem
from avbc.mapping.decisions import value_text
from avbc.mapping.text import amount_text
from avbc.orchestrator.engine.customising import Customisation, changed_values, customised
from avbc.orchestrator.engine.lookups import Lookups
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.run import CONCERNS_ALL, order_extra
from avbc.orchestrator.engine.statuses import NEVER_DUE, ImportStatuses
from avbc.orchestrator.engine.store_orders import complete_lines, orders_of_period, unread
from avbc.orchestrator.reports import RunReport, Unread, problem_dict
from avbc.settings import Settings

Fate: TypeAlias = Literal["imported", "refused", "left out"]
"""What an import makes of an order. `left out`: it was made before the date from which orders are imported."""

_INDEX = re.compile(r"\[\d+\]")
_FIELDS_SHOWN = 5
"""Fields that the summary counts."""

_log = logging.getLogger("avbc.orchestrator")


@attrs.frozen
class SettingEffect:
    """A field of the sales order, or of what is written with it, that other settings would change.

    >>> print(SettingEffect("warehouse", "Main", "West", "shipping.warehouse"))
    warehouse: Main -> West (shipping.warehouse)
    """

    field: str
    before: str
    """Under the settings in force."""
    after: str
    """Under the other settings."""
    setting: str = ""
    """The setting that decides it, where the field has one."""

    def __str__(self) -> str:
        text = f"{self.field}: {self.before or 'nothing'} -> {self.after or 'nothing'}"
        return f"{text} ({self.setting})" if self.setting else text


@attrs.frozen
class Backtested:
    """An order that other settings would change."""

    order_id: int
    import_id: str
    """Under the settings in force."""
    total: Decimal
    before: Fate
    after: Fate
    effects: tuple[SettingEffect, ...] = ()
    """What differs where it is imported under both."""
    problems: tuple[Problem, ...] = ()
    """The problems that it has under the other settings, and not under those in force."""
    solved: tuple[Problem, ...] = ()
    """The problems that it has under the settings in force, and not under the others."""

    def __str__(self) -> str:
        parts = [
            *map(str, self.effects),
            *map(str, self.problems),
            *(f"solved: {problem}" for problem in self.solved),
        ]
        return "; ".join(parts)


@attrs.define
class BacktestReport(RunReport):
    """What would change for the orders of a period under other settings.

    >>> report = BacktestReport(datetime(2026, 3, 1, tzinfo=UTC), unchanged=2)
    >>> effects = (SettingEffect("warehouse", "Main", "West", "shipping.warehouse"),)
    >>> report.changed.append(Backtested(1042, "WEB1042", Decimal("19.95"), "imported", "imported", effects))
    >>> print(report)
    Under the other settings 1 of 3 orders would be changed: warehouse 1.
    <BLANKLINE>
    order_id  import_id  total  fate      note
    1042      WEB1042    19.95  imported  warehouse: Main -> West (shipping.warehouse)
    """

    columns = ("order_id", "import_id", "total", "fate", "note")

    since: datetime
    until: datetime | None = None
    """None: there was no end."""
    unchanged: int = 0
    """How many would be what they are. A number: there may be very many."""
    changed: list[Backtested] = attrs.field(factory=list[Backtested])
    unread: list[Unread] = attrs.field(factory=list[Unread])
    """Orders that could not be mapped for another reason than their own."""

    def __iter__(self) -> Iterator[Backtested]:
        return iter(self.changed)

    @property
    def newly_refused(self) -> list[Backtested]:
        """The orders that are imported under the settings in force, and would not be."""
        return [found for found in self.changed if found.before == "imported" != found.after]

    @property
    def newly_imported(self) -> list[Backtested]:
        """The orders that are not imported under the settings in force, and would be."""
        return [found for found in self.changed if found.after == "imported" != found.before]

    @property
    def ok(self) -> bool:
        """All orders were mapped, and none that is imported would not be any more."""
        return not (self.newly_refused or self.unread or self.stopped)

    def fields(self) -> dict[str, int]:
        """How many orders would have which field changed, the most first; `lines[]` stands for any line."""
        counts = Counter(
            field
            for found in self.changed
            for field in {_INDEX.sub("[]", effect.field) for effect in found.effects}
        )
        return dict(counts.most_common())

    def summary(self) -> str:
        """How many orders would be changed, and in what."""
        count = self.unchanged + len(self.changed)
        text = (
            f"Under the other settings {len(self.changed)} of {count} "
            f"{'order' if count == 1 else 'orders'} would be changed"
        )
        told = {
            "imported no more": len(self.newly_refused),
            "imported at last": len(self.newly_imported),
        }
        told |= dict(list(self.fields().items())[:_FIELDS_SHOWN])
        listed = ", ".join(f"{name} {number}" for name, number in told.items() if number)
        text += f": {listed}." if listed else "."
        if self.unread:
            text += f" {len(self.unread)} could not be mapped."
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per order: order_id, import_id, total, before, after, effects, problems, solved."""
        rows: list[dict[str, object]] = [
            {
                "order_id": found.order_id,
                "import_id": found.import_id,
                "total": amount_text(found.total),
                "before": found.before,
                "after": found.after,
                "effects": [attrs.asdict(effect) for effect in found.effects],
                "problems": [problem_dict(problem) for problem in found.problems],
                "solved": [problem_dict(problem) for problem in found.solved],
            }
            for found in self.changed
        ]
        for each in self.unread:
            row: dict[str, object] = {
                "order_id": each.order_id,
                "import_id": "",
                "total": None,
                "before": "",
                "after": "",
            }
            rows.append(
                {**row, "effects": [], "problems": [problem_dict(each.problem)], "solved": []}
            )
        return rows

    def shown(self) -> list[dict[str, object]]:
        """One row per order, with what would change as one text; those that would not be imported any more come first."""
        rows: list[dict[str, object]] = []
        for found in sorted(
            self.changed, key=lambda found: (found.after == "imported", found.before == found.after)
        ):
            fate = (
                found.before if found.before == found.after else f"{found.before} -> {found.after}"
            )
            row: dict[str, object] = {
                "order_id": found.order_id,
                "import_id": found.import_id,
                "total": amount_text(found.total),
            }
            rows.append({**row, "fate": fate, "note": str(found)})
        for each in self.unread:
            rows.append(
                {"order_id": each.order_id, "fate": "not mapped", "note": str(each.problem)}
            )  # pyright's types
        return rows


def backtest_period(
    other: Settings,
    *,
    settings: Settings,
    store: BigCommerce,
    books: Gateway,
    statuses: ImportStatuses,
    customisations: Sequence[Customisation],
    since: datetime,
    until: datetime | None,
    on_progress: Progress,
    is_stopping: Callable[[], bool],
) -> BacktestReport:
    """Map all orders of a period under two settings.

    Raises:
        AvbcError: Nothing could be mapped: the store or the books cannot be read. Later the report
            says so in `stopped`.
        ValueError: A time has no time zone.
    """
    before = store.requests_sent
    report = BacktestReport(since, until, started=datetime.now(UTC))
    pages = orders_of_period(store, since, until)
    walk = _Walk(
        report,
        store,
        (_Side(settings, books), _Side(other, books)),
        customisations,
        NEVER_DUE.keys() - {statuses.new},
    )
    done = 0
    try:
        for page in pages:
            done += page.count
            walk.take(page)
            del page  # Two pages in memory at once are one too many.
            on_progress(done, None, "Mapping orders")
            if is_stopping():
                report.stopped = "a stop was asked for"
                break
    except AvbcError as error:
        if not done:
            raise
        report.stopped = str(error)
    report.requests = store.requests_sent - before
    report.finished = datetime.now(UTC)
    return report


class _Side:
    """Orders under one of the two settings."""

    def __init__(self, settings: Settings, books: Gateway) -> None:
        self._first = settings.order_status.import_orders_created_since
        self.lookups = Lookups(settings, books)

    def is_left_out(self, order: Order) -> bool:
        """Whether the order was made before the date from which orders are imported."""
        return self._first is not None and order.date_created < self._first


@attrs.frozen
class _Walk:
    report: BacktestReport
    store: BigCommerce
    sides: tuple[_Side, _Side]
    customisations: Sequence[Customisation]
    never_due: frozenset[int] | set[int]

    def take(self, page: Page[Order]) -> None:
        """Map the orders of a page. Those that cannot be read are refused under any settings."""
        self.report.unchanged += len(page.unreadable)
        orders = [order for order in page.items if order.status_id not in self.never_due]
        failed = complete_lines(self.store, orders)
        self.report.unread += [unread(order_id, error) for order_id, error in failed.items()]
        orders = [order for order in orders if order.id not in failed]
        for side in self.sides:
            side.lookups.read(orders)
        for order in orders:
            try:
                self._compare(order)
            except CONCERNS_ALL:
                raise
            except AvbcError as error:
                self.report.unread.append(unread(order.id, error))
            except Exception as error:  # noqa: BLE001  # a fault of a customisation must not stop the other orders
                _log.exception(
                    "order %d: unexpected %s",
                    order.id,
                    type(error).__name__,
                    extra=order_extra(order.id, ""),
                )
                message = f"{type(error).__name__} while it was mapped: {error}"
                problem = Problem(
                    "unexpected_error",
                    "",
                    "",
                    message,
                    "Correct the program; the log has the traceback.",
                )
                self.report.unread.append(Unread(order.id, problem))

    def _compare(self, order: Order) -> None:
        coupons: list[OrderCoupon] = []

        def read_coupons(order: Order) -> Sequence[OrderCoupon]:
            if not coupons:
                coupons.extend(self.store.send(self.store.order_coupons.list.call(order.id)))
            return coupons

        in_force, other = self.sides
        now, then = self._map(in_force, order, read_coupons), self._map(other, order, read_coupons)
        before, after = _fate(in_force, order, now), _fate(other, order, then)
        effects = tuple(_effects(now, then)) if before == after == "imported" else ()
        problems, solved = (
            _only_in(then.problems, now.problems),
            _only_in(now.problems, then.problems),
        )
        if before == after and (before == "left out" or not (effects or problems or solved)):
            self.report.unchanged += 1
            return
        self.report.changed.append(
            Backtested(order.id, now.import_id, now.total, before, after, effects, problems, solved)
        )

    def _map(
        self, side: _Side, order: Order, read_coupons: Callable[[Order], Sequence[OrderCoupon]]
    ) -> MappedOrder:
        return customised(order, side.lookups.map(order, (), read_coupons), self.customisations)


def _fate(side: _Side, order: Order, mapped: MappedOrder) -> Fate:
    if side.is_left_out(order):
        return "left out"
    return "refused" if mapped.bundle is None else "imported"


def _only_in(these: Sequence[Problem], those: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(problem for problem in these if problem not in those)


def _effects(now: MappedOrder, then: MappedOrder) -> Iterator[SettingEffect]:
    if now.bundle == then.bundle:
        return
    settings = {
        decision.field: decision.setting
        for decision in (*now.decisions, *then.decisions)
        if decision.setting
    }
    for place, before, after in changed_values(now.bundle, then.bundle):
        field = place.removeprefix("order.")
        yield SettingEffect(field, value_text(before), value_text(after), _setting(field, settings))


def _setting(field: str, settings: dict[str, str]) -> str:
    """The setting of a field, or else of what it is a part of."""
    while field:
        for name in (field, _INDEX.sub("", field)):
            if name in settings:
                return settings[name]
        field = re.sub(r"(^|\.)[^.\[\]]+$|\[\d+\]$", "", field)
    return ""

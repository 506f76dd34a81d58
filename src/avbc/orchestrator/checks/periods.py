"""The orders of a period, page by page, for checks that look at each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import attrs

from avbc.bigcommerce import UnexpectedData
from avbc.bigcommerce.call import Page
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError
from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import problem_of
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.store_orders import complete_orders, orders_of_period, unreadable
from avbc.orchestrator.reports import RunReport
from avbc.shown import Shown


@attrs.frozen
class Unread(Shown):
    """An order that could not be checked, and why."""

    order_id: int
    """0 where even that could not be read."""
    problem: Problem


@attrs.define
class PeriodReport(RunReport):
    """What a check found out about the orders of a period."""

    since: datetime
    until: datetime | None = None
    """None: without an end."""
    unread: list[Unread] = attrs.field(factory=list[Unread], kw_only=True)
    """Orders that could not be checked for a reason that is not their own."""

    def add_unread(self, order_id: int, error: AvbcError) -> None:
        """List an order that could not be checked."""
        problem = unreadable(error) if isinstance(error, UnexpectedData) else problem_of(error)
        self.unread.append(Unread(order_id, problem))


NOTHING = "Nothing was compared: no orders were made in this period."
"""What the summary says where the period has no order."""

P = TypeVar("P", bound=PeriodReport)


def pages_of_period(run: Run[P]) -> Iterator[Page[Order]]:
    """Return the pages of the report's period; nothing is read yet.

    Raises:
        ValueError: A time has no time zone.
    """
    run.note_begin(run.report.since)
    return orders_of_period(run.order_pages, run.report.since, run.report.until)


def take_pages(
    run: Run[P], pages: Iterator[Page[Order]], take: Callable[[Page[Order]], None]
) -> None:
    """Do something with each page, until the run is over.

    Raises:
        StoreError: The store cannot be asked.
    """
    for page in pages:
        count = page.count
        run.is_begun = run.is_begun or count > 0
        take(page)
        del page  # Two pages at once would take twice the memory.
        run.advance(count)
        if run.is_over():
            return


def with_all_lines(run: Run[P], orders: Sequence[Order]) -> list[Order]:
    """Read the lines that the list left out; orders without them are listed as unread."""
    failed = complete_orders(run.store, orders)
    for order_id, error in failed.items():
        run.report.add_unread(order_id, error)
    return [order for order in orders if order.id not in failed]

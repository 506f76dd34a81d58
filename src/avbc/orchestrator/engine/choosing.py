"""Which orders an import takes, by their status and age, and whose status it sets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime
from typing import Literal, TypeAlias

import attrs

from avbc.bigcommerce.models import Order
from avbc.mapping import Problem
from avbc.mapping.days import day_of
from avbc.mapping.status import order_status_name, system_name
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.arguments import require_selection
from avbc.orchestrator.engine.attention import STATUS_KEPT
from avbc.orchestrator.engine.channels import OTHER_CHANNEL, other_channel
from avbc.orchestrator.engine.incoming import Incoming
from avbc.orchestrator.engine.order_reads import NO_STATUS
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.statuses import PLACED, UNFINISHED
from avbc.orchestrator.engine.store_orders import created_since, is_too_old
from avbc.orchestrator.reports import ImportReport
from avbc.text import quoted

NOT_NEW = "order_not_new"
"""The problem of an order that is not to be imported, since it has another status."""
TOO_OLD = "order_too_old"
"""The problem of an order that is not to be imported, since it was created too early."""
SETTLED = "order_settled"
"""The problem of an order that a person settled: the books may have it under another number."""
LEFT_ALONE = frozenset({NOT_NEW, TOO_OLD, OTHER_CHANNEL})
"""The problems of orders that are none of those that an import of new ones takes."""
NOT_THERE = "not_in_store"
"""The problem of an order that was asked for by its id, and that the store does not list."""

Kind: TypeAlias = Literal["new", "placed", "errors"]
"""Orders that have the New Order Status, placed orders, or those that were refused."""


@attrs.frozen
class Selection:
    """Which orders `import_orders` is to take: by default those that are New.

    Raises:
        TypeError: An id is not an int, a time is neither a date nor a datetime, or `retry_errors`
            is neither True nor False.
        ValueError: The arguments contradict each other, or a time has no time zone.
    """

    ids: Collection[int] | None = None
    since: date | None = None
    until: date | None = None
    retry_errors: bool = False

    def __attrs_post_init__(self) -> None:
        require_selection(self.ids, self.since, self.until, retry_errors=self.retry_errors)


class Choice:
    """Which orders a run takes, and of which it sets the status.

    Args:
        run: The run.
        kind: `new`: those that have the New Order Status. `errors`: those that have the Import
            Error Status, and were given it by an import. `placed`: placed orders in any status.
    """

    def __init__(self, run: Run[ImportReport], kind: Kind = "new") -> None:
        self._run = run
        self._statuses = run.statuses
        self.kind = kind
        self._refused: set[str] = set()

    @property
    def status_id(self) -> int | None:
        """The one status that the orders have; None where they may have several."""
        return None if self.kind == "placed" else self.waiting

    @property
    def waiting(self) -> int:
        """The status in which the orders wait that are taken by no id and no period."""
        return self._statuses.import_error if self.kind == "errors" else self._statuses.new

    def learn(self, incoming: Iterable[Incoming]) -> None:
        """Find out which orders have the Import Error Status from an import."""
        if self.kind != "new":
            asked = [
                each.import_id
                for each in incoming
                if each.order.status_id == self._statuses.import_error
            ]
            if asked:
                self._refused.update(self._run.integration.journal.refused("import", asked))

    def sets_status(self, each: Incoming) -> bool:
        """Whether the order's status is set: it is New, or was given the Import Error Status."""
        status_id = each.order.status_id
        if status_id == NO_STATUS:
            return self.kind == "new"
        if status_id == self._statuses.import_error:
            return each.import_id in self._refused
        return status_id == self._statuses.new

    def refusal(self, each: Incoming) -> Problem | None:
        """Why the order is not taken; None where it is."""
        return (
            other_channel(each.order, self._run.settings)
            or self._of_other_status(each)
            or self._too_old(each.order)
        )

    def settled(self, incoming: Iterable[Incoming]) -> dict[str, Problem]:
        """Which orders a person settled after they were refused, by Import ID, and why not again.

        One that gets its New Order Status again is to be imported.
        """
        keys = {
            each.import_id: each.order.id
            for each in incoming
            if each.order.status_id != self._statuses.new
        }
        found = self._run.integration.journal.settled("import", keys) if keys else ()
        return {key: settled_problem(key, keys[key]) for key in found}

    def leaves_alone(self, problems: Iterable[Problem]) -> bool:
        """Whether they only say that an order is none of the new ones that are taken."""
        return self.kind == "new" and any(problem.code in LEFT_ALONE for problem in problems)

    def left_alone(self, order: Order) -> Problem | None:
        """Why an order is left alone whatever its status: its channel, or its age."""
        return other_channel(order, self._run.settings) or self._too_old(order)

    def gone(self, order_id: int) -> Problem:
        """Say that an order is not listed any more as it was a moment before."""
        if self.status_id is None:
            return not_there(order_id)
        return Problem(
            NOT_NEW,
            "status_id",
            "",
            f"The order is no longer {quoted(system_name(self.status_id))} in the store: it got "
            "another status while the import ran, and is left alone.",
            f"To have it imported, give it the status {quoted(system_name(self._statuses.new))}.",
        )

    def not_new(self, order: Order) -> Problem | None:
        """Say that an order is not New, so no import takes it by itself."""
        if order.status_id == self._statuses.new:
            return None
        new = system_name(self._statuses.new)
        by_id = f", or call import_order({order.id})" if order.status_id in PLACED else ""
        return Problem(
            NOT_NEW,
            "status_id",
            str(order.status_id),
            f"The order is {quoted(order_status_name(order))}, and only {quoted(new)} is imported.",
            f"Give it the status {quoted(new)} to have it imported{by_id}.",
        )

    def kept(self, order: Order) -> Problem:
        """Say that an order was not imported, and keeps its status."""
        return Problem(
            STATUS_KEPT,
            "status_id",
            str(order.status_id),
            f"The order was refused, and keeps its status {quoted(order_status_name(order))}.",
            f"Correct what is wrong, then call import_order({order.id}) again.",
            severity="warning",
        )

    def _of_other_status(self, each: Incoming) -> Problem | None:
        order, statuses = each.order, self._statuses
        if self.kind == "new":
            left = None if order.status_id == NO_STATUS else self.not_new(order)
            # It was asked for only if it is New, so nobody has to do anything.
            return left and attrs.evolve(left, fix="")
        if self.kind == "errors":
            return None if self.sets_status(each) else self.gone(order.id)
        if order.status_id in PLACED | {statuses.new, statuses.import_error, NO_STATUS}:
            return None
        why = (
            "its checkout was not finished"
            if order.status_id in UNFINISHED
            else f"it was {stopped(order.status_id) or 'not placed'}"
        )
        return Problem(
            NOT_NEW,
            "status_id",
            str(order.status_id),
            f"The order is {quoted(order_status_name(order))}: {why}, so it is not imported.",
            f"If it is to be imported, give it the status {quoted(system_name(statuses.new))}.",
        )

    def _too_old(self, order: Order) -> Problem | None:
        integration = self._run.integration
        since = integration.settings.order_status.import_orders_created_since
        if since is None or not is_too_old(order, created_since(integration)):
            return None
        is_instant = isinstance(since, datetime)
        created = day_of(order.date_created, UTC if is_instant else integration.days.zone)
        return Problem(
            TOO_OLD,
            "date_created",
            order.date_created.isoformat(),
            f"It was created {created:%Y-%m-%d}, before the date from which orders "
            f"are imported, {since:%Y-%m-%d}.",
            "Enter it by hand, or change order_status.import_orders_created_since.",
        )


def settled_problem(import_id: str, order_id: int) -> Problem:
    """Say that a person settled an order that is not in the books."""
    return Problem(
        SETTLED,
        "",
        import_id,
        f"A person settled what the worklist had of {import_id}, as if it was entered by hand.",
        f"If it is not in AcctVantage, call import_order({order_id}).",
    )


def not_there(order_id: int) -> Problem:
    """Say that the store lists no order of this id."""
    return Problem(
        NOT_THERE,
        "id",
        str(order_id),
        f"The store lists no order {order_id}: it was never there, or was deleted or archived.",
        "If it was archived, restore it in BigCommerce, then ask for it again.",
    )

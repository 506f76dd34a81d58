"""What AcctVantage answered about the orders that it picks up: refusals end on the worklist."""

from __future__ import annotations

import attrs

from avbc.acctvantage.import_ids import store_order_ids
from avbc.orchestrator.engine.pickups import REFUSED, refused_problem
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.reports import Change

_REPORTED = "refusal reported"
"""The version whose refusal was reported last, by Import ID."""


def take_answers(run: PushRun) -> None:
    """Put the orders that AcctVantage refused on the worklist, and take off the others.

    The answers stay in the books, and are read there in each run.

    Raises:
        BooksUnreachable: The books cannot be read.
    """
    refused = run.parts.staging.orders_refused(run.source_code)
    reported = dict(run.all_known(_REPORTED))
    for pickup in refused:
        key, refusal = pickup.order_import_id, pickup.refusal
        if refusal is None:
            continue
        (order_id,) = store_order_ids(run.source_code, [key]) or {0}
        problem = refused_problem(refusal, order_id)
        run.add_item(problem, key=key, order_id=order_id, import_id=key, area=REFUSED)
        version = str(pickup.version)
        if reported.pop(key, "") == version:
            run.unchanged()
        else:
            # Its item is there already, in an area of its own.
            run.refuse(
                Change(key, "order", order_id=order_id, import_id=key),
                attrs.evolve(problem, severity="warning"),
            )
            run.know(_REPORTED, key, version)
    if reported:
        run.forget(_REPORTED, list(reported))
    run.settle_rest(REFUSED)

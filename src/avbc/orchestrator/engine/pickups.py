"""How far AcctVantage is with the orders that it picks up: read from the books, never copied."""

from __future__ import annotations

from avbc.acctvantage import Acknowledgement, Pickup
from avbc.mapping import Problem

REFUSED = "refused_by_acctvantage"
"""The code of orders that AcctVantage refused. They are an area of the worklist of their own: each
run looks at all of them, and not at all statuses that could not be set."""


def refused_text(refusal: Acknowledgement) -> str:
    """Say that AcctVantage refused an order, and why.

    >>> refused_text(Acknowledgement("WEB1042", 2, refused_code="P17", refused_text="No part."))
    'AcctVantage refused WEB1042 (version 2): P17 No part.'
    """
    return f"AcctVantage refused {refusal.import_id} (version {refusal.version}): {refusal.reason}"


def offered_again(refused: Pickup, refusal: Acknowledgement) -> Problem:
    """Say that an import offers an order again that AcctVantage refused."""
    key = refused.order_import_id
    return Problem(
        "order_offered_again",
        "import_id",
        key,
        f"{refused_text(refusal)} It is offered again, as version {refusal.version + 1}.",
        severity="warning",
    )


def refused_problem(refusal: Acknowledgement, order_id: int) -> Problem:
    """Say that AcctVantage refused an order, and what to do."""
    key = refusal.import_id
    return Problem(
        REFUSED,
        "import_id",
        key,
        refused_text(refusal),
        "Correct what it names, in AcctVantage or in BigCommerce. Then give the order its New "
        f"Order Status again, or call import_order({order_id}): AcctVantage is offered it again.",
    )


def unanswered_problem(pickup: Pickup) -> Problem:
    """Say that AcctVantage has not answered an order for long."""
    key = pickup.order_import_id
    return Problem(
        "not_answered_by_acctvantage",
        "import_id",
        key,
        pickup.sentence,
        "See whether AcctVantage's script that picks orders up is running, and what stops it at "
        f"{key}.",
        severity="warning",
    )

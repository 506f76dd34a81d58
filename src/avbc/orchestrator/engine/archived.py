"""Refused orders that are archived or stopped: their items go, and come back with the order."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import cast

from avbc.bigcommerce.models import Order
from avbc.mapping import Problem
from avbc.mapping.stopped import stopped
from avbc.orchestrator.engine.attention import IMPORTING
from avbc.orchestrator.engine.open_items import OpenItems
from avbc.orchestrator.engine.order_reads import NO_STATUS
from avbc.orchestrator.engine.push_run import PushRun

_ARCHIVED = "archived with items"
"""Code, message and fix of each item of an order that was archived or stopped, by Import ID."""


def put_away(run: PushRun, keys: Collection[str]) -> None:
    """Take the import's items of orders off the worklist, and remember them."""
    if not keys:
        return
    items: dict[str, list[tuple[str, str, str]]] = {}
    for each in OpenItems.of(run.integration).all():
        if each.area == IMPORTING and each.key in keys:
            items.setdefault(each.key, []).append((each.code, each.message, each.fix))
    for key, texts in items.items():
        run.know(_ARCHIVED, key, json.dumps(texts))
    run.settle(keys, area=IMPORTING)


def bring_back(run: PushRun, orders: Mapping[str, Order]) -> None:
    """Put items on the worklist again, of orders that go on and are refused still."""
    going = [
        key
        for key, each in orders.items()
        if each.status_id != NO_STATUS and not stopped(each.status_id)
    ]
    known = run.known(_ARCHIVED, going) if going else {}
    for key, texts in known.items():
        order = orders[key]
        if order.status_id == run.statuses.import_error:
            for code, message, fix in cast("list[tuple[str, str, str]]", json.loads(texts)):
                problem = Problem(code, "", "", message, fix)
                run.add_item(problem, key=key, order_id=order.id, import_id=key, area=IMPORTING)
    if known:
        run.forget(_ARCHIVED, list(known))

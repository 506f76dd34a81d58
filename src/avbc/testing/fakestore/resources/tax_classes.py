"""Tax classes; their ids are text here, and numbers on products (BigCommerce: tax classes API v2)."""

from __future__ import annotations

from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v2_slice
from avbc.testing.fakestore.routes import NO_SCOPE, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, whole


def example_classes() -> list[Row]:
    """Return the tax classes that every store has beside the default one, which is 0."""
    names = ["Non-Taxable Products", "Shipping", "Gift Wrapping"]
    moment = "2026-01-05T10:00:00.000+00:00"
    return [
        {"id": str(index), "name": name, "created_at": moment, "updated_at": moment}
        for index, name in enumerate(names, start=1)
    ]


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    cut = v2_slice(state.tax_classes, request.params)
    return ok(cut) if cut else no_content()


def _get(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    for row in state.tax_classes:
        if whole(row["id"]) == ids[0]:
            return ok(row)
    raise Refusal(404)


ROUTES = [
    Route("GET", "/v2/tax_classes", NO_SCOPE, _list),
    Route("GET", "/v2/tax_classes/{id}", NO_SCOPE, _get),
]

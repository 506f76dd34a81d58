"""Coupon definitions (BigCommerce: marketing API v2)."""

from __future__ import annotations

from avbc.testing.fakestore.http import StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.paging import v2_slice
from avbc.testing.fakestore.routes import MARKETING_READ, Route
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, text, whole


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    min_id = int(params["min_id"]) if params.get("min_id", "").isdecimal() else 0
    rows: list[Row] = [
        coupon
        for coupon in state.coupons
        if whole(coupon["id"]) >= min_id
        and ("code" not in params or text(coupon, "code") == params["code"])
    ]
    cut = v2_slice(rows, params)
    return ok(cut) if cut else no_content()


ROUTES = [Route("GET", "/v2/coupons", MARKETING_READ, _list)]

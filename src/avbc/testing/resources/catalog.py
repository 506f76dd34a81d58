"""Products, as far as reading them and probing a token's scopes goes (BigCommerce: catalog API v3)."""

from __future__ import annotations

from avbc.testing.http import Refusal, StoreRequest, StoreResponse, ok
from avbc.testing.paging import v3_page
from avbc.testing.query import choose_fields, integers, texts
from avbc.testing.routes import PRODUCTS, PRODUCTS_READ, Route
from avbc.testing.state import State
from avbc.testing.values import is_list, text

_BATCH = 10


def _list(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    params = request.params
    ids, skus = integers(params, "id:in"), texts(params, "sku:in")
    rows = [
        choose_fields(product, params)
        for product_id, product in sorted(state.products.items())
        if (ids is None or product_id in ids)
        and (skus is None or text(product, "sku").casefold() in skus)
        and ("sku" not in params or text(product, "sku").casefold() == params["sku"].casefold())
    ]
    return ok(v3_page(rows, request))


def _put(_state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Refuse what cannot succeed: no list, an empty list, more than ten."""
    body = request.json()
    if not is_list(body) or not body:
        raise Refusal(422, "JSON data is missing or invalid", {"0": "at least one product is required"})
    if len(body) > _BATCH:
        raise Refusal(413, f"The maximum number of products is {_BATCH}.")
    raise Refusal(501, "The fake store does not write products.")


ROUTES = [
    Route("GET", "/v3/catalog/products", PRODUCTS_READ, _list),
    Route("PUT", "/v3/catalog/products", PRODUCTS, _put),
]

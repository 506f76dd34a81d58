"""Any endpoint by `store.request`, and other limits for one call by `store.with_options`."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest

from avbc.bigcommerce import (
    AsyncBigCommerce,
    BadAnswer,
    BigCommerce,
    Call,
    Cap,
    ClientClosed,
    ListCall,
    NotFound,
    Paging,
    Retries,
    ScopeMissing,
    StoreBusy,
    StoreUnavailable,
    StoreUnreachable,
    UnsendableRequest,
)
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import rows_of
from avbc.bigcommerce.writes import before_writes
from avbc.errors import FaultyInputError

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

Open = Callable[..., BigCommerce]

BRANDS = {"data": [{"id": 4, "name": "Café"}], "meta": {}}
ONCE = Retries(attempts=1)


def ok(body: object = BRANDS) -> httpx.Response:
    return httpx.Response(200, json=body)


# --- any endpoint ---


def test_the_whole_answer_comes_back(script: Any, open_store: Open) -> None:
    answers = script(ok())
    store = open_store(answers.transport)
    params = {"id:in": [4, 5], "name:like": None, "limit": 50}
    assert store.request("GET", "/v3/catalog/brands", params=params) == BRANDS
    (request,) = answers.requests
    where = "https://api.bigcommerce.com/stores/abc123/v3/catalog/brands?id:in=4,5&limit=50"
    assert (request.method, str(request.url).replace("%3A", ":")) == ("GET", where)
    assert request.headers["X-Auth-Token"] == "example-token-that-must-stay-secret"


def test_a_body_is_sent_digit_for_digit(script: Any, open_store: Open) -> None:
    answers = script(ok({"data": {"id": 4}}))
    open_store(answers.transport).request(
        "POST", "/v3/pricelists/4/records", body=[{"price": Decimal("19.90")}]
    )
    (request,) = answers.requests
    assert (request.method, request.content) == ("POST", b'[{"price":19.90}]')


def test_what_json_cannot_hold_is_named(script: Any, open_store: Open) -> None:
    answers = script(ok())
    with pytest.raises(UnsendableRequest, match=r"price: NaN is not an amount"):
        open_store(answers.transport).request(
            "PUT", "/v3/pricelists/4", body={"price": Decimal("NaN")}
        )
    assert answers.requests == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_no_content_is_none(script: Any, open_store: Open, method: Any) -> None:
    store = open_store(script(httpx.Response(204)).transport)
    assert store.request(method, "/v2/coupons") is None


@pytest.mark.parametrize(
    "path",
    [
        "https://other.example.com/v3/catalog/brands",
        "//other.example.com/v3/catalog/brands",
        "@other.example.com/v3/brands",
        "v3/catalog/brands",
        "/catalog/brands",
        "/v3",
        "/v3/",
        "/v3/catalog/../../../other/v3/orders",
        "/v3/catalog/..",
        "/v3/./catalog",
        "/v3/catalog/%2e%2e/orders",
        "/v3/catalog//brands",
        "/v3/catalog/brands/",
        "/v3/catalog/brands?limit=5",
        "/v3/catalog/brands#here",
        "/v3/catalog/brands\n",
        "/v3/catalog\\brands",
        "/v3/catalog/brands 4",
        "/v3/catalog/Café",
        "/v3/catalog/brands/{}",
        "/v3/catalog/brands/{None}",
        "",
    ],
)
def test_a_path_stays_in_the_store(script: Any, open_store: Open, path: str) -> None:
    answers = script(ok())
    with pytest.raises(ValueError, match=r"path: .* must be a version and names"):
        open_store(answers.transport).request("GET", path)
    assert answers.requests == []


@pytest.mark.parametrize("number", ["0", "-4", "04", "1.0", "4.", None, True, False])
def test_an_id_in_a_path_is_a_number_above_0(script: Any, open_store: Open, number: object) -> None:
    answers = script(ok())
    with pytest.raises(ValueError, match="ids are numbers above 0"):
        open_store(answers.transport).request("DELETE", f"/v3/catalog/brands/{number}/metafields")
    assert answers.requests == []


@pytest.mark.parametrize("path", ["/v3/catalog/brands/4", "/v3/carts/0934-a", "/v2/geo.v1/x_y~z"])
def test_names_and_ids_are_good(script: Any, open_store: Open, path: str) -> None:
    assert open_store(script(ok({"name": "Café"})).transport).request("GET", path)


@pytest.mark.parametrize("method", ["get", "HEAD", "CONNECT", "GET ", "", None])
def test_another_method_is_refused(open_store: Open, script: Any, method: Any) -> None:
    with pytest.raises(ValueError, match="must be one of GET, POST, PUT, PATCH, DELETE"):
        open_store(script(ok()).transport).request(method, "/v3/catalog/brands")


def test_an_answer_about_another_record_is_refused(script: Any, open_store: Open) -> None:
    store = open_store(script(ok({"data": {"id": 5}})).transport, retries=ONCE)
    with pytest.raises(BadAnswer, match="another id: 5"):
        store.request("GET", "/v3/catalog/brands/4")


def test_a_missing_scope_has_no_name(script: Any, open_store: Open) -> None:
    store = open_store(script(httpx.Response(403, json={"title": "Forbidden"})).transport)
    with pytest.raises(ScopeMissing, match="The token lacks an OAuth scope:") as caught:
        store.request("GET", "/v3/catalog/brands")
    assert caught.value.scope == ""


UNCLEAR = [
    pytest.param(lambda: httpx.Response(503), StoreUnavailable, id="503"),
    pytest.param(lambda: httpx.ReadTimeout("slow"), StoreUnreachable, id="timeout"),
    pytest.param(lambda: httpx.Response(200, text="<html>"), BadAnswer, id="html"),
]


@pytest.mark.parametrize(("failure", "error"), UNCLEAR)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_is_never_repeated(
    script: Any, open_store: Open, failure: Any, error: type[Exception], method: Any
) -> None:
    answers = script(failure(), ok())
    with pytest.raises(error, match="read the state before sending it again"):
        open_store(answers.transport).request(method, "/v3/catalog/brands", body={})
    assert len(answers.requests) == 1


@pytest.mark.parametrize(("failure", "error"), UNCLEAR)
def test_a_read_is_repeated(script: Any, open_store: Open, failure: Any, error: object) -> None:
    answers = script(failure(), ok())
    assert open_store(answers.transport).request("GET", "/v3/catalog/brands") == BRANDS
    assert len(answers.requests) == 2


@pytest.mark.parametrize(
    "failure", [lambda: httpx.Response(429), lambda: httpx.ConnectError("no route")]
)
def test_a_write_that_had_no_effect_is_sent_again(
    script: Any, open_store: Open, failure: Any
) -> None:
    answers = script(failure(), ok())
    assert open_store(answers.transport).request("POST", "/v3/catalog/brands", body={}) == BRANDS
    assert len(answers.requests) == 2


def test_a_write_is_asked_about_like_the_others(script: Any, open_store: Open) -> None:
    asked: list[str] = []
    store = open_store(script(ok()).transport)
    with before_writes(lambda call: asked.append(call.name)):
        store.request("GET", "/v3/catalog/brands")
        store.request("DELETE", "/v3/catalog/brands/4")
    assert asked == ["DELETE /v3/catalog/brands/4"]


def test_the_call_goes_into_map_and_answer(script: Any, open_store: Open) -> None:
    store = open_store(
        script(httpx.Response(200, json=BRANDS, headers={"X-Request-Id": "id-1"})).transport
    )
    call = store.request.call("GET", "/v3/catalog/brands")
    assert store.map([call, call]) == [BRANDS, BRANDS]
    assert store.answer(call).request_id == "id-1"


def test_it_shows_its_signature() -> None:
    store = BigCommerce.from_store_hash("abc123", "example-token")
    assert "-> 'Json'" in str(inspect.signature(store.request))
    assert "no method here" in str(store.request.__doc__)
    store.close()


def test_a_wrong_argument_is_named_with_what_the_user_called(open_store: Open, script: Any) -> None:
    store: Any = open_store(script(ok()).transport)
    with pytest.raises(TypeError, match=r"^store\.request\(\) got an unexpected keyword argument"):
        store.request("GET", "/v3/catalog/brands", limit=5)
    with pytest.raises(TypeError, match=r"^store\.time\(\) "):
        store.time(limit=5)


def test_the_async_client_has_it_too(script: Any, open_async_store: Any) -> None:
    answers = script(ok())

    async def main() -> object:
        async with open_async_store(answers.transport) as store:
            return await store.request("GET", "/v3/catalog/brands")

    assert asyncio.run(main()) == BRANDS


# --- other limits for one call ---


def timeouts(request: httpx.Request) -> object:
    return request.extensions["timeout"]


def test_a_timeout_for_one_call(script: Any, open_store: Open) -> None:
    answers = script(ok())
    store = open_store(answers.transport, timeout=30)
    quick = store.with_options(timeout=4)
    for each in (quick, store, quick.with_options(retries=ONCE), quick.with_options(timeout=9)):
        each.request("GET", "/v3/catalog/brands")
    assert [timeouts(request)["read"] for request in answers.requests] == [4, 30, 4, 9]
    assert [timeouts(request)["connect"] for request in answers.requests] == [4, 10, 4, 9]


def test_a_timeout_is_in_the_message(script: Any, open_store: Open) -> None:
    store = open_store(script(httpx.ReadTimeout("slow")).transport)
    with pytest.raises(StoreUnreachable, match="within 4 s"):
        store.with_options(timeout=4, retries=ONCE).time()


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_timeout_is_a_number_above_0(script: Any, open_store: Open, timeout: float) -> None:
    with pytest.raises(FaultyInputError, match="timeout: must be a number above 0") as caught:
        open_store(script(ok()).transport).with_options(timeout=timeout)
    assert len(caught.value.faults) == 1


def test_retries_for_one_call(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(503))
    store = open_store(answers.transport, retries=Retries(attempts=3, jitter=lambda: 0.0))
    with pytest.raises(StoreUnavailable):
        store.with_options(retries=ONCE).time()
    assert len(answers.requests) == 1
    with pytest.raises(StoreUnavailable):
        store.time()
    assert len(answers.requests) == 4


def test_patience_with_the_quota_is_that_of_the_call(script: Any, open_store: Open) -> None:
    used_up = {
        "X-Rate-Limit-Requests-Left": "0",
        "X-Rate-Limit-Requests-Quota": "150",
        "X-Rate-Limit-Time-Reset-Ms": "20000",
        "X-Rate-Limit-Time-Window-Ms": "30000",
    }
    answers = script(httpx.Response(200, json={"time": 1529512970}, headers=used_up))
    store = open_store(answers.transport)
    store.time()
    # One quota, whoever asks.
    with pytest.raises(StoreBusy, match="longer than the client's patience"):
        store.with_options(retries=Retries(patience=1)).time()
    store.time()
    assert len(answers.requests) == 2


def test_methods_that_were_used_before_do_not_send_by_the_other(
    script: Any, open_store: Open
) -> None:
    answers = script(httpx.Response(200, json={"time": 1529512970, "id": 7}))
    store = open_store(answers.transport, timeout=30)
    store.time()
    assert isinstance(store.orders, type(store.with_options().orders))
    quick = store.with_options(timeout=4)
    quick.time()
    quick.request("GET", "/v2/time")
    store.time()
    assert [timeouts(request)["read"] for request in answers.requests] == [30, 4, 4, 30]


def test_counts_the_clock_and_the_end_are_shared(script: Any, open_store: Open) -> None:
    answers = script(
        httpx.Response(
            200, json={"time": 1529512970}, headers={"Date": "Mon, 02 Mar 2026 15:00:00 GMT"}
        )
    )
    store = open_store(answers.transport)
    quick = store.with_options(timeout=4)
    quick.time()
    store.time()
    assert store.requests_sent == quick.requests_sent == 2
    assert store.store_time == quick.store_time is not None
    assert (repr(quick), type(quick)) == (repr(store), BigCommerce)
    quick.close()
    with pytest.raises(ClientClosed):
        store.time()


def test_one_pool_of_connections_and_one_set_of_limits(loopback: Any) -> None:
    loopback.on("/v2/time", loopback.answer({"time": 1529512970}))
    with BigCommerce(loopback.api_url, "token", http=os.environ.get("AVBC_TEST_HTTP")) as store:
        quick = store.with_options(timeout=4)
        quick.time()
        store.time()
        assert store._sender() is quick._sender()
        assert store._caps is quick._caps


def test_a_forked_process_opens_connections_for_both(loopback: Any) -> None:
    loopback.on("/v2/time", loopback.answer({"time": 1529512970}))
    with BigCommerce(loopback.api_url, "token", http=os.environ.get("AVBC_TEST_HTTP")) as store:
        quick = store.with_options(timeout=4)
        store.time()
        of_the_parent: Any = store._sender()
        for each in (quick, store):  # as each forked process does
            each.after_fork()
        quick.time()
        assert store._sender() is quick._sender() is not of_the_parent
        of_the_parent.close()


def test_a_concurrency_limit_holds_for_both(script: Any, open_store: Open) -> None:
    free: list[bool] = []

    def serve(request: httpx.Request) -> httpx.Response:
        free.append(store._caps["numbers"].acquire(blocking=False))
        return ok()

    store = open_store(script(serve).transport)
    call: Call[Json] = Call("GET", "/v2/numbers", lambda body: body, cap=Cap("numbers", 1))
    store.with_options(timeout=4).send(call)
    store.send(call)
    assert free == [False, False]


def test_the_async_client_has_options_too(script: Any, open_async_store: Any) -> None:
    answers = script(httpx.Response(503))

    async def main() -> AsyncBigCommerce:
        async with open_async_store(answers.transport) as store:
            quick: AsyncBigCommerce = store.with_options(timeout=4, retries=ONCE)
            with pytest.raises(StoreUnavailable):
                await quick.orders.get(7)
            assert quick._wire.whole_timeout == 16
            return quick

    assert type(asyncio.run(main())) is AsyncBigCommerce
    (request,) = answers.requests
    assert timeouts(request)["read"] == 4


# --- so many rows of a list ---


def rows(request: httpx.Request) -> httpx.Response:
    """A store of 600 customers or orders, in pages."""
    params = dict(request.url.params)
    size, number = int(params["limit"]), int(params.get("page", "1"))
    low = int(params.get("min_id", "1"))
    ids = list(range(low, 601))[(number - 1) * size : number * size]
    found = [{"id": each, "name": "Ana", "scope": "a", "destination": "b"} for each in ids]
    if request.url.path.endswith("hooks"):
        meta = {"pagination": {"total_pages": -(-600 // size)}}
        return httpx.Response(200, json={"data": found, "meta": meta})
    return httpx.Response(200, json=found) if found else httpx.Response(204)


def sizes(answers: Any) -> list[str]:
    return [request.url.params["limit"] for request in answers.requests]


@pytest.mark.parametrize(
    ("limit", "asked"),
    [
        (1, ["1"]),
        (5, ["5"]),
        (250, ["250"]),
        (251, ["250", "250"]),
        (500, ["250", "250"]),
        (700, ["250", "250", "250"]),
        (None, ["250", "250", "250"]),
    ],
)
@pytest.mark.parametrize("kind", ["v2", "v3"])
def test_no_page_is_read_that_is_not_needed(
    script: Any, open_store: Open, kind: str, limit: int | None, asked: list[str]
) -> None:
    answers = script(rows)
    store = open_store(answers.transport)
    group = {"v2": store.tax_classes, "v3": store.hooks}[kind]
    found = [row.id for row in group.list(limit=limit)]
    assert found == list(range(1, min(limit or 600, 600) + 1))
    assert sizes(answers) == asked


def test_a_limit_where_a_list_goes_on_by_id(script: Any, open_store: Open) -> None:
    answers = script(rows)
    store = open_store(answers.transport)
    call = ListCall("GET", "/v2/things", lambda body: list(rows_of(body)), paging=Paging.MIN_ID)
    walked = [page.count for page in store.pages(call.first(300))]
    assert (walked, sizes(answers)) == ([250, 50], ["250", "250"])
    assert [request.url.params.get("min_id") for request in answers.requests] == [None, "251"]
    assert len(store.send(call.first(300))) == 300
    assert [len(found) for found in store.map([call.first(3), call.first(251)])] == [3, 251]


def test_a_row_after_the_limit_may_be_unreadable(script: Any, open_store: Open) -> None:
    bad = httpx.Response(200, json=[{"id": 1}, {"id": None}, {"id": 3}])
    store = open_store(script(bad).transport)
    call = store.tax_classes.list.call(limit=1)
    assert [row.id for row in store.items(call)] == [1]
    (page,) = store.pages(store.tax_classes.list.call(limit=2))
    assert ([row.id for row in page.items], len(page.unreadable)) == ([1], 1)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_is_at_least_1(script: Any, open_store: Open, limit: int) -> None:
    with pytest.raises(ValueError, match=f"limit must be at least 1, not {limit}"):
        open_store(script(rows).transport).orders.list(limit=limit)


def test_every_list_in_pages_has_a_limit(open_store: Open, script: Any) -> None:
    store = open_store(script(rows).transport)
    lists = [
        method
        for group in list(vars(store).values())
        for name in dir(group)
        if not name.startswith("_")
        and callable(method := getattr(group, name))
        and "ListCall" in str(inspect.signature(getattr(method, "call", len)))
    ]
    assert len(lists) > 15
    for method in lists:
        assert "limit" in inspect.signature(method).parameters, method
        assert "limit:" in str(method.__doc__), method


def test_an_async_list_has_it_too(script: Any, open_async_store: Any) -> None:
    answers = script(rows)

    async def main() -> list[int]:
        async with open_async_store(answers.transport) as store:
            return [row.id async for row in store.tax_classes.list(limit=3)]

    assert asyncio.run(main()) == [1, 2, 3]
    assert sizes(answers) == ["3"]


def test_an_error_of_a_view_is_the_stores_own(script: Any, open_store: Open) -> None:
    store = open_store(script(httpx.Response(404, text=json.dumps({"title": "none"}))).transport)
    with pytest.raises(NotFound) as caught:
        store.with_options(timeout=4).request("GET", "/v3/catalog/brands/4")
    assert caught.value.call == "GET /v3/catalog/brands/4"

from __future__ import annotations

import inspect
import json
import logging
import os
import pickle
import re
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from decimal import Decimal
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
import respx

import avbc.bigcommerce
from avbc.bigcommerce import (
    Answer,
    BadAnswer,
    BigCommerce,
    Call,
    Cap,
    ClientClosed,
    ListCall,
    NotFound,
    Page,
    Paging,
    PartlySaved,
    Quota,
    RequestRefused,
    Retries,
    ScopeMissing,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
    TokenRefused,
    UnexpectedData,
)
from avbc.bigcommerce.at_once import Crew
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import UnreadableRow, rows_of
from avbc.bigcommerce.models import (
    CustomerAddressDraft,
    CustomerDraft,
    HookDraft,
    InventoryAdjustment,
    ProductDraft,
    ShipmentDraft,
    ShipmentItemDraft,
    VariantDraft,
)
from avbc.errors import AvbcError, TransientError

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

Open = Callable[..., BigCommerce]

T = TypeVar("T")
TIME = {"time": 1529512970}


def ids(body: Json) -> list[int]:
    return [row["id"] for row in rows_of(body)]


def numbers(paging: Paging, limit: int = 2, **params: str) -> ListCall[int]:
    return ListCall("GET", "/v2/things", ids, params=params, paging=paging, limit=limit)


READ: Call[Json] = Call(
    "GET", "/v2/time", lambda body: body, scope="Information & Settings: read-only"
)
WRITE: Call[Json] = Call("PUT", "/v2/orders/7", lambda body: body, body={"status_id": 9})
ONCE: Call[Json] = Call(
    "POST", "/v2/orders/7/shipments", lambda body: body, body={}, repeatable=False
)


def query(request: httpx.Request) -> dict[str, str]:
    return {
        name: values[0]
        for name, values in parse_qs(
            urlsplit(str(request.url)).query, keep_blank_values=True
        ).items()
    }


# --- requests ---


def test_a_request_carries_the_token_and_says_who_we_are(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(200, json=TIME))
    store = open_store(answers.transport)
    assert store.send(READ) == TIME
    (request,) = answers.requests
    assert str(request.url) == "https://api.bigcommerce.com/stores/abc123/v2/time"
    assert request.headers["X-Auth-Token"] == "example-token-that-must-stay-secret"
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"].startswith("avbc/")
    assert "Content-Type" not in request.headers
    assert "Cookie" not in request.headers


def test_a_body_goes_as_json(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(200, json={}))
    open_store(answers.transport).send(
        Call(
            "PUT", "/v2/orders/7", lambda body: body, body={"staff_notes": "Größe", "status_id": 9}
        )
    )
    (request,) = answers.requests
    assert json.loads(request.content) == {"staff_notes": "Größe", "status_id": 9}
    assert request.headers["Content-Type"] == "application/json"


def test_lists_of_ids_stay_short_and_emails_are_escaped(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(200, json={"data": []}))
    store = open_store(answers.transport)
    assert list(store.customers.list(id_in=[1, 2, 3])) == []
    assert list(store.customers.list(email_in=["a+b@example.com"])) == []
    first, second = (request.url.raw_path.decode() for request in answers.requests)
    assert "id:in=1,2,3" in first
    assert "a%2Bb%40example.com" in second
    assert query(answers.requests[1])["email:in"] == "a+b@example.com"


# --- answers ---


def test_an_answer_comes_with_everything(script: Any, open_store: Open) -> None:
    answers = script(
        httpx.Response(201, json=TIME, headers={"X-Request-Id": "id-1", "X-Thing": "7"})
    )
    answer = open_store(answers.transport).answer(READ)
    assert isinstance(answer, Answer)
    assert (answer.value, answer.status, answer.request_id) == (TIME, 201, "id-1")
    assert answer.headers["x-thing"] == "7"
    assert json.loads(answer.body) == TIME


def test_the_answer_of_a_list_is_one_page(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(200, json=[{"id": 1}, {"id": 2}]))
    answer = open_store(answers.transport).answer(numbers(Paging.V2))
    assert answer.value == [1, 2]
    assert query(answers.requests[0])["limit"] == "2"
    assert len(answers.requests) == 1


def test_204_means_what_the_call_says(script: Any, open_store: Open) -> None:
    store = open_store(script(httpx.Response(204)).transport)
    assert store.send(Call("GET", "/v2/x", lambda body: pytest.fail("read"), empty=list[int])) == []
    assert store.send(Call("DELETE", "/v2/x", lambda body: body)) is None
    assert store.send(numbers(Paging.V2)) == []


def test_a_write_may_be_answered_with_nothing_but_a_read_may_not(
    script: Any, open_store: Open
) -> None:
    store = open_store(script(httpx.Response(200)).transport, retries=Retries(attempts=1))
    assert store.send(WRITE) is None
    with pytest.raises(BadAnswer, match="no JSON: nothing"):
        store.send(READ)


@pytest.mark.parametrize(
    "body",
    [
        b'{"time": 15295',
        b"<html><title>Maintenance</title></html>",
        b"\xff\xfe",
        b"NaN",
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_is_told_and_read_again(
    script: Any, open_store: Open, body: bytes, clock: Any
) -> None:
    answers = script(httpx.Response(200, content=body), httpx.Response(200, json=TIME))
    assert open_store(answers.transport).send(READ) == TIME
    assert clock.waits == [1]
    with pytest.raises(BadAnswer) as caught:
        open_store(
            script(httpx.Response(200, content=body)).transport, retries=Retries(attempts=1)
        ).send(READ)
    assert caught.value.status == 200
    assert caught.value.response is not None
    assert caught.value.response.content == body


@pytest.mark.parametrize(
    ("response", "said"),
    [
        (
            httpx.Response(200, json={"error": "unexpected"}),
            "expected a list of rows, got {'error': 'unexpected'}",
        ),
        (httpx.Response(200, json="down"), "expected a list of rows"),
    ],
)
def test_an_answer_of_another_shape_is_not_the_records_fault(
    script: Any, open_store: Open, response: httpx.Response, said: str
) -> None:
    for ask in (
        lambda store: store.transactions.list(7),
        lambda store: list(store.orders.list()),
        lambda store: list(store.customers.list()),
    ):
        with pytest.raises(BadAnswer, match=re.escape(said)) as caught:
            ask(open_store(script(response).transport))
        assert isinstance(caught.value, TransientError)
        assert (caught.value.status, caught.value.body) == (200, response.text)


def test_nothing_where_a_record_is_due_is_not_the_records_fault(
    script: Any, open_store: Open
) -> None:
    with pytest.raises(
        BadAnswer,
        match=r"GET /v2/orders/7 was answered with 204 and data of the wrong kind",
    ):
        open_store(script(httpx.Response(204)).transport).orders.get(7)


@pytest.mark.parametrize(
    ("body", "ask"),
    [
        ({"error": "unexpected"}, lambda store: store.orders.get(7)),
        ([{"id": 7}], lambda store: store.orders.get(7)),
        ("unexpected", lambda store: store.orders.get(7)),
        ({"data": {"error": "unexpected"}}, lambda store: store.products.get(7)),
    ],
)
def test_what_is_no_record_is_not_the_records_fault(
    body: object, ask: Callable[[BigCommerce], object], script: Any, open_store: Open
) -> None:
    with pytest.raises(BadAnswer, match="data of the wrong kind: expected an object with its id"):
        ask(open_store(script(httpx.Response(200, json=body)).transport))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (rb"\ud83d\ude00", "\U0001f600"),
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\uDE00\ud83d\ud83d\ude00", "\ufffd\ufffd\U0001f600"),
        (rb"\\ud83d \ud83d\n", "\\ud83d \ufffd\n"),
    ],
)
def test_half_a_character_does_not_sink_the_answer(
    script: Any, open_store: Open, sent: bytes, read: str
) -> None:
    """Text that was cut within an emoji: no database takes it, and the rest of the page is good."""
    assert open_store(script(httpx.Response(200, content=b'["' + sent + b'"]')).transport).send(
        READ
    ) == [read]


def test_unexpected_data_carries_its_answer(script: Any, open_store: Open) -> None:
    store = open_store(
        script(
            httpx.Response(200, json={"time": "soon"}, headers={"X-Request-Id": "id-1"})
        ).transport
    )
    with pytest.raises(UnexpectedData, match="time") as caught:
        store.time()
    error = caught.value
    assert (error.call, error.status, error.request_id, json.loads(error.body)) == (
        "GET /v2/time",
        200,
        "id-1",
        {"time": "soon"},
    )
    assert error.response is not None


# --- errors ---


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, TokenRefused),
        (403, ScopeMissing),
        (404, NotFound),
        (422, RequestRefused),
        (207, PartlySaved),
        (301, RequestRefused),
    ],
)
def test_what_is_final_is_raised_at_once(
    script: Any, open_store: Open, clock: Any, status: int, kind: type[StoreError]
) -> None:
    answers = script(
        httpx.Response(
            status, json={"status": status, "title": "No"}, headers={"X-Request-Id": "id-1"}
        )
    )
    with pytest.raises(kind) as caught:
        open_store(answers.transport).send(READ)
    error = caught.value
    assert (error.call, error.status, error.request_id) == ("GET /v2/time", status, "id-1")
    assert json.loads(error.body)["title"] == "No"
    assert error.response is not None
    assert error.response.status_code == status
    assert len(answers.requests) == 1
    assert clock.waits == []


def test_a_redirect_is_not_followed(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(302, headers={"Location": "https://evil.example.com/v2/time"}))
    with pytest.raises(RequestRefused, match=r"evil\.example\.com"):
        open_store(answers.transport).send(READ)
    assert [request.url.host for request in answers.requests] == ["api.bigcommerce.com"]


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full")],
)
@pytest.mark.parametrize("call", [READ, WRITE, ONCE])
def test_where_nothing_was_sent_everything_is_repeated(
    script: Any, open_store: Open, clock: Any, error: httpx.TransportError, call: Call[Json]
) -> None:
    answers = script(error, httpx.Response(200, json=TIME))
    assert open_store(answers.transport).send(call) == TIME
    assert len(answers.requests) == 2
    assert clock.waits == [1 if call is READ else 2]


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"),
        httpx.DecodingError("bad gzip"),
        httpx.Response(502, text="<html>"),
        httpx.Response(503),
        httpx.Response(200, text="{"),
    ],
)
def test_after_other_failures_only_what_is_repeatable_is_repeated(
    script: Any, open_store: Open, failure: httpx.TransportError | httpx.Response
) -> None:
    for call in (READ, WRITE):
        answers = script(failure, httpx.Response(200, json=TIME))
        assert open_store(answers.transport).send(call) == TIME
    answers = script(failure, httpx.Response(200, json=TIME))
    with pytest.raises(
        (StoreUnreachable, StoreUnavailable, BadAnswer),
        match="read the state before sending it again",
    ) as caught:
        open_store(answers.transport).send(ONCE)
    assert len(answers.requests) == 1
    assert caught.value.call == "POST /v2/orders/7/shipments"


def test_what_nobody_answered_says_where_and_why(script: Any, open_store: Open) -> None:
    retries = Retries(attempts=1)
    for error, message in [
        (
            httpx.ConnectError("[Errno 111] refused"),
            r"could not reach api\.bigcommerce\.com \(ConnectError: \[Errno 111\] refused\)",
        ),
        (
            httpx.ReadTimeout(""),
            r"had no answer from api\.bigcommerce\.com within 30 s \(ReadTimeout\)",
        ),
        (httpx.PoolTimeout(""), r"got no free connection within 30 s"),
        (
            httpx.ReadError("reset"),
            r"lost its connection to api\.bigcommerce\.com \(ReadError: reset\)",
        ),
    ]:
        with pytest.raises(StoreUnreachable, match=message) as caught:
            open_store(script(error).transport, retries=retries).send(READ)
        assert caught.value.status is None
        assert caught.value.response is None


def test_other_exceptions_pass_and_give_their_turn_back(script: Any, open_store: Open) -> None:
    quota = Quota()
    store = open_store(script(KeyError("a bug in a transport")).transport, quota=quota)
    for _ in range(10):
        with pytest.raises(KeyError):
            store.send(READ)


# --- 429 and the quota ---


def test_a_429_is_waited_out_as_long_as_asked(script: Any, open_store: Open, clock: Any) -> None:
    answers = script(
        httpx.Response(429, headers={"X-Rate-Limit-Time-Reset-Ms": "7300"}),
        httpx.Response(200, json=TIME),
    )
    for call in (READ, ONCE):
        clock.waits.clear()
        assert open_store(answers.transport).send(call) == TIME
        if call is READ:
            assert clock.waits == [7.3]


def test_a_429_without_headers_backs_off(script: Any, open_store: Open, clock: Any) -> None:
    busy = httpx.Response(429, text="<html>busy</html>")
    answers = script(busy, busy, busy, httpx.Response(200, json=TIME))
    assert open_store(answers.transport).send(READ) == TIME
    assert clock.waits == [1, 2, 4]


def test_429s_that_persist_are_raised_in_the_end(script: Any, open_store: Open, clock: Any) -> None:
    answers = script(httpx.Response(429, headers={"X-Rate-Limit-Time-Reset-Ms": "30000"}))
    with pytest.raises(StoreBusy, match="Wait 30 s"):
        open_store(answers.transport).send(READ)
    assert len(answers.requests) == 6
    assert sum(clock.waits) == pytest.approx(32 + 4 * 30, abs=3)
    assert min(clock.waits) >= 30


def test_the_quota_is_obeyed(script: Any, open_store: Open, clock: Any) -> None:
    served: list[float] = []

    def serve(request: httpx.Request) -> httpx.Response:
        window = int(clock.now // 30)
        served.append(clock.now)
        used = sum(1 for moment in served if int(moment // 30) == window)
        left = 10 - used
        headers = {
            "X-Rate-Limit-Time-Window-Ms": "30000",
            "X-Rate-Limit-Time-Reset-Ms": str(int((window + 1) * 30_000 - clock.now * 1000)),
            "X-Rate-Limit-Requests-Quota": "10",
            "X-Rate-Limit-Requests-Left": str(max(0, left)),
        }
        return httpx.Response(200 if left >= 0 else 429, json=TIME, headers=headers)

    store = open_store(script(serve).transport)
    for _ in range(40):
        store.send(READ)
    windows = {
        window: sum(1 for moment in served if moment // 30 == window)
        for window in {moment // 30 for moment in served}
    }
    assert len(served) == 40
    assert sorted(windows.values()) == [10, 10, 10, 10]


def test_a_quota_that_is_used_up_for_too_long_is_an_error(
    script: Any, open_store: Open, clock: Any
) -> None:
    headers = {"X-Rate-Limit-Time-Reset-Ms": "3600000", "X-Rate-Limit-Requests-Left": "0"}
    answers = script(httpx.Response(200, json=TIME, headers=headers))
    store = open_store(answers.transport)
    store.send(READ)
    with pytest.raises(StoreBusy, match="longer than the client's patience") as caught:
        store.send(READ)
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() > 3599
    assert caught.value.call == "GET /v2/time"
    assert len(answers.requests) == 1
    assert clock.waits == []


def test_two_clients_can_share_a_quota(script: Any, open_store: Open, clock: Any) -> None:
    quota = Quota()
    answers = script(
        httpx.Response(
            200,
            json=TIME,
            headers={"X-Rate-Limit-Time-Reset-Ms": "5000", "X-Rate-Limit-Requests-Left": "0"},
        )
    )
    open_store(answers.transport, quota=quota).send(READ)
    open_store(answers.transport, quota=quota).send(READ)
    assert clock.waits == [pytest.approx(5.02)]


# --- pages ---


def page(*ids: int, **meta: Any) -> httpx.Response:
    rows = [{"id": number} for number in ids]
    return httpx.Response(200, json={"data": rows, "meta": meta} if meta else rows)


def test_v2_pages_end_with_a_short_page(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2), page(3))
    assert list(open_store(answers.transport).items(numbers(Paging.V2))) == [1, 2, 3]
    assert [query(request) for request in answers.requests] == [
        {"limit": "2"},
        {"limit": "2", "page": "2"},
    ]


def test_v2_pages_end_with_204_after_a_full_one(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2), page(3, 4), httpx.Response(204))
    assert open_store(answers.transport).send(numbers(Paging.V2)) == [1, 2, 3, 4]
    assert [query(request).get("page") for request in answers.requests] == [None, "2", "3"]


def test_v3_pages_end_as_meta_says(script: Any, open_store: Open) -> None:
    answers = script(
        page(1, 2, pagination={"total_pages": 2}), page(3, 4, pagination={"total_pages": "2"})
    )
    assert open_store(answers.transport).send(numbers(Paging.V3)) == [1, 2, 3, 4]
    assert len(answers.requests) == 2


def test_v3_pages_without_meta_end_with_a_short_page(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2, other={}), page(3, pagination={"total_pages": None}))
    assert open_store(answers.transport).send(numbers(Paging.V3)) == [1, 2, 3]


def test_a_page_of_nothing_ends_a_list_whatever_meta_says(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2, pagination={"total_pages": 9}), page(pagination={"total_pages": 9}))
    assert open_store(answers.transport).send(numbers(Paging.V3)) == [1, 2]


def test_a_limit_among_the_parameters_is_the_page_size(script: Any, open_store: Open) -> None:
    answers = script(page(1), page(2), httpx.Response(204))
    assert open_store(answers.transport).send(numbers(Paging.V2, limit="1", page="4")) == [1, 2]
    assert [query(request) for request in answers.requests] == [
        {"limit": "1", "page": number} for number in "456"
    ]


def test_cursors_are_followed(script: Any, open_store: Open) -> None:
    answers = script(
        page(1, 2, cursor_pagination={"end_cursor": "a", "links": {"next": "?after=a"}}),
        page(3, 4, cursor_pagination={"end_cursor": "b", "links": {"next": "?after=b"}}),
        page(5, 6, cursor_pagination={"end_cursor": "c", "links": {}}),
    )
    assert open_store(answers.transport).send(numbers(Paging.CURSOR)) == [1, 2, 3, 4, 5, 6]
    assert [query(request).get("after") for request in answers.requests] == [None, "a", "b"]
    assert all("page" not in query(request) for request in answers.requests)


def test_cursors_without_links_end_with_a_short_page(script: Any, open_store: Open) -> None:
    answers = script(
        page(1, 2, cursor_pagination={"end_cursor": "a"}),
        page(3, cursor_pagination={"end_cursor": "b"}),
    )
    assert open_store(answers.transport).send(numbers(Paging.CURSOR)) == [1, 2, 3]


def test_a_cursor_that_stands_still_ends_the_list(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2, cursor_pagination={"end_cursor": "a"}))
    assert open_store(answers.transport).send(numbers(Paging.CURSOR)) == [1, 2, 1, 2]


def test_where_there_are_no_cursors_pages_are_counted(script: Any, open_store: Open) -> None:
    answers = script(
        page(1, 2, pagination={"total_pages": 2}), page(3, pagination={"total_pages": 2})
    )
    assert open_store(answers.transport).send(numbers(Paging.CURSOR)) == [1, 2, 3]
    assert query(answers.requests[1])["page"] == "2"


def test_min_id_goes_on_after_the_last_id_and_never_asks_for_page_2(
    script: Any, open_store: Open
) -> None:
    answers = script(page(4, 7), page(8, 9), httpx.Response(204))
    assert open_store(answers.transport).send(numbers(Paging.MIN_ID, min_id="4")) == [4, 7, 8, 9]
    assert [query(request)["min_id"] for request in answers.requests] == ["4", "8", "10"]
    assert all("page" not in query(request) for request in answers.requests)


@pytest.mark.parametrize("row", [{"id": 3}, {"id": "9"}, {}, 7])
def test_min_id_refuses_to_guess(script: Any, open_store: Open, row: Any) -> None:
    call: ListCall[Json] = ListCall(
        "GET",
        "/v2/things",
        lambda body: list(rows_of(body)),
        params={"min_id": "4"},
        paging=Paging.MIN_ID,
        limit=2,
    )
    store = open_store(script(httpx.Response(200, json=[{"id": 5}, row])).transport)
    with pytest.raises(UnexpectedData, match=r"things\[1\]\.id") as caught:
        store.send(call)
    assert caught.value.call == "GET /v2/things"


def test_nothing_is_asked_for_before_somebody_iterates(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2), page(3))
    items = open_store(answers.transport).items(numbers(Paging.V2))
    assert answers.requests == []
    assert next(items) == 1
    assert next(items) == 2
    assert len(answers.requests) == 1


def test_a_bad_row_does_not_sink_its_page(script: Any, open_store: Open) -> None:
    def read_page(body: Json) -> Page[int]:
        good: list[int] = []
        bad: list[UnreadableRow] = []
        for index, row in enumerate(rows_of(body)):
            assert isinstance(row, dict)
            if isinstance(row["id"], int):
                good.append(row["id"])
            else:
                bad.append(
                    UnreadableRow(
                        index,
                        None,
                        row,
                        UnexpectedData(
                            f"things[{index}].id", repr(row["id"]), "expected a whole number"
                        ),
                    )
                )
        return Page(good, tuple(bad))

    call = ListCall("GET", "/v2/things", ids, limit=3, read_page=read_page)
    rows = httpx.Response(
        200, json=[{"id": 1}, {"id": None}, {"id": 3}], headers={"X-Request-Id": "id-1"}
    )
    answers = script(rows, page(4))
    store = open_store(answers.transport)
    first, second = store.pages(call)
    assert (first.items, second.items) == ([1, 3], [4])
    (unreadable,) = first.unreadable
    assert (unreadable.error.call, unreadable.error.status, unreadable.error.request_id) == (
        "GET /v2/things",
        200,
        "id-1",
    )

    items = open_store(script(rows, page(4)).transport).items(call)
    assert next(items) == 1
    with pytest.raises(UnexpectedData, match=r"things\[1\]\.id"):
        next(items)


def test_a_list_that_is_none(script: Any, open_store: Open) -> None:
    with pytest.raises(BadAnswer) as caught:
        open_store(script(httpx.Response(200, json={"error": "x"})).transport).send(
            numbers(Paging.V2)
        )
    assert caught.value.call == "GET /v2/things"
    assert json.loads(caught.value.body) == {"error": "x"}


# --- many at once ---


def numbered(number: int, **options: Any) -> Call[int]:
    return Call("GET", f"/v2/numbers/{number}", lambda body: int(body["number"]), **options)


def echo(request: httpx.Request) -> httpx.Response:
    number = request.url.path.rsplit("/", 1)[1]
    return httpx.Response(404 if number == "13" else 200, json={"number": number})


def test_map_keeps_the_order(script: Any, open_store: Open) -> None:
    store = open_store(script(echo).transport)
    assert store.map([numbered(number) for number in range(50)][:13], limit=4) == list(range(13))
    assert store.map([]) == []
    with pytest.raises(ValueError, match="limit"):
        store.map([numbered(1)], limit=0)


def test_map_runs_as_many_at_once_as_it_may(script: Any, open_store: Open) -> None:
    together = threading.Barrier(4, timeout=10)

    def meet(request: httpx.Request) -> httpx.Response:
        together.wait()
        return echo(request)

    # The barrier opens only if four run at once.
    assert open_store(script(meet).transport).map(
        [numbered(number) for number in range(4)], limit=4
    ) == [0, 1, 2, 3]


def test_map_walks_lists_to_their_ends(script: Any, open_store: Open) -> None:
    answers = script(page(1, 2), page(3))
    assert open_store(answers.transport).map([numbers(Paging.V2)]) == [[1, 2, 3]]


def test_map_raises_the_first_error_and_begins_no_more(script: Any, open_store: Open) -> None:
    answers = script(echo)
    with pytest.raises(NotFound):
        open_store(answers.transport).map([numbered(number) for number in range(13, 500)], limit=1)
    assert len(answers.requests) < 480


def test_map_returns_errors_in_their_places(script: Any, open_store: Open) -> None:
    values = open_store(script(echo).transport).map(
        [numbered(number) for number in (12, 13, 14)], return_errors=True
    )
    assert values[0] == 12
    assert isinstance(values[1], NotFound)
    assert values[2] == 14


def test_map_does_not_take_a_bug_for_an_error(script: Any, open_store: Open) -> None:
    def bug(body: Json) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        open_store(script(echo).transport).map(
            [Call("GET", "/v2/numbers/1", bug)], return_errors=True
        )


def test_map_lets_an_interruption_through(script: Any, open_store: Open) -> None:
    """What was begun has ended by then, and the rest is not begun."""
    answers = script(echo)
    waits: list[int] = []

    def interrupted(changed: threading.Condition, is_over: Callable[[], bool]) -> None:
        waits.append(1)
        if len(waits) == 1:
            raise KeyboardInterrupt
        changed.wait_for(is_over)

    store = open_store(answers.transport, at_once=Crew(lambda: 1, wait=interrupted))
    with pytest.raises(KeyboardInterrupt):
        store.map([numbered(number) for number in range(14, 1000)])
    sent = len(answers.requests)
    assert sent < 986
    assert store.map([numbered(1)]) == [1]
    assert len(answers.requests) == sent + 1


def test_map_runs_its_calls_as_it_is_told_to(script: Any, open_store: Open) -> None:
    limits: list[int] = []
    places: list[int] = []

    def in_sequence(work: Sequence[Callable[[], T]], limit: int) -> list[T]:
        limits.append(limit)
        return [function() for function in reversed(work)][::-1]

    def serve(request: httpx.Request) -> httpx.Response:
        places.append(threading.get_ident())
        return echo(request)

    answers = script(serve)
    store = open_store(answers.transport, at_once=in_sequence)
    assert store.map([numbered(number) for number in (1, 2, 3)], limit=5) == [1, 2, 3]
    assert [str(each.url)[-1] for each in answers.requests] == ["3", "2", "1"]
    assert (limits, set(places)) == ([5], {threading.get_ident()})
    with pytest.raises(NotFound):
        store.map([numbered(13)])


def test_a_cap_holds_whatever_the_limit(script: Any, open_store: Open) -> None:
    cap = Cap("numbers", 1)
    free: list[bool] = []

    def serve(request: httpx.Request) -> httpx.Response:
        free.append(store._caps["numbers"].acquire(blocking=False))
        return echo(request)

    store = open_store(script(serve, httpx.ReadError("reset"), serve).transport)
    assert store.map([numbered(number, cap=cap) for number in range(12)], limit=8) == list(
        range(12)
    )
    assert free == [False] * 12
    assert store._caps["numbers"].acquire(blocking=False)


# --- closing ---


def test_a_closed_client_sends_nothing(script: Any, open_store: Open) -> None:
    answers = script(httpx.Response(200, json=TIME))
    store = open_store(answers.transport)
    store.close()
    store.close()
    with pytest.raises(ClientClosed, match="GET /v2/time was not sent"):
        store.send(READ)
    assert answers.requests == []


def test_closing_wakes_those_who_wait(script: Any, open_store: Open) -> None:
    waiting = threading.Event()

    def busy(request: httpx.Request) -> httpx.Response:
        waiting.set()
        return httpx.Response(429, headers={"X-Rate-Limit-Time-Reset-Ms": "60000"})

    store = open_store(script(busy).transport, sleep=None)
    errors: list[Exception] = []

    def work() -> None:
        try:
            store.send(READ)
        except AvbcError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert waiting.wait(10)
    store.close()
    thread.join(10)
    assert [type(error) for error in errors] == [ClientClosed]


def test_a_client_is_never_pickled(script: Any, open_store: Open) -> None:
    store = open_store(script(echo).transport)
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(store)
    with pytest.raises(TypeError):
        pickle.dumps(store.orders)


# --- tracebacks ---


@pytest.mark.parametrize(
    ("status", "ask"),
    [
        (404, lambda store: store.orders.get(7)),
        (503, lambda store: store.send(READ)),
        (404, lambda store: store.answer(READ)),
        (404, lambda store: list(store.orders.list())),
        (200, lambda store: list(store.orders.list())),
        (200, lambda store: store.order_statuses.list()),
        (404, lambda store: list(store.pages(numbers(Paging.V2)))),
        (404, lambda store: store.map([READ] * 3)),
    ],
)
def test_a_traceback_shows_who_asked_and_nothing_inside(
    script: Any, open_store: Open, status: int, ask: Callable[[BigCommerce], object]
) -> None:
    store = open_store(script(httpx.Response(status, json=[{"id": "?"}])).transport)
    with pytest.raises(StoreError) as caught:
        ask(store)
    _, *inner = traceback.extract_tb(caught.value.__traceback__)
    assert {frame.name for frame in inner} <= {"<lambda>", "method", "items"}
    shown = "".join(traceback.format_exception(caught.value))
    assert "backoff" not in shown
    assert "_attempt" not in shown
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_traceback_of_a_bug_shows_all_of_it(script: Any, open_store: Open) -> None:
    with pytest.raises(KeyError) as caught:
        open_store(script(KeyError("a bug in a transport")).transport).send(READ)
    names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "handle_request" in names


# --- secrets ---


def test_the_token_shows_nowhere(
    script: Any, open_store: Open, store_log: pytest.LogCaptureFixture, secret_scan: Any
) -> None:
    token = "example-token-that-must-stay-secret"
    html = f"<html><title>Request was: X-Auth-Token: {token}</title></html>"
    failures = [
        httpx.Response(502, text=html, headers={"X-Echo": token, "X-Request-Id": token}),
        httpx.Response(200, text=html),
        httpx.Response(400, json={"title": token, "errors": {token: token}}),
        httpx.Response(403, text="no"),
        httpx.LocalProtocolError(f"Illegal header value b'{token}'"),
        httpx.ReadError(f"sent {token}"),
        httpx.ConnectError("refused"),
    ]
    for failure in failures:
        store = open_store(
            script(failure).transport, retries=Retries(attempts=2, jitter=lambda: 0.0)
        )
        with pytest.raises(StoreError) as caught:
            store.send(READ)
        error = caught.value
        assert error.__cause__ is None
        assert error.__context__ is None
        secret_scan(pickle.dumps(error))
        secret_scan("".join(traceback.format_exception(error)))
        secret_scan(repr(error) + repr(error.__dict__))
        if error.response is not None:
            secret_scan(error.response.text)
            secret_scan(str(error.response.headers.raw))
            secret_scan(str(error.response.request.headers.raw))
    secret_scan(repr(store))
    secret_scan(repr(vars(store)) + repr(vars(store._wire)))
    assert store_log.records
    for record in store_log.records:
        secret_scan(record.getMessage() + repr(record.__dict__))


# --- the log ---


def test_requests_are_logged_for_those_who_ask(
    script: Any, open_store: Open, store_log: pytest.LogCaptureFixture
) -> None:
    answers = script(
        httpx.Response(503, headers={"Retry-After": "5"}), httpx.Response(200, json={"data": []})
    )
    list(open_store(answers.transport).customers.list(email_in=["ana@example.com"]))
    records = [record for record in store_log.records if record.name == "avbc.bigcommerce"]
    assert [(record.levelno, record.getMessage()) for record in records] == [
        (logging.DEBUG, "GET /v3/customers: 503 after 0.000 s"),
        (logging.INFO, "GET /v3/customers: attempt 2 follows in 5.0 s"),
        (logging.DEBUG, "GET /v3/customers: 200 after 0.000 s"),
    ]
    facts = [
        tuple(record.__dict__[name] for name in ("call", "attempt", "wait", "status"))
        for record in records
    ]
    assert facts == [
        ("GET /v3/customers", 1, 0, 503),
        ("GET /v3/customers", 2, 5, None),
        ("GET /v3/customers", 2, 5, 200),
    ]
    assert "example.com" not in " ".join(repr(record.__dict__) for record in store_log.records)


def test_requests_are_counted_with_their_repetitions(script: Any, open_store: Open) -> None:
    store = open_store(script(httpx.Response(503), httpx.Response(200, json=TIME)).transport)
    assert store.requests_sent == 0
    store.send(READ)
    store.send(READ)
    assert store.requests_sent == 3


def test_nothing_is_printed_by_default(
    script: Any, open_store: Open, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = script(httpx.Response(503), httpx.Response(200, json=TIME))
    open_store(answers.transport).send(READ)
    assert capfd.readouterr() == ("", "")


# --- the package ---


def test_models_and_calls_load_without_http() -> None:
    code = """
import sys
import avbc.bigcommerce.call, avbc.bigcommerce.models
print({"httpx", "asyncio", "backoff", "orjson"} & set(sys.modules))
"""
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout
        == "set()\n"
    )


def test_it_works_the_same_without_orjson() -> None:
    code = """
import sys
sys.modules["orjson"] = None
import httpx
from avbc.bigcommerce import BadAnswer, BigCommerce, Call, Retries
body = {"name": "Gr\\u00f6\\u00dfe", "rows": [1, True, None]}
call = Call("PUT", "/v2/x", lambda body: body, body=body)
def store(answer):
    url, transport = "https://api.bigcommerce.com/stores/abc/", httpx.MockTransport(answer)
    return BigCommerce(url, "t", transport=transport, retries=Retries(attempts=1))
echo = store(lambda request: httpx.Response(200, content=request.content))
assert echo.send(call) == call.body
content = b'["\\\\ud83d\\\\ude00 \\\\ud83d", "\\\\\\\\ud83d"]'
halves = store(lambda request: httpx.Response(200, content=content)).send(call)
assert halves == ["\U0001f600 \ufffd", "\\\\ud83d"], ascii(halves)
for bad in (b"{", b"NaN", b"[" * 100_000, b"\\xff"):
    try:
        store(lambda request: httpx.Response(200, content=bad)).send(call)
    except BadAnswer:
        print("refused")
"""
    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.split()
        == ["refused"] * 4
    )


def test_the_package_offers_what_it_names() -> None:
    assert dir(avbc.bigcommerce) == sorted(avbc.bigcommerce.__all__)
    for name in avbc.bigcommerce.__all__:
        assert getattr(avbc.bigcommerce, name).__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        getattr(avbc.bigcommerce, "nothing")  # noqa: B009 - a name that type checkers would refuse


# --- methods ---


def test_methods_have_the_names_signatures_and_words_of_their_endpoints(
    script: Any, open_store: Open
) -> None:
    store = open_store(script(echo).transport)
    signature = inspect.signature(store.orders.list)
    assert "status_id" in signature.parameters
    assert signature.return_annotation == "Iterator[Order]"
    assert inspect.signature(store.orders.get).return_annotation == "Order"
    assert inspect.signature(store.transactions.list).return_annotation == "list[Transaction]"
    assert inspect.getdoc(store.orders.list) is not None
    assert "List orders" in (inspect.getdoc(store.orders.list) or "")
    assert store.orders.list.__name__ == "list"
    assert store.orders.get is store.orders.get
    assert repr(store.orders) == "Orders of BigCommerce(store_hash='abc123')"
    assert type(type(store.orders).list).__name__ == "list_endpoint"
    assert type(BigCommerce.time).__name__ == "endpoint"


SHIPMENT = ShipmentDraft(
    order_address_id=51, items=(ShipmentItemDraft(order_product_id=15, quantity=2),)
)
NEW_PRODUCT = ProductDraft(name="Mug", type="physical", weight=Decimal(0), price=Decimal("8.95"))
NEW_ADDRESS = CustomerAddressDraft(
    customer_id=7,
    first_name="Ana",
    last_name="Rivera",
    address1="1 Main Street",
    city="Austin",
    state_or_province="Texas",
    postal_code="78701",
    country_code="US",
)


def test_every_resource_has_its_methods(script: Any, open_store: Open) -> None:
    store = open_store(script(echo).transport)
    calls = [
        store.information.call(),
        store.time.call(),
        store.orders.list.call(status_id=11),
        store.orders.waiting.call(11),
        store.orders.get.call(7),
        store.orders.count.call(),
        store.orders.update.call(7, status_id=9),
        store.order_products.list.call(7),
        store.order_shipping_addresses.list.call(7),
        store.order_consignments.get.call(7),
        store.order_coupons.list.call(7),
        store.order_taxes.list.call(7),
        store.order_fees.list.call(7),
        store.order_statuses.list.call(),
        store.transactions.list.call(7),
        store.refunds.list.call(order_id_in=[7]),
        store.payment_methods.list.call(),
        store.payment_methods.accepted.call(7),
        store.customers.list.call(id_in=[1]),
        store.customer_addresses.list.call(customer_id_in=[1]),
        store.shipping_zones.list.call(),
        store.shipping_methods.list.call(1),
        store.currencies.list.call(),
        store.order_shipments.list.call(7),
        store.order_shipments.get.call(7, 1),
        store.order_shipments.count.call(7),
        store.order_shipments.create.call(7, SHIPMENT),
        store.payment_actions.capture.call(7),
        store.payment_actions.void.call(7),
        store.products.list.call(sku_in=["MUG-1"]),
        store.products.get.call(7),
        store.products.create.call(NEW_PRODUCT),
        store.products.update_many.call([ProductDraft(id=7)]),
        store.variants.list.call(),
        store.variants.update_many.call([VariantDraft(id=7)]),
        store.inventory.items.call(sku_in=["MUG-1"]),
        store.inventory.adjust_absolute.call(
            [InventoryAdjustment(location_id=1, sku="MUG-1", quantity=5)], reason="AcctVantage"
        ),
        store.locations.list.call(),
        store.inventory_settings.get.call(),
        store.customers.create_many.call(
            [CustomerDraft(email="ana@example.com", first_name="Ana", last_name="Rivera")]
        ),
        store.customers.update_many.call([CustomerDraft(id=7)]),
        store.customer_addresses.create_many.call([NEW_ADDRESS]),
        store.customer_addresses.update_many.call([CustomerAddressDraft(id=7)]),
        store.tax_classes.list.call(),
        store.hooks.list.call(),
        store.hooks.create.call(
            HookDraft(scope="store/order/created", destination="https://example.com/hook")
        ),
        store.hooks.update.call(7, HookDraft(is_active=True)),
        store.hooks.delete.call(7),
    ]
    assert len({call.name for call in calls}) == len(calls) - 1  # there are two ways to list orders
    assert all(call.path.startswith(("/v2/", "/v3/")) and call.scope for call in calls)


@pytest.mark.skipif(httpx.__name__ != "httpx", reason="respx does not see httpx2")
@respx.mock(assert_all_called=True)
def test_respx_sees_the_requests(respx_mock: respx.MockRouter) -> None:
    route = respx_mock.get("https://api.bigcommerce.com/stores/abc123/v2/time").respond(json=TIME)
    with BigCommerce("https://api.bigcommerce.com/stores/abc123/v3/", "example-token") as store:
        assert store.time().year == 2018
    assert route.calls.last.request.headers["X-Auth-Token"] == "example-token"

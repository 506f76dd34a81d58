from __future__ import annotations

import inspect
import os
import pickle
import re
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module

import pytest

from avbc.bigcommerce.answers import refusal, request_id_of, unreadable
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.errors import (
    BadAnswer,
    Conflict,
    NotFound,
    PartlySaved,
    RequestRefused,
    ScopeMissing,
    StoreBusy,
    StoreError,
    StoreUnavailable,
    TokenRefused,
    TooManyItems,
    UnexpectedData,
)
from avbc.errors import AvbcError, FinalError, TransientError

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

READ = Call(
    "GET",
    "/v2/orders",
    lambda body: body,
    params={"email": "ana@example.com"},
    scope="Orders: read-only",
)
WRITE = Call("POST", "/v2/orders/7/shipments", lambda body: body, repeatable=False)


@pytest.mark.parametrize(
    ("status", "kind", "base"),
    [
        (302, RequestRefused, FinalError),
        (400, RequestRefused, FinalError),
        (401, TokenRefused, FinalError),
        (403, ScopeMissing, FinalError),
        (404, NotFound, FinalError),
        (405, RequestRefused, FinalError),
        (408, StoreUnavailable, TransientError),
        (409, Conflict, FinalError),
        (413, TooManyItems, FinalError),
        (415, RequestRefused, FinalError),
        (422, RequestRefused, FinalError),
        (423, StoreUnavailable, TransientError),
        (429, StoreBusy, TransientError),
        (499, StoreUnavailable, TransientError),
        (500, StoreUnavailable, TransientError),
        (501, RequestRefused, FinalError),
        (502, StoreUnavailable, TransientError),
        (503, StoreUnavailable, TransientError),
        (504, StoreUnavailable, TransientError),
        (507, RequestRefused, FinalError),
        (207, PartlySaved, FinalError),
    ],
)
def test_a_status_becomes_its_kind_of_error(
    status: int, kind: type[StoreError], base: type[Exception]
) -> None:
    error = refusal(READ, status, {}, "")
    assert type(error) is kind
    assert isinstance(error, base)
    assert str(error).startswith(f"GET /v2/orders was answered with {status}")
    assert "example.com" not in str(error)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            '[{"status":404,"message":"The requested resource was not found."}]',
            "The requested resource was not found.",
        ),
        ('[{"status":400,"message":"one"},{"status":400,"message":"two"}]', "one; two"),
        (
            (
                '{"status":422,"title":"JSON data is missing or '
                'invalid","type":"https://example.com","errors":{}}'
            ),
            "JSON data is missing or invalid",
        ),
        ('{"status":422,"title":"Bad","errors":[]}', "Bad"),
        (
            (
                '{"status":422,"title":"Bad","errors":{"email":"is taken","name":["too '
                'long","empty"]}}'
            ),
            "Bad; email: is taken; name: too long; empty",
        ),
        (
            '{"status":422,"title":"Bad","errors":{"items":[{"sku":"unknown"}]}}',
            "Bad; items[0].sku: unknown",
        ),
        (
            '{"title":"Bad","detail":"quantity is negative","errors":null}',
            "Bad; quantity is negative",
        ),
        (
            '{"data":[{"status":422,"error":"Order is locked","order_id":7}],"meta":{}}',
            "Order is locked",
        ),
        (
            (
                '{"batch_errors":[{"status":422,"title":"SKU '
                'A","errors":{}},{"status":422,"title":"SKU B","errors":{"price":"low"}}]}'
            ),
            "SKU A; SKU B; price: low",
        ),
        (
            "<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>",
            "502 Bad Gateway",
        ),
        ("upstream connect error", "upstream connect error"),
        ('"just text"', '"just text"'),
        (
            '[{"status":409,"message":"Conflict","details":{"conflict_reason":"taken"}}]',
            "Conflict; conflict_reason: taken",
        ),
    ],
)
def test_each_shape_of_body_is_read(body: str, says: str) -> None:
    assert f": {says}" in str(refusal(READ, 422, {}, body))


def test_a_long_body_is_cut() -> None:
    assert len(str(refusal(READ, 400, {}, "x" * 100_000))) < 400
    many = '{"title":"' + "y" * 100_000 + '"}'
    assert len(str(refusal(READ, 400, {}, many))) < 1000


def test_fields_and_rows_come_as_data() -> None:
    fields = refusal(READ, 422, {}, '{"title":"Bad","errors":{"email":"is taken"}}')
    assert isinstance(fields, RequestRefused)
    assert fields.errors == {"email": "is taken"}
    assert fields.rows == ()
    rows = refusal(READ, 422, {}, '{"batch_errors":[{"status":422,"title":"SKU A"}]}')
    assert isinstance(rows, RequestRefused)
    assert rows.rows == [{"status": 422, "title": "SKU A"}]
    conflict = refusal(
        READ, 409, {}, '[{"status":409,"message":"Conflict","details":{"conflict_reason":"taken"}}]'
    )
    assert isinstance(conflict, Conflict)
    assert conflict.errors == {"conflict_reason": "taken"}


def test_data_rows_of_a_partial_success_are_no_errors() -> None:
    partly = refusal(
        READ, 207, {}, '{"data":[{"id":7,"name":"Mug"}],"errors":{"inventory":"failed"}}'
    )
    assert isinstance(partly, PartlySaved)
    assert partly.errors == {"inventory": "failed"}
    assert partly.rows == ()


def test_a_missing_scope_is_named_with_the_other_causes() -> None:
    error = refusal(
        READ,
        403,
        {},
        '{"status":403,"title":"You don\'t have a required scope to access the '
        'endpoint","errors":{}}',
    )
    assert isinstance(error, ScopeMissing)
    assert error.scope == "Orders: read-only"
    assert 'lacks the OAuth scope "Orders: read-only"' in str(error)
    assert "create a new API account" in str(error)
    assert "owner" in str(error)
    assert "api_url" in str(error)
    assert "lacks an OAuth scope" in str(refusal(WRITE, 403, {}, ""))


def test_a_redirect_names_the_host_only() -> None:
    error = refusal(READ, 301, {"location": "https://evil.example.com/steal?token=x"}, "")
    assert "evil.example.com" in str(error)
    assert "steal" not in str(error)
    assert "another address" in str(refusal(READ, 304, {}, ""))


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_write_that_cannot_be_repeated_says_to_read_first(status: int) -> None:
    assert "read the state before sending it again" in str(refusal(WRITE, status, {}, ""))
    assert "read the state" not in str(refusal(READ, status, {}, ""))
    assert "read the state before sending it again" in str(unreadable(WRITE, 201, "<html>"))


def test_an_unknown_status_has_no_phrase() -> None:
    assert str(refusal(READ, 499, {}, "")).startswith("GET /v2/orders was answered with 499.")


def test_an_answer_that_is_no_json() -> None:
    error = unreadable(READ, 200, "<html><title>Just a moment...</title></html>")
    assert isinstance(error, BadAnswer)
    assert "200 but no JSON: Just a moment..." in str(error)
    assert "no JSON: nothing." in str(unreadable(READ, 200, ""))


def test_waits_come_with_the_error() -> None:
    busy = refusal(READ, 429, {"X-Rate-Limit-Time-Reset-Ms": "2500"}, "")
    assert isinstance(busy, StoreBusy)
    assert busy.retry_after == timedelta(seconds=2.5)
    assert "Wait 2.5 s." in str(busy)
    overloaded = refusal(READ, 429, {}, "")
    assert isinstance(overloaded, StoreBusy)
    assert overloaded.retry_after is None
    assert "overloaded" in str(overloaded)
    down = refusal(READ, 503, {"Retry-After": "9"}, "")
    assert isinstance(down, StoreUnavailable)
    assert down.retry_after == timedelta(seconds=9)


def test_the_request_id_is_found_under_its_names() -> None:
    assert request_id_of(httpx.Headers({"x-request-id": "a", "cf-ray": "b"})) == "a"
    assert request_id_of(httpx.Headers({"CF-RAY": "b"})) == "b"
    assert request_id_of(httpx.Headers()) is None


def test_errors_survive_pickling_without_their_response() -> None:
    error = refusal(READ, 403, {}, "[]")
    error.call, error.status, error.request_id, error.body = "GET /v2/orders", 403, "id-1", "[]"
    error.response = httpx.Response(
        403,
        request=httpx.Request(
            "GET", "https://example.com", headers={"X-Auth-Token": "example-token"}
        ),
    )
    pickled = pickle.dumps(error)
    assert b"example-token" not in pickled
    copy = pickle.loads(pickled)
    assert type(copy) is ScopeMissing
    assert str(copy) == str(error)
    assert (copy.call, copy.status, copy.request_id, copy.body, copy.scope) == (
        "GET /v2/orders",
        403,
        "id-1",
        "[]",
        "Orders: read-only",
    )
    assert copy.response is None


def test_unexpected_data_survives_pickling() -> None:
    error = UnexpectedData("orders[3].id", "'x'", "expected a whole number")
    error.call = "GET /v2/orders"
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == "orders[3].id: expected a whole number, got 'x'"
    assert (copy.path, copy.value_repr, copy.message, copy.call) == (
        "orders[3].id",
        "'x'",
        "expected a whole number",
        "GET /v2/orders",
    )
    assert isinstance(error, StoreError)
    assert isinstance(error, FinalError)


def test_the_tree_of_errors_is_as_drawn() -> None:
    """The drawing at the root names every error of avbc, under its parent."""
    drawn: dict[str, str] = {}
    path: list[str] = []
    store_errors: set[str] = set()
    for line in (inspect.getdoc(AvbcError) or "").splitlines():
        if found := re.match(r" {4}((?:│   |    )*)[├└]── (\w+)( \*)?", line):
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            drawn[found[2]] = path[depth - 1] if depth else "AvbcError"
            if found[3]:
                store_errors.add(found[2])

    def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
        for child in kind.__subclasses__():
            if child.__module__.split(".")[0] == "avbc":
                yield child
                yield from below(child)

    import_module("avbc.celery")
    import_module("avbc.orchestrator")
    kinds = set(below(AvbcError))
    assert set(drawn) == {kind.__name__ for kind in kinds}
    for kind in kinds:
        parents = {base.__name__ for base in kind.__bases__}
        assert drawn[kind.__name__] in parents
        assert (kind.__name__ in store_errors) == (
            issubclass(kind, StoreError) and kind is not StoreError
        )

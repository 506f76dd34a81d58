"""A long list is parsed row by row, and whatever it holds it is read as if it were parsed whole."""

import asyncio
import copy
import json
import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbc.bigcommerce import AsyncBigCommerce, BigCommerce, Page, Retries, parsing
from avbc.bigcommerce.errors import BadAnswer, UnexpectedData
from avbc.bigcommerce.models import Order
from avbc.bigcommerce.parsing import Rows, WrongCut
from avbc.testing.example import plain_orders
from avbc.testing.orders import EMBEDDED
from avbc.testing.values import dumps

httpx = import_module(os.environ.get("AVBC_TEST_HTTP", "httpx"))  # httpx2 has the same API

Open = Callable[..., BigCommerce]
Change = Callable[[list[dict[str, Any]]], object]


ORDERS: list[dict[str, Any]] = json.loads(
    dumps([order.to_json(EMBEDDED) for order in plain_orders(33)])
)


def orders() -> list[dict[str, Any]]:
    return copy.deepcopy(ORDERS)


def compact(rows: object) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is parsed."""
    texts: list[bytes] = []
    load = parsing.load

    def noting(content: bytes) -> Any:
        texts.append(content)
        return load(content)

    monkeypatch.setattr(parsing, "load", noting)
    return texts


def test_rows_are_parsed_when_they_are_read(
    script: Any, open_store: Open, parsed: list[bytes]
) -> None:
    content = compact(orders())
    listed = open_store(script(httpx.Response(200, content=content)).transport).orders.list()
    assert next(listed).id == 1001
    assert content not in parsed
    assert len(parsed) < 20
    assert [order.id for order in listed] == list(range(1002, 1034))


def test_items_and_pages_are_alike(script: Any, open_store: Open) -> None:
    full = httpx.Response(200, content=compact(orders()))
    last = httpx.Response(200, content=compact(orders()[:20]))
    store = open_store(script(full, last, full, last).transport)
    call = attrs.evolve(store.orders.list.call(), limit=33)
    items, pages = list(store.items(call)), list(store.pages(call))
    assert [page.count for page in pages] == [33, 20]
    assert items == [order for page in pages for order in page.items]
    assert [order.raw for order in items] == orders() + orders()[:20]


def test_the_async_client_reads_alike(script: Any, open_async_store: Any) -> None:
    async def read() -> list[object]:
        answer = httpx.Response(200, content=compact(orders()))
        store: AsyncBigCommerce
        async with open_async_store(script(answer).transport) as store:
            return [order.raw async for order in store.orders.list()]

    assert asyncio.run(read()) == orders()


def swapped(rows: list[dict[str, Any]]) -> None:
    rows[17] = dict(sorted(rows[17].items()))


def nested(rows: list[dict[str, Any]]) -> None:
    rows[5]["new"] = [{"id": 1, "customer_id": 2}, {"id": 3, "customer_id": 4}]


def half_a_character(rows: list[dict[str, Any]]) -> None:
    rows[7]["staff_notes"] = "\ud83d"


@pytest.mark.parametrize("change", [swapped, nested, half_a_character])
@pytest.mark.parametrize("limit", [None, 20])
def test_rows_that_are_cut_wrongly_are_read_all_the_same(
    script: Any, open_store: Open, change: Change, limit: int | None
) -> None:
    body = orders()
    change(body)
    store = open_store(script(httpx.Response(200, content=compact(body))).transport)
    whole = json.loads(json.dumps(body).replace("\\ud83d", "\\ufffd"))
    assert [order.raw for order in store.orders.list(limit=limit)] == whole[:limit]


@pytest.mark.parametrize("place", [0, 9, 10, 12, 32])
@pytest.mark.parametrize("change", [None, swapped])
def test_a_row_that_cannot_be_read_has_its_place_in_the_list(
    script: Any, open_store: Open, place: int, change: Change | None
) -> None:
    body = orders()
    body[place]["total_inc_tax"] = None
    if change:
        change(body)
    listed = open_store(script(httpx.Response(200, content=compact(body))).transport).orders.list()
    assert [next(listed).id for _ in range(place)] == list(range(1001, 1001 + place))
    with pytest.raises(UnexpectedData, match=rf"^orders\[{place}\]\.total_inc_tax: ") as caught:
        next(listed)
    assert caught.value.call == "GET /v2/orders"


@pytest.mark.parametrize("end", [1, 2, 3, 500, 40_000])
def test_a_list_that_is_truncated_is_asked_for_again(
    script: Any, open_store: Open, end: int
) -> None:
    content = compact(orders())
    answers = script(
        httpx.Response(200, content=content[:-end]), httpx.Response(200, content=content)
    )
    assert len(list(open_store(answers.transport).orders.list())) == 33
    assert len(answers.requests) == 2


def test_a_list_that_ends_at_a_row_within_a_row_is_asked_for_again(
    script: Any, open_store: Open
) -> None:
    content = compact(orders())
    answers = script(
        httpx.Response(200, content=content[: content.rindex(b"}]") + 2]),
        httpx.Response(200, content=content),
    )
    assert len(list(open_store(answers.transport).orders.list())) == 33


@pytest.mark.parametrize("as_pages", [False, True])
def test_a_list_that_is_no_json_within_is_an_answer_that_cannot_be_read(
    script: Any, open_store: Open, as_pages: bool
) -> None:
    content = compact(orders()).replace(b'"id":1020,', b'"id":1020;')
    store = open_store(script(httpx.Response(200, content=content)).transport)
    call = store.orders.list.call()
    with pytest.raises(BadAnswer, match="no JSON") as caught:
        list(store.pages(call) if as_pages else store.items(call))
    assert caught.value.call == "GET /v2/orders"


def broken(content: bytes) -> Any:
    return httpx.Response(200, content=content.replace(b'"id":1020,', b'"id":1020;'))


@pytest.mark.parametrize("as_pages", [False, True])
def test_a_list_that_is_no_json_within_is_asked_for_again(
    script: Any, open_store: Open, as_pages: bool
) -> None:
    content = compact(orders())
    answers = script(broken(content), broken(content), httpx.Response(200, content=content))
    store = open_store(answers.transport)
    call = store.orders.list.call()
    pages = store.pages(call) if as_pages else [store.items(call)]
    assert [order.id for page in pages for order in getattr(page, "items", page)] == list(
        range(1001, 1034)
    )
    assert len(answers.requests) == 3


def test_the_async_client_asks_for_it_again_too(script: Any, open_async_store: Any) -> None:
    content = compact(orders())
    answers = script(broken(content), httpx.Response(200, content=content))

    async def read() -> list[int]:
        store: AsyncBigCommerce
        async with open_async_store(answers.transport) as store:
            return [order.id async for order in store.orders.list()]

    assert asyncio.run(read()) == list(range(1001, 1034))


def test_what_has_changed_since_is_neither_left_out_nor_given_twice(
    script: Any, open_store: Open
) -> None:
    rows = orders()
    # Two orders left the list in the meantime, so those behind them moved up.
    moved = [httpx.Response(200, content=compact(part)) for part in (rows[2:31], rows[31:])]
    answers = script(broken(compact(rows[:29])), *moved)
    store = open_store(answers.transport)
    found = store.items(attrs.evolve(store.orders.list.call(), limit=29))
    assert [order.id for order in found] == list(range(1001, 1034))
    assert [request.url.params.get("page") for request in answers.requests] == [None, None, "2"]


@pytest.mark.parametrize("repeatable", [False, True])
def test_a_list_is_asked_for_again_only_as_often_as_it_may_be(
    script: Any, open_store: Open, repeatable: bool
) -> None:
    answers = script(broken(compact(orders())))
    store = open_store(answers.transport).with_options(retries=Retries(attempts=3))
    found = store.items(attrs.evolve(store.orders.list.call(), repeatable=repeatable))
    assert [next(found).id for _ in range(10)] == list(range(1001, 1011))
    with pytest.raises(BadAnswer, match="no JSON"):
        list(found)
    assert len(answers.requests) == (3 if repeatable else 1)


@pytest.mark.parametrize(("is_kept", "sizes"), [(False, [10, 10, 10, 3]), (True, [10, 23])])
def test_the_rest_of_a_page_is_read_at_once_where_its_rows_are_kept(
    script: Any, open_store: Open, is_kept: bool, sizes: list[int]
) -> None:
    store = open_store(script(httpx.Response(200, content=compact(orders()))).transport)
    call, read = store.orders.list.call(), list[int]()
    read_page = call.read_page
    assert read_page is not None

    def noting(body: Any) -> Page[Order]:
        read.append(len(body))
        return read_page(body)

    found = store.items(attrs.evolve(call, read_page=noting))
    ids = [order.id for order in (list(found) if is_kept else found)]
    assert ids == list(range(1001, 1034))
    assert read == sizes


def test_the_rows_of_another_order_are_refused_in_a_long_list_too(
    script: Any, open_store: Open
) -> None:
    lines = [
        line for order in orders() for line in order["consignments"]["shipping"][0]["line_items"]
    ]
    store = open_store(script(httpx.Response(200, content=compact(lines * 3))).transport)
    with pytest.raises(BadAnswer, match="another order_id: 1002"):
        list(store.order_products.list(1001))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["", '},{"id":1,', "\\", "é"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a"]), inner)
    ),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries({"id": VALUES, "a": VALUES}, optional={"b": VALUES, "c": VALUES})


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=6), st.booleans())
def test_what_is_cut_is_what_was_sent(rows: list[dict[str, Any]], is_swapped: bool) -> None:
    if is_swapped:
        rows[-1] = dict(reversed(rows[-1].items()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parsing, "_LONG", 0)
        cut = Rows.of(compact(rows))
    if cut is None:
        return
    try:
        read = list(cut)
    except WrongCut:
        return
    assert read == rows
    assert (len(cut), cut[-1], list(cut[1:])) == (len(rows), rows[-1], rows[1:])


def test_short_lists_and_other_answers_are_not_cut() -> None:
    long = compact(orders())
    assert Rows.of(compact(orders()[:5])) is None
    for other in (b" " + long, long + b"\n", b'{"data":' + long + b"}", b"[1" + long[1:]):
        assert Rows.of(other) is None
    assert len(Rows.of(long) or ()) == 33

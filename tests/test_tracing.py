"""Traces through OpenTelemetry's own SDK: runs, orders and requests, and no secret or person."""

from __future__ import annotations

import asyncio
import builtins
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import avbc
from avbc import tracing
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import AsyncBigCommerce, BigCommerce, NotFound, Retries, StoreUnreachable
from avbc.errors import MissingExtra
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory, example, item, order_of_shape
from avbc.testing.shapes import NEW_COUPON

STORE = {"avbc.store": "Example store", "avbc.source_code": "WEB"}
DOCUMENT = (
    (Path(__file__).parents[1] / "docs/logging.md")
    .read_text(encoding="utf-8")
    .partition("## OpenTelemetry")[2]
)


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.instrument(provider)
    yield exporter
    tracing.uninstrument()
    provider.shutdown()


@pytest.fixture
def store() -> FakeStore:
    return FakeStore(access_token="example-token-4f9a1c")


@pytest.fixture
def client(store: FakeStore) -> Iterator[BigCommerce]:
    with BigCommerce(
        store.api_url,
        store.access_token,
        transport=store.transport(),
        retries=Retries(attempts=2, jitter=lambda: 0.0),
        sleep=lambda _: None,
    ) as client:
        yield client


@pytest.fixture
def web(store: FakeStore, client: BigCommerce) -> Iterator[Orchestrator]:
    settings = Settings.from_dict(example.settings_dict(store.api_url, store.access_token))
    with SqlGateway() as books, Orchestrator(settings, books, store=client) as web:
        books.load(example.books_toml)
        yield web


def named(spans: Sequence[ReadableSpan], name: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name == name]


def children(spans: Sequence[ReadableSpan], parent: ReadableSpan) -> list[str]:
    return [
        span.name
        for span in spans
        if span.parent is not None and span.parent.span_id == parent.context.span_id
    ]


def attributes(span: ReadableSpan) -> Mapping[str, object]:
    return dict(span.attributes or {})


def test_an_import_is_a_trace_of_its_orders_and_requests(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    factory = OrderFactory()
    paid = store.add_order(order_of_shape("captured", factory)).id
    refused = store.add_order(order_of_shape("unknown_sku", factory)).id
    unreadable = store.add_order(order_of_shape("null_total", factory)).id
    plain = store.add_order(factory.plain()).id
    web.import_orders()
    spans = exporter.get_finished_spans()
    (run,) = named(spans, "avbc.import_orders")
    assert {span.context.trace_id for span in spans} == {run.context.trace_id}
    assert attributes(run) == {
        **STORE,
        "avbc.imported": 2,
        "avbc.relinked": 0,
        "avbc.updated": 0,
        "avbc.refused": 2,
        "avbc.waiting": 0,
        "avbc.postponed": 0,
    }
    orders = {
        attributes(span)["avbc.order_id"]: attributes(span) for span in named(spans, "avbc.order")
    }
    assert orders == {
        number: {
            **STORE,
            "avbc.order_id": number,
            "avbc.import_id": f"WEB{number}",
            "avbc.result": result,
        }
        for number, result in [
            (paid, "imported"),
            (refused, "refused"),
            (unreadable, "refused"),
            (plain, "imported"),
        ]
    }
    requests = [span for span in spans if span.kind is SpanKind.CLIENT]
    assert len(requests) == web.store.requests_sent
    assert sorted(children(spans, run)) == sorted(
        ["avbc.order"] * 4 + [span.name for span in requests]
    )
    (transactions,) = [
        span
        for span in named(spans, "GET /v3/orders/{id}/transactions")
        if f"/{paid}/" in str(attributes(span))
    ]
    assert attributes(transactions) == {
        **STORE,
        "http.request.method": "GET",
        "url.path": f"/v3/orders/{paid}/transactions",
        "url.template": "/v3/orders/{id}/transactions",
        "server.address": "api.bigcommerce.com",
        "server.port": 443,
        "http.response.status_code": 200,
    }


def test_a_request_for_one_order_belongs_to_it(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    """The coupons of an order are read while it is mapped."""
    store.add_order(OrderFactory().order([item("TOWEL-ST")], discounts=[NEW_COUPON]))
    web.import_orders()
    spans = exporter.get_finished_spans()
    (order,) = named(spans, "avbc.order")
    assert children(spans, order) == ["GET /v2/orders/{id}/coupons"]


def test_other_runs_are_traced_too(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    (order, *_) = [store.add_order(order) for order in example.plain_orders(2)]
    web.preview_orders()
    web.import_order(order.id)
    web.books.set_order_status(f"WEB{order.id}", "Shipped/Invoice")
    web.push_order_statuses()
    spans = exporter.get_finished_spans()
    for name, found in [
        ("avbc.preview_orders", {"avbc.imported": 2}),
        ("avbc.import_order", {"avbc.imported": 1}),
        (
            "avbc.push_order_statuses",
            {"avbc.sent": 1, "avbc.unchanged": 0, "avbc.refused": 0, "avbc.postponed": 0},
        ),
    ]:
        (run,) = named(spans, name)
        assert attributes(run).items() >= {"avbc.source_code": "WEB", **found}.items()
        assert any(child.startswith(("GET ", "PUT ")) for child in children(spans, run))


def test_attempts_and_failures_show(
    client: BigCommerce, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    store.fail("GET /v2/orders/*", "503")
    with pytest.raises(NotFound):
        client.orders.get(7)
    store.fail("GET /v2/orders/*", "refused", times=2)
    with pytest.raises(StoreUnreachable):
        client.orders.get(7)
    found = [(attributes(span), span.status.status_code) for span in exporter.get_finished_spans()]
    assert [
        (
            one.get("http.response.status_code"),
            one.get("error.type"),
            one.get("http.request.resend_count"),
        )
        for one, _ in found
    ] == [
        (503, "503", None),
        (404, "404", 1),
        (None, "StoreUnreachable", None),
        (None, "StoreUnreachable", 1),
    ]
    assert {status for _, status in found} == {StatusCode.ERROR}


def test_a_run_that_fails_says_by_what_kind_of_error(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    store.scopes.clear()
    with pytest.raises(avbc.ScopeMissing):
        web.import_orders()
    (run,) = named(exporter.get_finished_spans(), "avbc.import_orders")
    assert attributes(run) == {**STORE, "error.type": "ScopeMissing"}
    assert run.status.status_code is StatusCode.ERROR
    assert run.events == ()


def test_many_requests_at_once_belong_to_the_callers_span(
    client: BigCommerce, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    ids = [store.add_order(order).id for order in example.plain_orders(5)]
    with tracing.span("avbc.test", {}):
        client.map([client.orders.get.call(order_id) for order_id in ids], limit=3)
    spans = exporter.get_finished_spans()
    (parent,) = named(spans, "avbc.test")
    assert children(spans, parent) == ["GET /v2/orders/{id}"] * 5


def test_the_asynchronous_client_is_traced(
    store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    ids = [store.add_order(order).id for order in example.plain_orders(3)]

    async def main() -> None:
        async with AsyncBigCommerce(
            store.api_url, store.access_token, transport=store.transport()
        ) as client:
            with tracing.span("avbc.test", {}):
                await client.map([client.orders.get.call(order_id) for order_id in ids])

    asyncio.run(main())
    spans = exporter.get_finished_spans()
    (parent,) = named(spans, "avbc.test")
    assert children(spans, parent) == ["GET /v2/orders/{id}"] * 3


def test_spans_hold_no_secret_no_email_and_no_text_of_errors(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    for order in example.example_orders():
        store.add_order(order)
    store.fail("GET /v3/orders/*/transactions", "html_502", times=2)

    def broken(order: object, _bundle: object) -> object:
        raise ValueError(f"no bundle for {order!r}")

    with Orchestrator(web.settings, web.books, store=web.store, customise=[broken]) as broken_web:
        broken_web.import_orders()
    web.import_orders()
    web.export_clients()
    list(web.store.customers.list(email_in=["ana@example.com"]))
    text = "\n".join(span.to_json() for span in exporter.get_finished_spans())
    emails = {
        str(order.header["billing_address"]["email"]) for order in store.state.orders.values()
    }  # type: ignore[index]  # an address
    assert emails
    assert [
        word for word in ("4f9a1c", "@", "no bundle", "Bad Gateway", *emails) if word in text
    ] == []
    assert all(not span.events for span in exporter.get_finished_spans())


def test_names_and_attributes_are_those_of_the_page(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    for order in example.plain_orders(3):
        store.add_order(order)
    store.fail("GET /v2/orders", "503")
    web.import_orders()
    web.push_products()
    told = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", DOCUMENT))
    seen = {name for span in exporter.get_finished_spans() for name in attributes(span)}
    assert seen <= told
    assert "error.type" in seen
    assert {
        span.name for span in exporter.get_finished_spans() if span.kind is SpanKind.INTERNAL
    } - told == {"avbc.push_products"}


# Off unless asked for


def test_nothing_is_traced_unless_asked_for(
    web: Orchestrator, store: FakeStore, exporter: InMemorySpanExporter
) -> None:
    tracing.uninstrument()
    store.add_order(OrderFactory().plain())
    assert web.import_orders().imported
    assert exporter.get_finished_spans() == ()


def test_opentelemetry_is_not_imported_unless_asked_for() -> None:
    house = str(Path(avbc.__file__).parents[1])
    code = f"""
import sys; sys.path.insert(0, {house!r})
import avbc, avbc.orchestrator, avbc.acctvantage.sql.gateway
from avbc.testing import FakeStore, OrderFactory
store = FakeStore()
order_id = store.add_order(OrderFactory().plain()).id
with avbc.BigCommerce(store.api_url, "example-token", transport=store.transport()) as client:
    client.orders.get(order_id)
print([name for name in sys.modules if name.startswith("opentelemetry")])
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: object, **options: object) -> object:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *args, **options)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MissingExtra, match=r"pip install 'avbc\[opentelemetry\]'"):
        tracing.instrument()


def test_the_global_provider_may_be_set_later(store: FakeStore) -> None:
    """`instrument()` before OpenTelemetry is set up breaks nothing: spans go nowhere until then."""
    tracing.instrument()
    try:
        with BigCommerce(store.api_url, store.access_token, transport=store.transport()) as client:
            client.orders.count()
    finally:
        tracing.uninstrument()


def test_a_fault_of_a_program_ends_its_span(exporter: InMemorySpanExporter) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("a fault of the transport")

    with (
        BigCommerce(
            "https://api.bigcommerce.com/stores/abc123/v3/",
            "example-token",
            transport=httpx.MockTransport(fail),
        ) as client,
        pytest.raises(RuntimeError),
    ):
        client.orders.get(7)
    (span,) = exporter.get_finished_spans()
    assert attributes(span)["error.type"] == "RuntimeError"

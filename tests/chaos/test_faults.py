"""Answers that are not the store's: the simulation tries every kind of fault, and these try each
request."""

from __future__ import annotations

from contextlib import suppress

import attrs
import pytest
from bench.badorders import Books
from life import Life
from model import Setup

from avbc.acctvantage.records import SalesOrder
from avbc.bigcommerce import BigCommerce, Retries
from avbc.errors import AvbcError
from avbc.orchestrator import SCHEDULE, Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, example


@pytest.mark.parametrize("kind", ["204", "wrong_json"])
def test_an_answer_that_is_not_the_stores_is_not_the_orders_fault(kind: str) -> None:
    """At every request: transactions of an order that was paid online are not taken for none."""
    with Life(Setup()) as life:
        for at in range(1, 9):
            for payment in ("paid", "held", "cash"):
                life.place(payment=payment)
            fault = life.people.store.fail("*", kind, at=at)
            for job in SCHEDULE:
                with suppress(AvbcError):
                    getattr(life.web, job.method)()
            assert fault.hits
            life.people.store.clear_faults()
            life.cycle()
        life.model.quiet()
        assert life.model.found == []


def orders_after(*faults: str) -> list[SalesOrder]:
    """Import forty orders, with faults in the first run, and look at what is in the books."""
    store, books = FakeStore(), Books().gateway
    example.populate(store, orders=40)
    settings = Settings.from_dict(example.settings_dict(store.api_url))
    client = BigCommerce(
        store.api_url, "example-token", transport=store.transport(), retries=Retries(attempts=1)
    )
    with books, client, Orchestrator(settings, books, store=client) as web:
        struck = [store.fail(match, "204") for match in faults]
        web.import_orders()
        assert [fault.hits for fault in struck] == [1] * len(faults)
        web.import_orders()
        return [
            attrs.evolve(order, id=None, client_id=None, contact_id=None, status_changed_at=None)
            for order in sorted(books.sales_orders(), key=lambda order: order.import_id)
        ]


def test_lines_and_coupons_are_not_taken_for_none() -> None:
    """In the first forty orders there are one of more than 50 lines and several with coupons."""
    parts = ("v2/orders/*/products", "v2/orders/*/coupons", "v3/orders/*/transactions")
    expected = orders_after()
    assert len(expected) > 20
    assert orders_after(*(f"GET /{part}" for part in parts)) == expected

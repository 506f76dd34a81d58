"""What AcctVantage refused and an import takes again is offered under a new version."""

from __future__ import annotations

from collections.abc import Callable, Collection

import attrs
import pytest

from avbc.acctvantage import (
    Acknowledgement,
    OrderBundle,
    Pickup,
    SalesOrder,
    SqlGateway,
)
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeOrder, FakeStore, OrderFactory, Payment, item

NEW, DOWNLOADED = 11, 9

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]


class Staging:
    """Books that AcctVantage picks orders up from, in memory; all else is in other books."""

    def __init__(self, books: SqlGateway) -> None:
        self.books = books
        self._pickups: dict[str, Pickup] = {}

    def __getattr__(self, name: str) -> object:
        return getattr(self.books, name)

    def _of(self, import_id: str) -> Pickup:
        return self._pickups.setdefault(import_id, Pickup(import_id, 1))

    def answer(self, import_id: str, **values: str) -> None:
        now = self._of(import_id)
        answer = Acknowledgement(import_id, now.version, **values)
        self._pickups[import_id] = attrs.evolve(now, answers=(*now.answers, answer))

    def pickups(self, order_import_ids: Collection[str]) -> list[Pickup]:
        return [self._of(order.import_id) for order in self.books.sales_orders(order_import_ids)]

    def orders_refused(self, source_code: str) -> list[Pickup]:
        return [each for each in self._pickups.values() if each.refusal is not None]

    def offer_again(self, import_id: str) -> Pickup:
        now = self._of(import_id)
        if now.refusal is not None:
            now = self._pickups[import_id] = attrs.evolve(now, version=now.version + 1)
        return now

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        order = self.books.update_order(bundle)
        now = self._of(order.import_id)
        self._pickups[order.import_id] = attrs.evolve(now, version=now.version + 1)
        return order


@pytest.fixture
def staging(books: SqlGateway) -> Staging:
    return Staging(books)


def made(quantity: int = 1) -> FakeOrder:
    factory = OrderFactory(first_id=500)
    return factory.order(
        [item("MUG-RED", quantity)],
        buyer=factory.person(0),
        payment=Payment("Cash on Delivery", state="offline"),
    )


def edit(store: FakeStore, order_id: int) -> None:
    """Raise the quantity, and give the order its New Order Status again."""
    store.add_order(made(2))
    store.edit_order(order_id, status_id=NEW)


@pytest.fixture
def order_id(join: Join, staging: Staging, store: FakeStore) -> int:
    """An order that was imported, and that AcctVantage refused."""
    number = store.add_order(made()).id
    assert len(join(books=staging).import_orders().imported) == 1
    staging.answer(f"WEB{number}", refused_code="P17", refused_text="Unknown part.")
    return number


def version(staging: Staging, order_id: int) -> int:
    return staging.pickups([f"WEB{order_id}"])[0].version


def test_an_order_that_is_new_again_is_offered_again_unchanged(
    join: Join, staging: Staging, store: FakeStore, order_id: int
) -> None:
    store.edit_order(order_id, status_id=NEW)
    web = join(books=staging)
    (outcome,) = web.preview_orders().relinked
    assert outcome.problems[0].code == "order_offered_again"
    assert version(staging, order_id) == 1
    (outcome,) = web.import_orders().relinked
    assert "(version 1): P17 Unknown part. It is offered again, as version 2." in str(
        outcome.problems[0]
    )
    assert version(staging, order_id) == 2
    assert store.order(order_id).header["status_id"] == DOWNLOADED
    assert "order_offered_again" in web.history(order_id).entries[-1].detail
    store.edit_order(order_id, status_id=NEW)
    (outcome,) = web.import_orders().relinked
    assert outcome.problems == ()
    assert version(staging, order_id) == 2


def test_an_order_that_is_asked_for_by_its_id_is_offered_again(
    join: Join, staging: Staging, order_id: int
) -> None:
    assert len(join(books=staging).import_order(order_id).relinked) == 1
    assert version(staging, order_id) == 2


def test_an_edited_order_is_offered_again_whatever_the_policy_says(
    join: Join, change: Change, staging: Staging, store: FakeStore, order_id: int
) -> None:
    web = join(books=staging, settings=change(order_status={"edited_orders": "refuse"}))
    edit(store, order_id)
    (outcome,) = web.import_orders().updated
    assert outcome.problems[0].code == "order_offered_again"
    assert version(staging, order_id) == 2
    assert staging.books.sales_orders([f"WEB{order_id}"])[0].lines[0].quantity == 2


def test_once_a_version_was_entered_the_policy_for_edits_decides(
    join: Join, change: Change, staging: Staging, store: FakeStore, order_id: int
) -> None:
    web = join(books=staging, settings=change(order_status={"edited_orders": "refuse"}))
    web.import_order(order_id)
    staging.answer(f"WEB{order_id}", document_number="SO-1")
    staging.answer(f"WEB{order_id}", refused_text="Closed.")
    edit(store, order_id)
    (outcome,) = web.import_orders().refused
    assert outcome.problems[0].code == "order_edited"
    assert version(staging, order_id) == 2


def test_what_acctvantage_entered_meanwhile_stays_as_it_is(
    join: Join, staging: Staging, store: FakeStore, order_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = staging.offer_again

    def entered_first(import_id: str) -> Pickup:
        staging.answer(import_id, document_number="SO-1")
        return late(import_id)

    monkeypatch.setattr(staging, "offer_again", entered_first)
    store.edit_order(order_id, status_id=NEW)
    (outcome,) = join(books=staging).import_orders().relinked
    assert outcome.problems == ()
    assert version(staging, order_id) == 1


def test_a_refusal_is_on_the_worklist_until_it_is_offered_again(
    join: Join, staging: Staging, store: FakeStore, order_id: int
) -> None:
    web = join(books=staging)
    assert len(web.take_answers().refused) == 1
    assert list(web.take_answers()) == []
    (item,) = web.worklist()
    assert (item.code, item.order_id) == ("refused_by_acctvantage", order_id)
    assert "(version 1): P17 Unknown part." in item.message
    assert f"import_order({order_id})" in item.fix
    assert "refused version 1: P17 Unknown part." in web.history(order_id).summary()
    web.import_order(order_id)
    assert not web.worklist()
    staging.answer(f"WEB{order_id}", refused_text="Client is on hold.")
    assert len(web.take_answers().refused) == 1
    assert "version 2" in web.worklist().items[0].message
    staging.answer(f"WEB{order_id}", document_number="SO-1")
    assert list(web.take_answers()) == []
    assert not web.worklist()

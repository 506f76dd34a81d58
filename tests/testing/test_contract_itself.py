"""The contract is worth something: books with one fault each do not pass it, and sound books do."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from attrs import asdict, evolve

from avbc.acctvantage import (
    BooksRefused,
    Client,
    CreatedOrder,
    Credit,
    ImportGateway,
    OrderBundle,
    Product,
    Receipt,
    SalesOrder,
    Shipment,
    SqlGateway,
)
from avbc.acctvantage.records import COMMITTED, OPEN
from avbc.testing.contract import GatewayContract


class Contract(GatewayContract):
    """The contract, to be run test by test on books of any kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        path = self.folder / "products.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(asdict(products[0])))
            writer.writeheader()
            for product in products:
                cells = asdict(product) | {"aliases": ";".join(product.aliases)}
                writer.writerow(
                    {
                        name: str(value).lower() if isinstance(value, bool) else value
                        for name, value in cells.items()
                    }
                )
        books(gateway).load_products(path)

    def add_quantities(
        self, gateway: ImportGateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        path = self.folder / "books.toml"
        path.write_text(f'warehouses = [{{ name = "{warehouse}" }}]', encoding="utf-8")
        books(gateway).load(path)
        for part_number, quantity in on_hand.items():
            books(gateway).set_quantity(part_number, warehouse, quantity)

    def add_shipment(self, gateway: ImportGateway, shipment: Shipment) -> None:
        books(gateway).add_shipment(shipment)

    def failures(self, open_books: Callable[[], SqlGateway], tests: Collection[str]) -> set[str]:
        """Those of some tests that books of a kind do not pass."""
        failed: set[str] = set()
        for name in tests:
            with open_books() as gateway:
                try:
                    getattr(self, f"test_{name}")(gateway)
                except (Exception, pytest.fail.Exception):  # noqa: BLE001  # in whatever way it fails
                    failed.add(name)
        return failed


def books(gateway: ImportGateway) -> SqlGateway:
    assert isinstance(gateway, SqlGateway)
    return gateway


# Sound books with one fault each


class RefusesTheSecondCall(SqlGateway):
    """An Import ID that is taken is an error, and not the answer that stands."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        created = super().create_order(bundle)
        if not created.created:
            raise BooksRefused(f"order {bundle.order.import_id} is in the books")
        return created


class OverwritesWhatStands(SqlGateway):
    """The last call wins."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        created = super().create_order(bundle)
        return (
            created if created.created else CreatedOrder(self.update_order(bundle), created=False)
        )


class ChecksBeforeItInserts(SqlGateway):
    """No unique constraint: it looks whether the order is there, and inserts it if it was not."""

    def __init__(self) -> None:
        super().__init__()
        self._all_have_looked = threading.Barrier(8)

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        if standing := self.sales_orders([bundle.order.import_id]):
            return CreatedOrder(standing[0], created=False)
        if threading.current_thread() is not threading.main_thread():
            self._all_have_looked.wait(30)
        created = super().create_order(bundle)
        # What a table without the constraint takes as a second row needs another name in one that
        # has it.
        return (
            created
            if created.created
            else super().create_order(
                renamed(bundle, f"{bundle.order.import_id}/{threading.get_ident()}")
            )
        )


def renamed(bundle: OrderBundle, import_id: str) -> OrderBundle:
    receipts = [
        evolve(receipt, order_import_id=import_id, import_id=f"{import_id}-{place}")
        for place, receipt in enumerate(bundle.receipts, 1)
    ]
    return evolve(bundle, order=evolve(bundle.order, import_id=import_id), receipts=tuple(receipts))


class LeavesHalfABundle(SqlGateway):
    """The order is committed before its receipts."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        try:
            return super().create_order(bundle)
        except BooksRefused:
            super().create_order(evolve(bundle, receipts=()))
            raise


class LeavesHalfAnUpdate(SqlGateway):
    """The order's lines are committed before its receipts."""

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        try:
            return super().update_order(bundle)
        except BooksRefused:
            super().update_order(evolve(bundle, receipts=()))
            raise


class ReplacesWhatWentOn(SqlGateway):
    """An order can be updated whatever its status is."""

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        standing = self.sales_orders([bundle.order.import_id])
        before = standing[0].status if standing else OPEN
        if before != OPEN:
            self.set_order_status(bundle.order.import_id, OPEN)
        updated = super().update_order(bundle)
        return updated if before == OPEN else self.set_order_status(bundle.order.import_id, before)


class LosesReceipts(SqlGateway):
    """Only the first tender of an order is written."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        return super().create_order(evolve(bundle, receipts=bundle.receipts[:1]))


class LosesDecimals(SqlGateway):
    """Amounts are kept in cents."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        lines = [evolve(line, unit_price=round(line.unit_price, 2)) for line in bundle.order.lines]
        return super().create_order(evolve(bundle, order=evolve(bundle.order, lines=tuple(lines))))


class KeepsNoContact(SqlGateway):
    """What was created does not say who ordered."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        created = super().create_order(bundle)
        return evolve(created, order=evolve(created.order, contact_id=None))


class ComparesEmailsByCase(SqlGateway):
    """An email in other letters is another client."""

    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[Client]:
        found = super().find_clients(import_ids, emails)
        return [
            client
            for client in found
            if client.import_id in import_ids
            or {client.email, *(contact.email for contact in client.contacts)} & {*emails}
        ]


class DoublesClients(SqlGateway):
    """The Import ID of a client is not unique: each of its orders brings another client."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        new = bundle.new_client
        if new is not None and new.import_id and super().find_clients([new.import_id], []):
            bundle = evolve(
                bundle,
                new_client=evolve(new, import_id=f"{new.import_id}/{bundle.order.import_id}"),
            )
        return super().create_order(bundle)


class ReadsOneAtATime(SqlGateway):
    """A read of many keys takes the first few only."""

    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        return super().sales_orders(None if import_ids is None else list(import_ids)[:1])


class ForgetsTimeZones(SqlGateway):
    """Times come back without one."""

    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        found = super().sales_orders(import_ids)
        return [
            evolve(order, ordered_at=order.ordered_at and order.ordered_at.replace(tzinfo=None))
            for order in found
        ]


class TakesAnyStatus(SqlGateway):
    """A status that is not in the books is passed over in silence."""

    def set_order_status(self, import_id: str, status: str) -> SalesOrder:
        with suppress(BooksRefused):
            return super().set_order_status(import_id, status)
        return self.sales_orders([import_id])[0]


class StampsEveryTime(SqlGateway):
    """A status that an order has already counts as a change."""

    def set_order_status(self, import_id: str, status: str) -> SalesOrder:
        super().set_order_status(import_id, OPEN if status != OPEN else COMMITTED)
        return super().set_order_status(import_id, status)


class LeavesOutTheMomentItself(SqlGateway):
    """What changed at the time that was asked for is never told."""

    def sales_orders_changed(self, source_code: str, since: datetime | None) -> list[SalesOrder]:
        found = super().sales_orders_changed(source_code, since)
        return [
            order
            for order in found
            if since is None or (order.status_changed_at and order.status_changed_at > since)
        ]


class KeepsTheFirstStatus(SqlGateway):
    """Orders are looked for by the status that they were imported with."""

    def orders_in_status(self, source_code: str, statuses: Collection[str]) -> list[str]:
        everything = super().orders_in_status(source_code, self.reference_data().order_statuses)
        return everything if OPEN in statuses else []


class ShipsOneOfEach(SqlGateway):
    """Of each order, the last shipment counts."""

    def shipments_of(self, order_import_ids: Collection[str]) -> list[Shipment]:
        found = {each.order_import_id: each for each in super().shipments_of(order_import_ids)}
        return sorted(found.values(), key=lambda shipment: shipment.number)


class SortsLikeADictionary(SqlGateway):
    """By letters rather than by code points."""

    def products_for_store(self, part_numbers: Collection[str] | None = None) -> Iterator[Product]:
        found = list(super().products_for_store(part_numbers))
        return iter(
            sorted(
                found,
                key=lambda product: (
                    product.part_number.casefold().replace("ä", "a"),
                    product.part_number,
                ),
            )
        )


class SellsWhatIsReserved(SqlGateway):
    """What is on hand is taken for available."""

    def quantities_available(
        self, warehouse: str, part_numbers: Collection[str] | None = None
    ) -> Iterator[tuple[str, Decimal]]:
        reserved: dict[str, Decimal] = {}
        for order in self.sales_orders():
            for line in order.lines:
                key = (line.part_number or "").casefold()
                reserved[key] = reserved.get(key, Decimal(0)) + line.quantity
        for part_number, quantity in super().quantities_available(warehouse, part_numbers):
            yield part_number, quantity + reserved.get(part_number.casefold(), Decimal(0))


class ExportsGuestsBack(SqlGateway):
    """Clients who came from the store without an account count as new to it."""

    def clients_to_export(
        self, source_code: str, client_ids: Collection[int] | None = None
    ) -> list[Client]:
        if client_ids is not None:
            return super().clients_to_export(source_code, client_ids)
        new = [
            client
            for client in self.clients()
            if not (client.import_id or "").startswith(source_code)
        ]
        return [client for client in new if source_code not in client.store_customer_ids]


class BindsOneCustomerTwice(SqlGateway):
    """Two clients may be the same customer."""

    def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
        with suppress(BooksRefused):
            super().bind_client(client_id, source_code, store_customer_id)


class CapturesOnceMore(SqlGateway):
    """What was captured may be captured again, for another amount."""

    def record_capture(self, receipt_import_id: str, amount: Decimal, at: datetime) -> Receipt:
        try:
            return super().record_capture(receipt_import_id, amount, at)
        except BooksRefused:
            (receipt,) = (
                receipt for receipt in self.receipts() if receipt.import_id == receipt_import_id
            )
            return evolve(receipt, amount=amount, captured_at=at)


class ShipsAllOfIt(SqlGateway):
    """What is left to ship is not kept."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        lines = tuple(evolve(line, to_ship=line.quantity) for line in bundle.order.lines)
        return super().create_order(evolve(bundle, order=evolve(bundle.order, lines=lines)))


class FollowsWhateverIsThere(SqlGateway):
    """A receipt takes the new state whatever its own is."""

    def update_receipt(self, before: Receipt, after: Receipt) -> Receipt:
        with suppress(BooksRefused):
            return super().update_receipt(before, after)
        there = [one for one in self.receipts() if one.import_id == before.import_id]
        return super().update_receipt(there[0] if there else before, after)


class RefusesTheSameUpdate(SqlGateway):
    """An update of a receipt that was made before is taken for one that came too late."""

    def update_receipt(self, before: Receipt, after: Receipt) -> Receipt:
        (there,) = (one for one in self.receipts() if one.import_id == before.import_id)
        if (there.state, there.amount) != (before.state, before.amount):
            raise BooksRefused("it differs")
        return super().update_receipt(before, after)


class GoesOnWantingCaptures(SqlGateway):
    """A receipt that was captured is still to be captured."""

    def update_receipt(self, before: Receipt, after: Receipt) -> Receipt:
        return evolve(
            super().update_receipt(before, after),
            capture_wanted=before.capture_wanted,
            void_wanted=before.void_wanted,
        )


class ChangesWhatHasLeft(SqlGateway):
    """What is left to ship changes in any status."""

    def set_to_ship(self, order_import_id: str, to_ship: Mapping[int, Decimal]) -> SalesOrder:
        try:
            return super().set_to_ship(order_import_id, to_ship)
        except BooksRefused:
            (order,) = self.sales_orders([order_import_id])
            self.set_order_status(order_import_id, OPEN)
            super().set_to_ship(order_import_id, to_ship)
            return self.set_order_status(order_import_id, order.status)


class ShipsMoreThanWasOrdered(SqlGateway):
    """What is left to ship is cut to what was ordered rather than refused."""

    def set_to_ship(self, order_import_id: str, to_ship: Mapping[int, Decimal]) -> SalesOrder:
        most = Decimal("1.5")
        return super().set_to_ship(
            order_import_id, {line: min(left, most) for line, left in to_ship.items()}
        )


class SharesASource(SqlGateway):
    """An Import ID is the same order, whichever store it comes from."""

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        with suppress(BooksRefused):
            return super().create_order(bundle)
        return super().create_order(evolve(bundle, order=evolve(bundle.order, store_hash="")))


class LosesTheStore(SqlGateway):
    """An update that does not name the store takes it away."""

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        updated = super().update_order(bundle)
        return evolve(updated, store_hash=bundle.order.store_hash)


class TakesNoStoreForOne(SqlGateway):
    """Orders of which the store is not known count as those of one more store."""

    def source_stores(self, source_code: str) -> frozenset[str]:
        orders = [order for order in self.sales_orders() if order.source_code == source_code]
        return frozenset(order.store_hash for order in orders)


class DoublesCredits(SqlGateway):
    """The Import ID of a credit is not unique."""

    def create_credit(self, credit: Credit) -> bool:
        return super().create_credit(credit) or super().create_credit(
            evolve(
                credit,
                import_id=f"{credit.import_id}/{threading.get_ident()}/{len(self.credits())}",
            )
        )


class CreditsOrdersThatAreNotThere(SqlGateway):
    """A credit that the books refuse is taken for written."""

    def create_credit(self, credit: Credit) -> bool:
        try:
            return super().create_credit(credit)
        except BooksRefused:
            return True


FAULTS: dict[type[SqlGateway], set[str]] = {
    RefusesTheSecondCall: {"a_second_call_writes_nothing", "concurrent_calls_create_one_order"},
    OverwritesWhatStands: {"a_second_call_with_other_content_answers_what_stands"},
    ChecksBeforeItInserts: {"concurrent_calls_create_one_order"},
    LeavesHalfABundle: {"a_refusal_leaves_nothing"},
    LeavesHalfAnUpdate: {"a_refused_update_leaves_everything"},
    ReplacesWhatWentOn: {"an_order_that_went_on_is_not_replaced"},
    LosesReceipts: {"what_is_written_is_read_back"},
    LosesDecimals: {"what_is_written_is_read_back"},
    KeepsNoContact: {"what_is_written_is_read_back", "contacts_are_created_or_taken"},
    ComparesEmailsByCase: {"clients_are_found_by_import_id_and_by_email"},
    DoublesClients: {"concurrent_orders_of_one_new_client_share_the_client"},
    ReadsOneAtATime: {"reads_take_many_keys_and_leave_out_unknown_ones"},
    ForgetsTimeZones: {"times_come_back_in_utc"},
    TakesAnyStatus: {"an_unknown_status_or_order_is_refused"},
    StampsEveryTime: {"a_change_of_status_is_stamped_once"},
    LeavesOutTheMomentItself: {"changed_orders_are_listed"},
    KeepsTheFirstStatus: {"orders_by_their_status"},
    ShipsOneOfEach: {"shipments_of_some_orders"},
    SortsLikeADictionary: {"products_come_sorted_and_only_those_for_the_store"},
    SellsWhatIsReserved: {"what_is_available_is_on_hand_less_what_is_reserved"},
    ExportsGuestsBack: {"new_clients_are_exported"},
    BindsOneCustomerTwice: {"one_customer_is_one_client"},
    CapturesOnceMore: {"a_capture_is_recorded_once"},
    ShipsAllOfIt: {"what_is_written_is_read_back"},
    FollowsWhateverIsThere: {
        "a_receipt_that_differs_is_not_updated",
        "a_refusal_says_how_the_receipt_differs",
    },
    RefusesTheSameUpdate: {"the_same_update_again_changes_nothing"},
    GoesOnWantingCaptures: {"a_pre_authorized_receipt_changes_its_state"},
    ChangesWhatHasLeft: {"what_has_left_is_not_changed"},
    ShipsMoreThanWasOrdered: {"what_cannot_be_left_to_ship_is_refused"},
    SharesASource: {
        "an_order_of_another_store_is_refused",
        "of_two_stores_at_once_one_has_the_order",
    },
    LosesTheStore: {"an_order_of_which_the_store_is_not_known"},
    TakesNoStoreForOne: {"the_stores_of_a_source"},
    DoublesCredits: {"a_second_credit_writes_nothing"},
    CreditsOrdersThatAreNotThere: {"a_credit_that_is_wrong_leaves_nothing"},
}
"""Books, and the tests that they must not pass."""


def test_sound_books_pass(tmp_path: Path) -> None:
    assert Contract(tmp_path).failures(SqlGateway, set().union(*FAULTS.values())) == set()


@pytest.mark.parametrize("kind", FAULTS, ids=lambda kind: kind.__name__)
def test_a_fault_is_found(tmp_path: Path, kind: type[SqlGateway]) -> None:
    assert Contract(tmp_path).failures(kind, FAULTS[kind]) == FAULTS[kind]

"""Sound books with one fault each, and the tests of the contract that find it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from attrs import evolve

from avbc.acctvantage import (
    BooksRefused,
    Client,
    ClientTaken,
    CreatedOrder,
    Credit,
    OrderBundle,
    Product,
    Receipt,
    SalesOrder,
    Shipment,
    SqlGateway,
)
from avbc.acctvantage.records import COMMITTED, OPEN, PICKED
from avbc.text import text_key
from avbc.turns import Lease

_MOMENT = timedelta(microseconds=1)
_READS = "reads_take_many_keys_and_leave_out_unknown_ones"
_WRONG_ORDER = "an_order_that_is_wrong_leaves_nothing"
_EMAIL = "a_new_client_is_created_while_no_client_has_its_email"
_ONLY_HELD = "only_what_is_pre_authorized_is_captured_or_voided"


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


class WritesWishesBack(SqlGateway):
    """An update has the wishes that the caller read, and not those of the books."""

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        updated = super().update_order(bundle)
        for receipt in bundle.receipts:
            if receipt.state == "pre_authorized":
                self.want_capture(receipt.import_id, wanted=receipt.capture_wanted)
                if receipt.void_wanted:
                    self.want_void(receipt.import_id)
        return updated


class KeepsWishesForOtherAmounts(SqlGateway):
    """A capture that was asked for is one of any amount."""

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        wished = {one.import_id for one in self.receipts() if one.capture_wanted}
        updated = super().update_order(bundle)
        for receipt in bundle.receipts:
            if receipt.import_id in wished:
                self.want_capture(receipt.import_id)
        return updated


class ReplacesOtherReceipts(SqlGateway):
    """An update replaces the receipts that are there, whichever were read."""

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        return super().update_order(evolve(bundle, replaced=None))


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


class LooksUpClientsBeforeItInserts(SqlGateway):
    """Whether a client has an email is one transaction, and the client another."""

    def __init__(self) -> None:
        super().__init__()
        self._all_have_looked = threading.Barrier(8)

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        is_taken = self.find_clients([], [bundle.client_email])
        if threading.current_thread() is not threading.main_thread() and bundle.client_email:
            self._all_have_looked.wait(30)
        return super().create_order(bundle if is_taken else evolve(bundle, client_email=""))


class BindsWhoIsBeingImported(SqlGateway):
    """Whether a customer is a client is one transaction, and the client another."""

    def __init__(self) -> None:
        super().__init__()
        self._both_have_looked = threading.Barrier(2)

    def _wait(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            self._both_have_looked.wait(30)

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        new = bundle.new_client
        is_there = new is not None and self.find_clients([new.import_id or ""], [])
        self._wait()
        if new is not None and not is_there:
            bundle = evolve(bundle, new_client=evolve(new, import_id=f"{new.import_id}/"))
        return super().create_order(bundle)

    def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
        self._wait()
        super().bind_client(client_id, source_code, store_customer_id)


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
        between = super().set_order_status(import_id, OPEN if status != OPEN else COMMITTED)
        while between.status_changed_at and self.now() <= between.status_changed_at:
            """Two changes may come within the millisecond of a stamp."""
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
    ) -> Iterator[tuple[str, Decimal | None]]:
        reserved: dict[str, Decimal] = {}
        for order in self.sales_orders():
            for line in order.lines:
                key = (line.part_number or "").casefold()
                reserved[key] = reserved.get(key, Decimal(0)) + line.quantity
        for part_number, quantity in super().quantities_available(warehouse, part_numbers):
            back = reserved.get(part_number.casefold(), Decimal(0))
            yield part_number, None if quantity is None else quantity + back


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
            raise BooksRefused(f"receipt {before.import_id} differs")
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

    def order_sources(self) -> frozenset[tuple[str, str]]:
        return frozenset((order.source_code, order.store_hash) for order in self.sales_orders())


class IgnoresTheCaseOfCodes(SqlGateway):
    """Two Import Source Codes are one where only their case differs."""

    def order_sources(self) -> frozenset[tuple[str, str]]:
        return frozenset((code.upper(), store) for code, store in super().order_sources())


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


FAULTS: list[tuple[type[SqlGateway], dict[str, str]]] = [
    (
        RefusesTheSecondCall,
        {
            "a_second_call_writes_nothing": "order WEB1, written again",
            "concurrent_calls_create_one_order": "WEB1",
        },
    ),
    (
        OverwritesWhatStands,
        {"a_second_call_with_other_content_answers_what_stands": "order WEB1, with other content"},
    ),
    (ChecksBeforeItInserts, {"concurrent_calls_create_one_order": "of 8 calls with WEB1"}),
    (LeavesHalfABundle, {"a_refusal_leaves_nothing": "WEB2"}),
    (
        LeavesHalfAnUpdate,
        {"a_refused_update_leaves_everything": "order WEB2 with a receipt WEB1-2"},
    ),
    (ReplacesWhatWentOn, {"an_order_that_went_on_is_not_replaced": "an order that is Committed"}),
    (LosesReceipts, {"what_is_written_is_read_back": "WEB1-2"}),
    (LosesDecimals, {"what_is_written_is_read_back": "WEB1.lines[MUG-0].unit_price"}),
    (
        KeepsNoContact,
        {
            "what_is_written_is_read_back": "contact_id",
            "contacts_are_created_or_taken": "the contacts of client WEB1",
        },
    ),
    (ComparesEmailsByCase, {"clients_are_found_by_import_id_and_by_email": "the client's email"}),
    (
        DoublesClients,
        {"concurrent_orders_of_one_new_client_share_the_client": "the client of WEB"},
    ),
    (
        LooksUpClientsBeforeItInserts,
        {"concurrent_orders_of_one_new_email_create_one_client": "of 8 calls with guest0"},
    ),
    (
        ReadsOneAtATime,
        {"reads_take_many_keys_and_leave_out_unknown_ones": "orders by 2,000 Import IDs"},
    ),
    (ForgetsTimeZones, {"times_come_back_in_utc": "ordered_at of WEB1"}),
    (TakesAnyStatus, {"an_unknown_status_or_order_is_refused": "an unknown status"}),
    (
        StampsEveryTime,
        {
            "a_change_of_status_is_stamped_once": "given the same status again",
            "a_status_that_an_order_has_is_not_stamped": "WEB1.status_changed_at",
        },
    ),
    (LeavesOutTheMomentItself, {"changed_orders_are_listed": "since its stamp itself"}),
    (KeepsTheFirstStatus, {"orders_by_their_status": "orders of WEB in ['Open']"}),
    (ShipsOneOfEach, {"shipments_of_some_orders": "shipments of ['WEB1']"}),
    (
        SortsLikeADictionary,
        {"products_come_sorted_and_only_those_for_the_store": "all products"},
    ),
    (
        SellsWhatIsReserved,
        {"what_is_available_is_on_hand_less_what_is_reserved": "quantities after two orders"},
    ),
    (ExportsGuestsBack, {"new_clients_are_exported": "clients new to WEB"}),
    (
        BindsWhoIsBeingImported,
        {"a_customer_is_bound_and_imported_at_once_as_one_client": "clients of customer ABC1"},
    ),
    (BindsOneCustomerTwice, {"one_customer_is_one_client": "a customer bound to another client"}),
    (CapturesOnceMore, {"a_capture_is_recorded_once": "captured for another amount"}),
    (ShipsAllOfIt, {"what_is_written_is_read_back": "WEB1.lines[MUG-0].to_ship"}),
    (
        FollowsWhateverIsThere,
        {
            "a_receipt_that_differs_is_not_updated": "receipt WEB1-1, taken as pending",
            "a_refusal_says_how_the_receipt_differs": "a void that came late",
        },
    ),
    (
        RefusesTheSameUpdate,
        {"the_same_update_again_changes_nothing": "receipt WEB1-1, taken as before"},
    ),
    (
        GoesOnWantingCaptures,
        {"a_pre_authorized_receipt_changes_its_state": "WEB1-1.capture_wanted"},
    ),
    (ChangesWhatHasLeft, {"what_has_left_is_not_changed": "a Shipped/Invoice order"}),
    (
        ShipsMoreThanWasOrdered,
        {"what_cannot_be_left_to_ship_is_refused": "1.51 left of line 1001"},
    ),
    (
        SharesASource,
        {
            "an_order_of_another_store_is_refused": "WEB1 of another store",
            "of_two_stores_at_once_one_has_the_order": "of 8, of the store",
        },
    ),
    (WritesWishesBack, {"an_update_keeps_what_users_ask_for": "WEB1-1 with {'capture': True}"}),
    (
        KeepsWishesForOtherAmounts,
        {"an_update_keeps_what_users_ask_for": "capture_wanted of WEB1-1 over another amount"},
    ),
    (
        ReplacesOtherReceipts,
        {"an_update_replaces_the_receipts_that_were_read": "is gone: update_order must raise"},
    ),
    (LosesTheStore, {"an_order_of_which_the_store_is_not_known": "the store of WEB1"}),
    (TakesNoStoreForOne, {"the_sources_of_the_orders": "the sources"}),
    (IgnoresTheCaseOfCodes, {"the_sources_of_the_orders": "the sources"}),
    (DoublesCredits, {"a_second_credit_writes_nothing": "credits written by 8 calls"}),
    (CreditsOrdersThatAreNotThere, {"a_credit_that_is_wrong_leaves_nothing": "an unknown order"}),
]
"""Books, and the tests that they must not pass: each with what its message must say."""


class Right(Protocol):
    """The method of sound books that broken ones call."""

    def __call__(self, *args: Any) -> Any: ...


Wrong = Callable[..., object]


def broken(method: str, wrong: Wrong) -> type[SqlGateway]:
    """Books with one method that is wrong; it gets the books, their sound method and arguments."""

    def call(self: SqlGateway, *args: object) -> object:
        return wrong(self, getattr(super(kind, self), method), *args)

    kind = type(f"Wrong_{method}", (SqlGateway,), {method: call})
    return kind


def backwards(_: SqlGateway, right: Right, *args: object) -> list[object]:
    return list(right(*args))[::-1]


def all_for_none(_: SqlGateway, right: Right, keys: Collection[str] | None = None) -> object:
    return right(keys or None)


def instead_of_refusing(answer: Callable[..., object]) -> Wrong:
    def wrong(books: SqlGateway, right: Right, *args: object) -> object:
        with suppress(BooksRefused):
            return right(*args)
        return answer(books, *args)

    return wrong


def with_order(change: Callable[[SalesOrder], SalesOrder]) -> Wrong:
    return lambda _, right, bundle: right(evolve(bundle, order=change(bundle.order)))


def balanced(order: SalesOrder) -> SalesOrder:
    parts = order.subtotal + order.freight + order.tax - order.discount + order.rounding
    return evolve(order, total=parts)


def first_receipt(books: SqlGateway, *_: object) -> Receipt:
    return books.receipts()[0]


def without_nan(_: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    lines = tuple(
        line if line.quantity.is_finite() else evolve(line, quantity=Decimal(1))
        for line in bundle.order.lines
    )
    return right(evolve(bundle, order=evolve(bundle.order, lines=lines)))


def without_unknown_contact(_: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    return right(evolve(bundle, contact_id=None) if bundle.contact_id == 4711 else bundle)


def whatever_its_email(_: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    return right(evolve(bundle, client_email=""))


def but_for_contacts(books: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    key = text_key(bundle.client_email)
    owners = [each for each in books.clients() if text_key(each.email) == key]
    return right(bundle if owners else evolve(bundle, client_email=""))


def taken_before_anything_else(books: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    if bundle.new_client and books.find_clients([], [bundle.client_email]):
        raise ClientTaken("a client has the email")
    return right(bundle)


def codes_by_case(_: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    promotions = [
        each if each.code.isupper() else evolve(each, code=f"{each.code}2")
        for each in bundle.new_promotions
    ]
    return right(evolve(bundle, new_promotions=tuple(promotions)))


def one_by_one(books: SqlGateway, _: Right, bundles: Sequence[OrderBundle]) -> object:
    return [books.create_order(bundle) for bundle in bundles]


def without(**empty: object) -> Wrong:
    """Each bundle lacks something."""
    return lambda _, right, bundles: right([evolve(each, **empty) for each in bundles])


def creates(books: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    there = books.sales_orders([bundle.order.import_id])
    return right(bundle) if there else books.create_order(bundle).order


def keeps_receipts(books: SqlGateway, right: Right, bundle: OrderBundle) -> object:
    receipts = [evolve(each, id=None) for each in books.receipts([bundle.order.import_id])]
    return right(evolve(bundle, receipts=tuple(receipts)))


def keeps_what_is_left(books: SqlGateway, right: Right, bundle: OrderBundle) -> SalesOrder:
    (there,) = books.sales_orders([bundle.order.import_id])
    updated = right(bundle)
    lines = zip(updated.lines, there.lines, strict=False)
    return evolve(updated, lines=tuple(evolve(line, to_ship=old.to_ship) for line, old in lines))


def one_of_an_email(_: SqlGateway, right: Right, *args: object) -> list[Client]:
    return list({client.email: client for client in right(*args)}.values())


def by_their_own_import_ids(
    _: SqlGateway, right: Right, ids: Collection[str], emails: Collection[str]
) -> list[Client]:
    return [each for each in right(ids, emails) if emails or each.import_id in ids]


def by_part_number(_: SqlGateway, right: Right, numbers: Collection[str]) -> list[Product]:
    keys = {number.casefold() for number in numbers}
    return [product for product in right(numbers) if product.part_number.casefold() in keys]


def by_alias(books: SqlGateway, right: Right, numbers: Collection[str] | None = None) -> object:
    return right(numbers) if numbers is None else iter(books.find_products(numbers))


def by_text(_: SqlGateway, right: Right, *args: object) -> Iterator[SalesOrder]:
    return iter(sorted(right(*args), key=lambda order: order.import_id))


def by_their_own_letters(_: SqlGateway, right: Right, warehouse: str, some: Any = None) -> object:
    return (row for row in right(warehouse, some) if some is None or row[0] in some)


def of_any_warehouse(_: SqlGateway, right: Right, *args: object) -> Iterator[object]:
    with suppress(BooksRefused):
        yield from right(*args)


def until_picked(books: SqlGateway, right: Right, *args: object) -> Iterator[object]:
    picked = [order for order in books.sales_orders() if order.status == PICKED]
    for number, quantity in right(*args):
        back = sum(order.lines[0].quantity for order in picked)
        yield number, None if quantity is None else quantity + back


def by_the_day_they_left(
    _: SqlGateway, right: Right, source_code: str, since: datetime | None = None
) -> list[Shipment]:
    return [
        shipment
        for shipment in right(source_code)
        if since is None or (shipment.shipped_at and shipment.shipped_at >= since)
    ]


def the_first_one(books: SqlGateway, right: Right, shipment: Shipment) -> None:
    if shipment.number not in {each.number for each in books.shipments("WEB")}:
        right(shipment)


def once(books: SqlGateway, right: Right, client_id: int, source_code: str, number: int) -> None:
    bound = {client.id: client.store_customer_ids for client in books.clients()}
    if source_code not in bound.get(client_id, {}):
        right(client_id, source_code, number)


def with_guests(_: SqlGateway, right: Right, client_id: int, source_code: str, number: int) -> None:
    if number > 0:
        right(client_id, source_code, number)


def only_once_posted(books: SqlGateway, right: Right, import_id: str, *args: object) -> object:
    posted = [each for each in books.receipts() if each.import_id == import_id and each.posted]
    if posted:
        raise BooksRefused(f"receipt {import_id} is posted")
    return right(import_id, *args)


def with_its_method(_: SqlGateway, right: Right, before: Receipt, after: Receipt) -> Receipt:
    return evolve(right(before, after), store_payment_method=after.store_payment_method)


def only_of_pending(_: SqlGateway, right: Right, before: Receipt, after: Receipt) -> Receipt:
    return right(before, after) if before.state == "pending" else before


def rounded(_: SqlGateway, right: Right, order: str, to_ship: Mapping[int, Decimal]) -> object:
    return right(order, {line: round(left, 1) for line, left in to_ship.items()})


def by_number(_: SqlGateway, right: Right, *args: object) -> object:
    """Lines by their number of the store: of those that have none, one is left."""
    order = right(*args)
    assert isinstance(order, SalesOrder)
    return evolve(order, lines=tuple({line.store_line_id: line for line in order.lines}.values()))


def nan_as_nothing(
    _: SqlGateway, right: Right, order: str, to_ship: Mapping[int, Decimal]
) -> object:
    return right(
        order, {line: Decimal(0) if left.is_nan() else left for line, left in to_ship.items()}
    )


def without_nan_tax(_: SqlGateway, right: Right, credit: Credit) -> object:
    return True if credit.tax.is_nan() else right(credit)


def only_says_so(books: SqlGateway, _: Right, import_id: str, status: str) -> SalesOrder:
    (order,) = books.sales_orders([import_id])
    return evolve(order, status=status, status_changed_at=datetime.now(UTC))


def until_something_changes(books: SqlGateway, right: Right, *args: object) -> Iterator[object]:
    before = books.sales_orders()
    for row in right(*args):
        if books.sales_orders() != before:
            return
        yield row


WRONG: list[tuple[str, Wrong, str, str]] = [
    # The method, what it does wrong, the test that it must not pass, and what its message must say.
    (
        "reference_data",
        lambda _, right: evolve(right(), receipt_types=("Check",)),
        "purchase_order_is_always_a_receipt_type",
        "'Purchase Order'",
    ),
    ("sales_orders", all_for_none, _READS, "orders by no Import ID"),
    ("sales_orders", backwards, _READS, "orders by 2,000 Import IDs"),
    ("receipts", all_for_none, _READS, "receipts by no Import ID"),
    ("receipts", backwards, _READS, "receipts by 2,000 Import IDs"),
    ("find_clients", backwards, _READS, "clients by 2,000 Import IDs"),
    (
        "find_clients",
        lambda _, right, ids, emails: right([each.upper() for each in ids], emails),
        "clients_are_found_by_import_id_and_by_email",
        "clients by an Import ID in other letters",
    ),
    (
        "find_clients",
        by_their_own_import_ids,
        "a_customer_is_the_client_that_it_is_bound_to",
        "clients by ['ABC7']",
    ),
    (
        "find_clients",
        one_of_an_email,
        "guests_without_import_id_are_clients_of_their_own",
        "guests of one email",
    ),
    (
        "find_products",
        by_part_number,
        "products_are_found_by_part_number_and_alias",
        "products by ['BECHER']",
    ),
    (
        "create_order",
        instead_of_refusing(lambda _, bundle: CreatedOrder(bundle.order, created=True)),
        "an_order_that_is_wrong_leaves_nothing",
        "an empty Import ID",
    ),
    ("create_order", with_order(balanced), _WRONG_ORDER, "a total that is a cent more"),
    ("create_order", without_nan, _WRONG_ORDER, "a line whose quantity is NaN"),
    (
        "create_order",
        instead_of_refusing(lambda _, bundle: CreatedOrder(bundle.order, created=True)),
        "an_unknown_client_is_refused",
        "an unknown client",
    ),
    (
        "create_order",
        without_unknown_contact,
        "an_unknown_client_is_refused",
        "an unknown contact",
    ),
    (
        "create_order",
        lambda _, right, bundle: right(evolve(bundle, bind_import_id=None)),
        "an_import_id_is_bound_to_a_client_that_has_none",
        "clients with the Import ID WEB7",
    ),
    (
        "create_order",
        whatever_its_email,
        _EMAIL,
        "an email of a client: call must raise ClientTaken",
    ),
    (
        "update_order",
        whatever_its_email,
        _EMAIL,
        "an email of a client: call must raise ClientTaken",
    ),
    (
        "create_order",
        but_for_contacts,
        _EMAIL,
        "an email of a contact: call must raise ClientTaken",
    ),
    (
        "create_order",
        taken_before_anything_else,
        "an_email_is_taken_only_where_a_client_would_be_created_for_it",
        "order WEB1, written again",
    ),
    (
        "create_order",
        codes_by_case,
        "promotions_and_ship_vias_are_taken_as_they_stand",
        "the promotions",
    ),
    (
        "create_order",
        with_order(lambda order: evolve(order, memo=order.memo[:30_000])),
        "large_orders_survive",
        "order WEB1 of 500 lines",
    ),
    (
        "create_order",
        with_order(
            lambda order: evolve(order, ordered_on=order.ordered_at and order.ordered_at.date())
        ),
        "the_day_of_an_order_is_the_store_s_and_not_that_of_utc",
        "ordered_on of WEB1 and WEB2",
    ),
    ("create_orders", backwards, "a_group_is_written_like_its_orders", "the orders"),
    (
        "create_orders",
        one_by_one,
        "of_a_group_with_an_order_that_is_refused_nothing_is_written",
        "the books after an order that does not balance",
    ),
    (
        "create_orders",
        without(client_email=""),
        "groups_at_once_that_share_emails_and_names",
        "of two groups of turn 0, those written",
    ),
    (
        "create_orders",
        without(new_promotions=()),
        "groups_at_once_that_create_the_same_promotions",
        "the promotions of turn 0",
    ),
    (
        "sales_orders_ordered",
        by_text,
        "orders_of_a_period_come_by_their_number",
        "orders of March 2 to 4",
    ),
    (
        "sales_orders_ordered",
        lambda _, right, source, since, until: right(source, since, until - _MOMENT),
        "orders_of_a_period_come_by_their_number",
        "orders of March 2 to 4",
    ),
    (
        "update_order",
        instead_of_refusing(lambda books, _: books.sales_orders()[0]),
        "an_update_that_is_wrong_changes_nothing",
        "an empty Import ID",
    ),
    (
        "update_order",
        instead_of_refusing(lambda books, _: books.sales_orders()[0]),
        "an_order_with_a_posted_receipt_is_not_replaced",
        "an order with a posted receipt",
    ),
    ("update_order", creates, "an_order_that_is_not_there_is_not_replaced", "an unknown order"),
    ("update_order", keeps_receipts, "an_open_order_is_replaced", "the receipts in the books"),
    (
        "update_order",
        keeps_what_is_left,
        "an_update_replaces_what_is_left",
        "what is left of order WEB1",
    ),
    (
        "update_receipt",
        with_its_method,
        "a_pending_receipt_is_captured",
        "WEB1-1.store_payment_method",
    ),
    (
        "update_receipt",
        instead_of_refusing(lambda _books, _before, after: after),
        "a_posted_receipt_stays",
        "a posted receipt, captured",
    ),
    (
        "update_receipt",
        only_of_pending,
        "a_receipt_takes_what_is_captured_later",
        "receipt WEB1-1, captured further",
    ),
    ("set_to_ship", rounded, "what_is_left_to_ship_is_set", "0.2500 left of line 1001"),
    ("set_to_ship", by_number, "what_is_left_to_ship_is_set", "WEB1.lines has MUG-0, MUG-0"),
    (
        "set_to_ship",
        nan_as_nothing,
        "what_cannot_be_left_to_ship_is_refused",
        "NaN left of line 1001",
    ),
    (
        "set_order_status",
        lambda _, right, *args: evolve(right(*args), status_changed_at=datetime.now(UTC)),
        "concurrent_calls_change_a_status_once",
        "of 8 at once",
    ),
    (
        "sales_orders_changed",
        backwards,
        "changed_orders_come_as_they_were_inserted",
        "orders changed",
    ),
    ("shipments", backwards, "shipments_are_read_back", "all shipments"),
    ("shipments", by_the_day_they_left, "shipments_since_a_time", "shipments since yesterday"),
    (
        "shipments",
        lambda _, right, *args: [evolve(each, changed_at=None) for each in right(*args)],
        "a_change_of_a_shipment_is_stamped",
        "shipment 1 has no stamp",
    ),
    (
        "shipments",
        lambda _, right, source, since=None: right(source, since and since + _MOMENT),
        "a_change_of_a_shipment_is_stamped",
        # Of the first or of the last: both come in one moment of a fast clock.
        "itself",
    ),
    (
        "now",
        lambda _, right: right() - timedelta(minutes=5),
        "a_change_of_status_is_stamped_once",
        "after it",
    ),
    ("add_shipment", the_first_one, "a_shipment_may_change", "shipment 1, changed"),
    (
        "products_for_store",
        lambda _, right, *args: (evolve(product, aliases=()) for product in right(*args)),
        "every_field_of_a_product_comes",
        "MUG-1.aliases",
    ),
    ("products_for_store", by_alias, "every_field_of_a_product_comes", "an alias"),
    (
        "quantities_available",
        by_their_own_letters,
        "quantities_of_some_products",
        "quantities of some products",
    ),
    (
        "quantities_available",
        of_any_warehouse,
        "an_unknown_warehouse_is_refused",
        "the warehouse 'Nowhere'",
    ),
    (
        "quantities_available",
        lambda _, right, *args: ((number, left or Decimal(0)) for number, left in right(*args)),
        "what_was_never_counted_has_no_quantity",
        "products with a quantity in another warehouse",
    ),
    (
        "quantities_available",
        until_picked,
        "what_is_picked_is_reserved_still",
        "quantities once it is picked",
    ),
    ("clients_to_export", backwards, "new_clients_are_exported", "clients new to WEB"),
    ("bind_client", once, "a_client_is_bound_to_a_customer", "customers of a client, another one"),
    ("bind_client", with_guests, "one_customer_is_one_client", "customer 0"),
    ("receipts_to_capture", backwards, "receipts_that_wait_for_the_gateway", "receipts of WEB"),
    (
        "receipts_to_capture",
        lambda *_: [],
        "a_receipt_that_was_followed_waits_for_no_capture",
        "receipts that wait",
    ),
    (
        "receipts_authorized",
        lambda _, right, source, before: right(source, before + _MOMENT),
        "authorizations_grow_old",
        "authorized before the time itself",
    ),
    (
        "record_capture",
        lambda _, right, *args: evolve(right(*args), pre_auth_amount=Decimal(0)),
        "a_capture_of_a_part_leaves_what_was_held",
        "its pre_auth_amount",
    ),
    ("record_capture", instead_of_refusing(first_receipt), _ONLY_HELD, "a pending receipt"),
    (
        "record_capture",
        lambda books, right, *args: right(*args) if args[1].is_finite() else first_receipt(books),
        _ONLY_HELD,
        "amount NaN",
    ),
    (
        "record_capture",
        only_once_posted,
        "what_is_posted_once_captured_or_voided_stays",
        "receipt WEB1-1, captured and posted",
    ),
    (
        "record_void",
        lambda _, right, *args: evolve(right(*args), void_wanted=True),
        "a_void_is_recorded_once",
        "WEB1-1.void_wanted",
    ),
    ("record_void", instead_of_refusing(first_receipt), _ONLY_HELD, "a void of a pending receipt"),
    ("credits", backwards, "credits_are_read_back", "all credits"),
    ("credits", all_for_none, "credits_are_read_back", "credits of no order"),
    (
        "create_credit",
        without_nan_tax,
        "a_credit_that_is_wrong_leaves_nothing",
        "a tax that is NaN",
    ),
    (
        "bind_client",
        instead_of_refusing(lambda *_: None),
        "concurrent_bindings_of_one_customer_leave_one",
        "clients refused of 8 at once",
    ),
    (
        "record_capture",
        lambda books, *_: evolve(first_receipt(books), state="captured"),
        "concurrent_captures_and_voids_end_in_one_state",
        "what the 4 calls that succeed return",
    ),
    (
        "update_receipt",
        instead_of_refusing(lambda _books, _before, after: after),
        "concurrent_updates_of_a_receipt_end_in_one_state",
        "what the 4 calls that succeed return",
    ),
    (
        "update_receipt",
        lambda _books, _right, _before, after: after,
        "an_update_never_undoes_a_capture",
        "receipt WEB1-1",
    ),
    (
        "set_to_ship",
        lambda _, right, order, to_ship: right(order, {1000: Decimal(0), 1001: Decimal(0)}),
        "concurrent_changes_of_what_is_left_all_count",
        "what is left of lines 1000, 1001",
    ),
    (
        "update_order",
        keeps_receipts,
        "concurrent_updates_leave_one_of_them_whole",
        "order WEB1",
    ),
    (
        "set_order_status",
        only_says_so,
        "an_update_never_reaches_an_order_that_went_on_meanwhile",
        "the status of WEB1 in the books",
    ),
    (
        "set_order_status",
        only_says_so,
        "an_order_that_is_shipped_meanwhile_is_not_changed",
        "the status of WEB1",
    ),
    (
        "products_for_store",
        until_something_changes,
        "a_status_can_change_while_products_are_read",
        "the number of other products",
    ),
    (
        "products_for_store",
        until_something_changes,
        "the_books_can_be_used_while_products_are_read",
        "the other products",
    ),
    (
        "quantities_available",
        until_something_changes,
        "the_books_can_be_used_while_quantities_are_read",
        "the other quantities",
    ),
]
FAULTS += [(broken(method, wrong), {test: says}) for method, wrong, test, says in WRONG]


class LetsEverybodyHaveIt(SqlGateway):
    """No turn is ever refused."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        return Lease()


class SaysNotWhy(SqlGateway):
    """Who has no turn is not told."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        turn = super().take_turn(name, wait)
        return turn if turn.check() == "" else Lease()


class HasOneTurnForAll(SqlGateway):
    """A turn is of the books, and not of what is done."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        return super().take_turn("turn", wait)


class FoldsNames(SqlGateway):
    """Names in other letters are the same."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        return super().take_turn(name.casefold(), wait)


class KeepsTurns(SqlGateway):
    """A turn that was released stays taken."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        turn = super().take_turn(name, wait)
        return turn if turn.check() else _NeverReleased(turn)


class _NeverReleased(Lease):
    def __init__(self, turn: Lease) -> None:
        super().__init__()
        self.turn = turn


class ReleasesTheTurnOfAnother(SqlGateway):
    """Whoever releases ends the turn of this name."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        turn = super().take_turn(name, wait)
        if not turn.check():
            self.last = turn
            return turn
        return _Releases(self.last, turn.check())


class _Releases(Lease):
    def __init__(self, turn: Lease, refusal: str) -> None:
        super().__init__(refusal)
        self.turn = turn

    def release(self) -> None:
        self.turn.release()


class WaitsForNobody(SqlGateway):
    """A turn that another has is refused at once."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        return super().take_turn(name)


class TakesItWhenTheWaitIsOver(SqlGateway):
    """Who has waited for long enough has the turn as well."""

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        turn = super().take_turn(name, wait)
        return Lease() if wait and turn.check() else turn


class LooksBeforeItTakes(SqlGateway):
    """Whether another has the turn is asked first, and noted afterwards."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._taken: set[str] = set()
        self._all_have_looked = threading.Barrier(8)

    def take_turn(self, name: str, wait: timedelta = timedelta(0)) -> Lease:
        if name in self._taken:
            return Lease("taken")
        self._all_have_looked.wait(30)
        self._taken.add(name)
        return Lease()


TURN_FAULTS: list[tuple[type[SqlGateway], dict[str, str]]] = [
    (
        LetsEverybodyHaveIt,
        {
            "one_has_a_turn": "check must say why there is none",
            "of_eight_at_once_one_has_the_turn": "how many of 8 at once",
            "a_turn_is_waited_for": "after a wait",
        },
    ),
    (SaysNotWhy, {"one_has_a_turn": "check must say why there is none"}),
    (HasOneTurnForAll, {"each_name_has_a_turn_of_its_own": "check of the turn 'PUSH"}),
    (FoldsNames, {"each_name_has_a_turn_of_its_own": "check of the turn 'PUSH"}),
    (KeepsTurns, {"a_turn_that_was_released_can_be_taken": "check of the next turn"}),
    (
        ReleasesTheTurnOfAnother,
        {"a_turn_that_was_released_can_be_taken": "one that had none was released"},
    ),
    (WaitsForNobody, {"a_turn_is_waited_for": "one that waits while another has it"}),
    (TakesItWhenTheWaitIsOver, {"a_turn_is_waited_for": "after a wait"}),
    (LooksBeforeItTakes, {"of_eight_at_once_one_has_the_turn": "how many of 8 at once"}),
]

"""The Gateway in its parts: what avbc needs of AcctVantage, which publishes no API.

You implement `ImportGateway`, and the part of each other direction that you want. What these
docstrings ask for is what the contracts in `avbc.testing` test: `ImportContract` for
`ImportGateway`, and one for each other part.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from avbc.acctvantage.records import (
    Client,
    CreatedOrder,
    Credit,
    OrderBundle,
    Product,
    Receipt,
    ReferenceData,
    SalesOrder,
    Shipment,
)


@runtime_checkable
class ImportGateway(Protocol):
    """The books, as an import sees them: all that `import_orders` needs.

    That holds for the other parts of `Gateway` too:

    - Every method raises `BooksUnreachable` where trying again can help, `BooksRefused` where it
      cannot, and `BooksUnusable` where the books and not the record need repair. A call that raises
      has changed nothing. Every method is safe to call from several threads.
    - Every read takes many keys at once, and leaves out what it does not find. A key that is empty
      finds nothing. No key at all finds nothing, and None, where it is allowed, finds everything. A
      key that is named twice finds its record once.
    - What is written is read back, every field: a `Decimal` to its last decimal, a time as the same
      moment in UTC, text of any length in any script. `id`, and the ids that name another record,
      are yours to give: ints above 0 that never change.
    - Import IDs and source codes compare exactly, letter by letter. Emails, part numbers, and the
      codes and names of reference data compare by `avbc.text.text_key`.
    - An Import ID is unique among the records of its kind, and never empty: a write that has an
      empty one, or one that is another record's, raises `BooksRefused`. A client without one has
      None. A receipt that comes with an empty one may be given the next of its order instead.
    - An amount or a quantity that is NaN or infinite, or a time without a time zone, raises
      `BooksRefused`.
    - Records of a list that come "as they were inserted" come in the sequence in which they were
      first written, whatever was changed since.

    A `source_code` is the Import Source Code of a configuration, and what belongs to it is what its
    sales orders say. A `since` is a time of the books, and included. A record is stamped a moment
    before others can read it, so a caller that asks for what is new asks again for the last
    minutes.

    >>> from avbc.testing import MemoryGateway
    >>> isinstance(MemoryGateway(), ImportGateway)
    True
    """

    @abstractmethod
    def reference_data(self) -> ReferenceData:
        """Return the reference data as one snapshot.

        `PURCHASE_ORDER` is always among the Receipt Types, whether a user entered it or not.
        """
        ...

    @abstractmethod
    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        """Return the sales orders with these Import IDs, or all of them, as they were inserted."""
        ...

    @abstractmethod
    def receipts(self, import_ids: Collection[str] | None = None) -> list[Receipt]:
        """Return the receipts on the orders with these Import IDs, or all of them.

        They come as they were inserted: the receipts of an order in the order of its bundle.
        """
        ...

    @abstractmethod
    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[Client]:
        """Return the clients with one of these Import IDs or emails, their own or a contact's.

        Each comes once, with its contacts, as they were inserted. A client that is bound to a
        customer (`ClientGateway.bind_client`) is found by the customer's Import ID, too.
        """
        ...

    @abstractmethod
    def find_products(self, part_numbers: Collection[str]) -> list[Product]:
        """Return the products whose part number or alias is among these; both by `text_key`.

        Whether they are for the store or not, each once, in any order.
        """
        ...

    @abstractmethod
    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        """Write the bundle in one transaction, or nothing.

        Idempotent on the order's Import ID by a unique constraint: a second call writes nothing and
        returns what is in the books, with `created` False, also where the content is another. Of
        calls at once, one creates the order.

        The order gets an `id`, a `client_id` and a `contact_id`. A new client whose Import ID finds
        a client (`find_clients`) is that client, which stays as it is; one without an Import ID is
        always a client of its own. `bind_import_id` becomes the Import ID of a client that has
        none, and never replaces one. A new contact is the one of the client with the same name and
        email, in any case, or is created. Promotions and ship vias that are there already stay as
        they are.

        Raises `ClientTaken`, and writes nothing, where a new client would be created and a client
        of the books has the email `client_email` by now, its own or a contact's. The look-up and
        the insert are one step: of calls at once with one `client_email`, from any thread, process
        and machine, one creates a client. An order that is in the books already comes first.

        Raises `BooksRefused` where

        - the order in the books came from another store: both have a `store_hash`, and it is not
          the same. The message names the store in the books;
        - there is neither a `client_id` nor a new client, or `client_id` or `contact_id` is no
          record of the books;
        - the order does not add up to its `total`, to the last decimal;
        - a receipt is on another order, or its Import ID is another receipt's.
        """
        ...

    @abstractmethod
    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        """Replace the order and its receipts by the bundle's, in one transaction.

        The order keeps its `id`, and a `store_hash` that is known where the bundle has none.
        Everything else is the bundle's, what is left to ship too; but a receipt whose money
        (`Receipt.money`) stays keeps `capture_wanted` and `void_wanted` as the books have them. Of
        calls at once, the order and its receipts are those of one of them.

        Raises `ReceiptsChanged` where the bundle has `replaced`, and the receipts in the books are
        not these (Import ID, `receipt_type`, `state` and both amounts). `replacing` does both.

        Raises `BooksRefused` where there is no such order, its status is past Open, a receipt on it
        is posted, or it came from another store, and for what `create_order` refuses. Raises
        `ClientTaken` as `create_order` does.
        """
        ...

    @abstractmethod
    def sales_orders_ordered(
        self, source_code: str, since: datetime, until: datetime
    ) -> Iterator[SalesOrder]:
        """Yield the orders of a source that were ordered in a period, by the store's order id.

        By number: 9 comes before 10. Both ends are included, and orders without `ordered_at` are in
        no period. The orders are read as they are taken, so that a year of them needs little
        memory.
        """
        ...

    @abstractmethod
    def order_sources(self) -> frozenset[tuple[str, str]]:
        """Return the `source_code` and `store_hash` of all orders, each pair once.

        Orders without a `store_hash` are left out.
        """
        ...


@runtime_checkable
class FollowGateway(Protocol):
    """What becomes of an imported order in the store, for `follow_orders`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, FollowGateway)
    True
    """

    @abstractmethod
    def update_receipt(self, before: Receipt, after: Receipt) -> Receipt:
        """Let a receipt follow its payment in the store: compare and set, by its Import ID.

        Where the receipt in the books is not posted and is as `before` (`receipt_type`, `state`,
        `amount` and `pre_auth_amount`), its state, its two amounts, `authorized_at`, `captured_at`,
        `voided_at`, `gateway` and `gateway_transaction_id` become those of `after`. Where it is no
        longer pre-authorized, `capture_wanted` and `void_wanted` are cleared. Nothing else of it
        changes. One that is as `after` in those four fields already stays as it is, posted or not.

        Raises `BooksRefused` where the receipt is posted or in any other state: the message has its
        Import ID, and the state and the amount in the books. Raises it too where `before` and
        `after` are not the same receipt of the same order, there is no such receipt, or an amount
        of `after` is below zero. Of two calls at once with different ends, one succeeds and the
        other is refused.
        """
        ...

    @abstractmethod
    def set_to_ship(self, order_import_id: str, to_ship: Mapping[int, Decimal]) -> SalesOrder:
        """Say what is left to ship of lines of an order, by their `store_line_id`.

        Lines that have it already stay as they are, in any status, and so do other lines. Raises
        `BooksRefused` where there is no such order, it lacks such a line, a number is negative or
        above the line's `quantity`, the order is Shipped/Invoice or further, or a receipt on it is
        posted. Then no line changes. Of calls at once on several lines, all count.
        """
        ...


@runtime_checkable
class StatusGateway(Protocol):
    """Order statuses, for `push_order_statuses` and `pull_order_statuses`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, StatusGateway)
    True
    """

    @abstractmethod
    def sales_orders_changed(self, source_code: str, since: datetime) -> list[SalesOrder]:
        """Return the orders of a source whose status changed since a time.

        They come as they were inserted. An order whose status never changed after its import has no
        `status_changed_at`, and is not among them.
        """
        ...

    @abstractmethod
    def orders_in_status(self, source_code: str, statuses: Collection[str]) -> list[str]:
        """Return the Import IDs of a source's orders that have one of these statuses now.

        They come in any order. The statuses are some of those of `reference_data`. This is asked
        once an hour, for the orders that are not shipped yet: it should cost what these orders are,
        and not what all orders of the books are.
        """
        ...

    @abstractmethod
    def set_order_status(self, import_id: str, status: str) -> SalesOrder:
        """Give an order a status, and stamp `status_changed_at` with the present time.

        An order that has the status already stays as it is, with its stamp; nothing else of an
        order changes. Raises `BooksRefused` if there is no such order or no such status. Whether an
        order may be posted, the caller must know.
        """
        ...


@runtime_checkable
class ShipmentGateway(Protocol):
    """Shipments for the store, for `push_shipments`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, ShipmentGateway)
    True
    """

    @abstractmethod
    def shipments(self, source_code: str, since: datetime | None = None) -> list[Shipment]:
        """Return the shipments of a source's orders, by their numbers.

        All of them, or those that were made or changed in the books since a time: when the goods
        left (`shipped_at`) does not count. Each has items, its own or those of its parcels.
        """
        ...

    @abstractmethod
    def shipments_of(self, order_import_ids: Collection[str]) -> list[Shipment]:
        """Return the shipments of the orders with these Import IDs, by their numbers."""
        ...


@runtime_checkable
class ProductGateway(Protocol):
    """Products for the store, for `push_products`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, ProductGateway)
    True
    """

    @abstractmethod
    def products_for_store(self, part_numbers: Collection[str] | None = None) -> Iterator[Product]:
        """Yield the products whose Sync to Webstore is ticked: these part numbers, or all.

        They are sorted by `text_key` of the part number, character by character as Python sorts
        text, each key once. An alias finds none here. They are read as they are taken, so that a
        million of them need little memory; other methods are called between two of them.
        """
        ...


@runtime_checkable
class StockGateway(Protocol):
    """Quantities for the store, for `push_inventory`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, StockGateway)
    True
    """

    @abstractmethod
    def quantities_available(
        self, warehouse: str, part_numbers: Collection[str] | None = None
    ) -> Iterator[tuple[str, Decimal | None]]:
        """Yield part number and Qty Available of stocked products with Sync to Webstore ticked.

        Of these part numbers, or all; sorted, and read as they are taken, as `products_for_store`
        does. The quantity is None where none is known, as of a product that was never counted in
        the warehouse: it is not sent, and the report names it. What is left out is not sent either,
        as those of the kind `non_inventory`; 0 is sent, as sold out.

        A quantity is what is on hand less what orders reserve, as the books have it: it may be
        negative, and have decimals. An order reserves the `quantity` of its lines from its import
        until it is shipped. Raises `BooksRefused` where there is no such warehouse.
        """
        ...


@runtime_checkable
class ClientGateway(Protocol):
    """Clients for the store, for `export_clients`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, ClientGateway)
    True
    """

    @abstractmethod
    def clients_to_export(
        self, source_code: str, client_ids: Collection[int] | None = None
    ) -> list[Client]:
        """Return the clients with these ids, or all who are new to the store of this source; by id.

        New are those who are bound to no customer of the store and did not come from it: neither by
        an Import ID of the source nor, as guests, by one of its orders. Those with the ids come
        whether they are new or not.
        """
        ...

    @abstractmethod
    def bind_client(self, client_id: int, source_code: str, store_customer_id: int) -> None:
        """Note which customer of the store a client is; one noted before is replaced.

        A client has one customer for each source, in `store_customer_ids`. Raises `BooksRefused`
        where there is no such client, the number is not above 0 (a guest has none), or the customer
        is another client already: bound to it, or imported as it by an Import ID of the source. Of
        calls at once that bind several clients to one customer, one succeeds; and a customer whose
        first order comes at the same moment is one client.
        """
        ...


@runtime_checkable
class PaymentGateway(Protocol):
    """Captures and voids of pre-authorized receipts, for `capture_payments`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, PaymentGateway)
    True
    """

    @abstractmethod
    def receipts_to_capture(self, source_code: str) -> list[Receipt]:
        """Return the pre-authorized receipts of a source with `capture_wanted` or `void_wanted`.

        They come as they were inserted.
        """
        ...

    @abstractmethod
    def receipts_authorized(self, source_code: str, before: datetime) -> list[Receipt]:
        """Return the pre-authorized receipts of a source that were authorized before a time.

        They come as they were inserted. Here the time itself is not included. Those with
        `capture_wanted` or `void_wanted` are left out: `receipts_to_capture` has them.
        """
        ...

    @abstractmethod
    def record_capture(self, receipt_import_id: str, amount: Decimal, at: datetime) -> Receipt:
        """Turn a pre-authorized receipt into one captured for this amount at this time.

        `amount` becomes the amount captured, which may be a part. `pre_auth_amount` stays what was
        pre-authorized, so that a person sees what was given up. `capture_wanted` and `void_wanted`
        are cleared. One that is captured for this amount stays as it is, with the time of the first
        capture. Raises `BooksRefused` for any other state or amount, an unknown receipt, one that
        is posted before it was captured, and an amount that is not above zero. Of captures and
        voids at once, one kind succeeds and the other is refused.
        """
        ...

    @abstractmethod
    def record_void(self, receipt_import_id: str, at: datetime) -> Receipt:
        """Turn a pre-authorized receipt into a voided one; one that is voided stays as it is.

        `capture_wanted` and `void_wanted` are cleared; both amounts stay as they were. Raises
        `BooksRefused` for any other state, and for a posted or unknown receipt.
        """
        ...


@runtime_checkable
class CreditGateway(Protocol):
    """Refunds from the store, for `import_refunds`.

    >>> from avbc import SqlGateway
    >>> issubclass(SqlGateway, CreditGateway)
    True
    """

    @abstractmethod
    def create_credit(self, credit: Credit) -> bool:
        """Write a credit on an order; return False, writing nothing, if its Import ID is there.

        The Import ID alone decides, whatever the content is; of calls at once, one writes.
        Raises `BooksRefused` where the order is not in the books, or the credit does not add up:
        its lines and its tax make its `total`, and so do its tenders.
        """
        ...

    @abstractmethod
    def credits(self, order_import_ids: Collection[str] | None = None) -> list[Credit]:
        """Return the credits on the orders with these Import IDs, or all; as they came in."""
        ...


@runtime_checkable
class Gateway(
    ImportGateway,
    FollowGateway,
    StatusGateway,
    ShipmentGateway,
    ProductGateway,
    StockGateway,
    ClientGateway,
    PaymentGateway,
    CreditGateway,
    Protocol,
):
    """The books with every part. A class that derives from it must define every method.

    >>> from avbc.testing import MemoryGateway
    >>> isinstance(MemoryGateway(), Gateway)
    True
    """

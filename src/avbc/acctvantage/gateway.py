"""The Gateway: what avbc needs of AcctVantage, in the ERP's words. AcctVantage publishes no API, so the embedder implements it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol, runtime_checkable

from avbc.acctvantage.records import Client, CreatedOrder, OrderBundle, Product, Receipt, ReferenceData, SalesOrder
from avbc.errors import Fault, FaultyInputError, FinalError, TransientError


class BooksUnreachable(TransientError):
    """The books could not be read or written: the database is down, locked or full. The order stays New."""


class BooksRefused(FinalError):
    """The books refuse a record: it would break a rule of theirs, such as a second use of an Import ID."""


class BooksUnusable(FinalError):
    """The books themselves must be mended first: a wrong URL, no permission, tables of a later version. No record is at fault."""


class BooksFileError(FaultyInputError):
    """A file to be loaded into the books has faults; nothing of it was loaded.

    `faults` holds the first of them and `unlisted` counts the rest.

    >>> print(BooksFileError("products.csv", [Fault("name", "must not be empty", 2)], unlisted=7))
    products.csv has 8 faults, of which the first is listed:
      line 2, name: must not be empty
    """

    def __init__(self, source: str, faults: Sequence[Fault], unlisted: int = 0) -> None:
        super().__init__(source, faults)
        self.unlisted = unlisted
        if unlisted:
            listed = "the first is" if len(faults) == 1 else f"the first {len(faults)} are"
            head = f"{source} has {len(faults) + unlisted:,} faults, of which {listed} listed:"
            self.args = ("\n".join([head, *(f"  {fault}" for fault in faults)]),)

    def __reduce__(self) -> tuple[type[BooksFileError], tuple[str, tuple[Fault, ...], int]]:  # type: ignore[override]  # one argument more
        return type(self), (self.source, self.faults, self.unlisted)


@runtime_checkable
class Gateway(Protocol):
    """The books, as avbc sees them.

    Every read takes many keys at once and leaves out what it does not find. Every method raises `BooksUnreachable` where trying
    again can help and `BooksRefused` where it cannot, `BooksUnusable` where it is the books that must be mended and not the record,
    and is safe to call from several threads.
    """

    def reference_data(self) -> ReferenceData:
        """Return the reference data as one snapshot."""
        ...

    def sales_orders(self, import_ids: Collection[str] | None = None) -> list[SalesOrder]:
        """Return the sales orders with these Import IDs, or all of them; ordered by Import ID as inserted."""
        ...

    def receipts(self, import_ids: Collection[str] | None = None) -> list[Receipt]:
        """Return the receipts on the orders with these Import IDs, or all of them."""
        ...

    def find_clients(self, import_ids: Collection[str], emails: Collection[str]) -> list[Client]:
        """Return the clients with one of these Import IDs, or with one of these emails on themselves or on a contact.

        Emails compare trimmed and without case.
        """
        ...

    def find_products(self, part_numbers: Collection[str]) -> list[Product]:
        """Return the products whose part number or alias is among these; both compare without case."""
        ...

    def create_order(self, bundle: OrderBundle) -> CreatedOrder:
        """Write the bundle in one transaction, or nothing.

        Idempotent on the order's Import ID by a unique constraint: a second call writes nothing and answers with what stands in the
        books. Promotions, ship vias and a client whose Import ID is there already are taken as they stand.
        """
        ...

    def update_order(self, bundle: OrderBundle) -> SalesOrder:
        """Replace the order and its receipts by the bundle's, in one transaction.

        Only while the order is Open and no receipt of it is posted; raises `BooksRefused` otherwise.
        """
        ...

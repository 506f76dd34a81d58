"""The history of one order: the journal, the books and the store."""

from __future__ import annotations

from avbc.acctvantage.gateway import ImportGateway
from avbc.bigcommerce import BigCommerce, NotFound, StoreError
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.parts import Parts
from avbc.orchestrator.reports import History


def order_history(
    order_id: int, import_id: str, store: BigCommerce, books: ImportGateway, journal: Journal
) -> History:
    """Read what the journal, the books and the store have of an order.

    If the store does not answer, the report has the rest.

    Raises:
        BooksUnreachable: The books cannot be read.
        JournalUnreachable: The journal cannot be read.
    """
    status = note = ""
    try:
        order = store.orders.get(order_id)
        status = order.custom_status or order.status
    except NotFound:
        note = "the store has no such order"
    except StoreError as error:
        note = f"its status in the store is not known ({error})"
    sales_orders = books.sales_orders([import_id])
    return History(
        order_id=order_id,
        import_id=import_id,
        entries=tuple(journal.entries(import_id)),
        store_status=status,
        store_note=note,
        sales_order=sales_orders[0] if sales_orders else None,
        pickup=Parts(books).known_pickups([import_id]).get(import_id),
        receipts=tuple(books.receipts([import_id])) if sales_orders else (),
    )

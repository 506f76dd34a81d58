"""The history of one order: the journal, the books and the store."""

from __future__ import annotations

from avbc.acctvantage.gateway import ImportGateway
from avbc.bigcommerce import BigCommerce, NotFound, StoreError
from avbc.orchestrator.engine.incoming import NoSuchOrder
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.parts import Parts
from avbc.orchestrator.history_report import History


def order_history(
    order_id: int, import_id: str, store: BigCommerce, books: ImportGateway, journal: Journal
) -> History:
    """Read what the journal, the books and the store have of an order.

    If the store does not answer, the report has the rest.

    Raises:
        NoSuchOrder: Neither of them has anything of it, nor has the store.
        BooksUnreachable: The books cannot be read.
        JournalUnreachable: The journal cannot be read.
    """
    status = note = ""
    is_gone = False
    try:
        order = store.orders.get(order_id)
        status = order.custom_status or order.status
    except NotFound:
        note, is_gone = "the store has no such order", True
    except StoreError as error:
        note = f"its status in the store is not known ({error})"
    sales_orders, entries = books.sales_orders([import_id]), journal.entries(import_id)
    if is_gone and not (sales_orders or entries):
        raise NoSuchOrder(
            f"nothing is known of order {order_id}: the store has no such order, the books have no "
            f"{import_id}, and nothing was ever done for it. Check the number"
        )
    return History(
        order_id=order_id,
        import_id=import_id,
        entries=tuple(entries),
        store_status=status,
        store_note=note,
        sales_order=sales_orders[0] if sales_orders else None,
        pickup=Parts(books).known_pickups([import_id]).get(import_id),
        receipts=tuple(books.receipts([import_id])) if sales_orders else (),
    )

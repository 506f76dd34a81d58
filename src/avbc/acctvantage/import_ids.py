"""Import IDs: what a record of the books is found by, made of the store's ids.

An Import ID is the Import Source Code and the store's id. A receipt's and a credit's start with
their order's.
"""

from __future__ import annotations

from collections.abc import Iterable


def order_import_id(import_source_code: str, order_id: int) -> str:
    """Import Source Code + BigCommerce order id.

    >>> order_import_id("WEB", 1042)
    'WEB1042'
    """
    return f"{import_source_code}{order_id}"


def store_order_ids(import_source_code: str, import_ids: Iterable[str]) -> set[int]:
    """The BigCommerce order ids in Import IDs of orders.

    >>> store_order_ids("WEB", ["WEB1042", "WEB"])
    {1042}
    """
    numbers = {key.removeprefix(import_source_code) for key in import_ids}
    return {int(number) for number in numbers if number.isascii() and number.isdigit()}


def client_import_id(import_source_code: str, customer_id: int) -> str | None:
    """Import Source Code + BigCommerce customer id; None for a guest, who has no customer id.

    >>> client_import_id("WEB", 20), client_import_id("WEB", 0)
    ('WEB20', None)
    """
    return f"{import_source_code}{customer_id}" if customer_id > 0 else None


def customers(import_ids: Iterable[str]) -> dict[str, set[int]]:
    """The customers that are meant by Import IDs of clients, by Import Source Code: 3 characters.

    >>> customers(["WEB20", "WEB7", "ABC7", "WEB07", "20"])
    {'WEB': {20, 7}, 'ABC': {7}}
    """
    found: dict[str, set[int]] = {}
    for import_id in import_ids:
        code, number = import_id[:3], import_id[3:]
        # More digits are no number that a database keeps.
        if number.isascii() and number.isdigit() and number[0] != "0" and len(number) < 19:
            found.setdefault(code, set()).add(int(number))
    return found


def receipt_import_id(order_import_id: str, number: int) -> str:
    """The order's Import ID and the receipt's number among its receipts, from 1.

    >>> receipt_import_id("WEB1042", 1)
    'WEB1042-1'
    """
    return f"{order_import_id}-{number}"


def receipt_number(import_id: str, order_import_id: str) -> int:
    """A receipt's number among those that the import of its order made; 0 for any other receipt.

    >>> receipt_number("WEB1042-1", "WEB1042"), receipt_number("AV-7", "WEB1042")
    (1, 0)
    """
    start, dash, number = import_id.rpartition("-")
    is_ours = start == order_import_id and dash and number.isascii() and number.isdecimal()
    return int(number) if is_ours else 0


def credit_import_id(order_import_id: str, refund_id: int) -> str:
    """The order's Import ID, `-CM` and the store's refund id.

    Inferred; AcctVantage gives credit memos of its Shopify integration the suffix `-CM` (manual,
    Shopify - Sales Orders).

    >>> credit_import_id("WEB1042", 7)
    'WEB1042-CM7'
    """
    return f"{order_import_id}-CM{refund_id}"

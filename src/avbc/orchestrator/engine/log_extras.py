"""What log records about orders have beside their messages (docs/logging.md)."""

from __future__ import annotations


def order_extra(order_id: int, import_id: str) -> dict[str, object]:
    """The ids of an order, for the `extra` of a log record; 0 and nothing where it is not about an order."""
    return {"order_id": order_id, "import_id": import_id}

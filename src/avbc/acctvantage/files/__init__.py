"""Files that a person imports into AcctVantage, or exports from it; no Gateway is needed."""

from avbc.acctvantage.files.exports import Layout
from avbc.acctvantage.files.wizard import (
    Changes,
    clients_since,
    products_since,
    write_aliases,
    write_clients,
    write_products,
)

__all__ = [
    "Changes",
    "Layout",
    "clients_since",
    "products_since",
    "write_aliases",
    "write_clients",
    "write_products",
]

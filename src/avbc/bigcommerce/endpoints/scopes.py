"""OAuth scopes, by their names in BigCommerce's control panel, and a harmless probe of each.

BigCommerce has no endpoint that lists a token's scopes (docs/facts.md, bigcommerce-limits).
"""

from __future__ import annotations

from types import MappingProxyType

from avbc.bigcommerce.body import Body
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.endpoints.parts import ignored
from avbc.text import quoted

ORDERS = "Orders: read-only"
ORDERS_MODIFY = "Orders: modify"
TRANSACTIONS = "Order Transactions: read-only"
PRODUCTS = "Products: read-only"
PRODUCTS_MODIFY = "Products: modify"
INVENTORY = "Store Inventory: read-only"
INVENTORY_MODIFY = "Store Inventory: modify"
LOCATIONS = "Store Locations: read-only"
CUSTOMERS = "Customers: read-only"
CUSTOMERS_MODIFY = "Customers: modify"
INFORMATION = "Information & Settings: read-only"
PAYMENT_METHODS = "Get accepted methods"

# Reads ask for as little as can be asked. Writes cannot succeed: there is no order 0, and a list of
# nothing changes nothing (inferred: the scope is checked before the body is).
_ONE = {"limit": "1"}
_PROBES: MappingProxyType[str, tuple[str, str, dict[str, str], Body]] = MappingProxyType(
    {
        ORDERS: ("GET", "/v2/orders", _ONE, None),
        ORDERS_MODIFY: ("PUT", "/v2/orders/0", {}, {}),
        TRANSACTIONS: ("GET", "/v3/orders/0/transactions", {}, None),
        PRODUCTS: ("GET", "/v3/catalog/products", _ONE, None),
        PRODUCTS_MODIFY: ("PUT", "/v3/catalog/products", {}, []),
        INVENTORY: ("GET", "/v3/inventory/items", _ONE, None),
        INVENTORY_MODIFY: ("PUT", "/v3/inventory/adjustments/absolute", {}, {"items": []}),
        LOCATIONS: ("GET", "/v3/inventory/locations", _ONE, None),
        CUSTOMERS: ("GET", "/v3/customers", _ONE, None),
        CUSTOMERS_MODIFY: ("PUT", "/v3/customers", {}, []),
        INFORMATION: ("GET", "/v2/store", {}, None),
        PAYMENT_METHODS: ("GET", "/v2/payments/methods", _ONE, None),
    }
)

SCOPES = tuple(_PROBES)
"""The scopes that can be probed."""


def probe_scope(scope: str) -> Call[None]:
    """Return a call that changes nothing and shows whether the token has a scope.

    `ScopeMissing` (403) means that it lacks. Success means that it is granted, and so does any
    other refusal of the request (`RequestRefused` and its kinds: 400, 404, 413, 422). A token with
    the modify scope also passes the read-only probe.

    Raises:
        ValueError: The scope is not one of `SCOPES`.

    >>> probe_scope("Orders: modify").name
    'PUT /v2/orders/0'
    """
    if scope not in _PROBES:
        raise ValueError(
            f"no probe for the scope {quoted(scope)}; there is one for: {', '.join(SCOPES)}"
        )
    method, path, params, body = _PROBES[scope]
    return Call(method, path, ignored, params=params, body=body, scope=scope, empty=lambda: None)

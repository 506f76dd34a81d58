"""Shipments of orders (BigCommerce: orders API). They move the order's status only by an option."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from avbc.testing.fakestore.fields import Field, Fields, faults, known
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, no_content, ok
from avbc.testing.fakestore.resources.orders import find
from avbc.testing.fakestore.routes import ORDERS, ORDERS_READ, Route, row_with, v2_list, v2_one
from avbc.testing.fakestore.state import State
from avbc.testing.orders import FakeOrder
from avbc.testing.values import Row, as_row, as_rows, is_list, is_row, money, text, whole
from avbc.text import quoted

PROVIDERS = {
    "": "",
    "custom": "",
    "auspost": "Australia Post",
    "canadapost": "Canada Post",
    "endicia": "USPS",
    "usps": "USPS",
    "fedex": "FedEx",
    "ups": "UPS",
    "upsready": "UPS",
    "upsonline": "UPS",
    "shipperhq": "ShipperHQ",
    "royalmail": "Royal Mail",
}
"""Names that are shown, by `shipping_provider`; `carrier_{id}` is a provider too."""

_PARTLY_SHIPPED, _SHIPPED = 3, 2
_OWN_PROVIDER = re.compile(r"carrier_\d+")
_CARRIER = re.compile(r"[a-z0-9-]*")

_CHANGEABLE: Fields = {
    "order_address_id": Field("integer", least=1),
    "tracking_number": Field("text", 50),
    "tracking_link": Field("text", 500),
    "merchant_shipping_cost": Field("text"),
    "shipping_method": Field("text"),
    "shipping_provider": Field("text"),
    "tracking_carrier": Field("text"),
    "comments": Field("text", 65_535),
}
_ADDRESS = [
    "first_name",
    "last_name",
    "company",
    "street_1",
    "street_2",
    "city",
    "state",
    "zip",
    "country",
    "country_iso2",
    "phone",
    "email",
]


def _shipments(state: State, ids: tuple[int, ...]) -> list[Row]:
    return find(state, ids[0]).shipments


def _post(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return ok(ship(state, _open_order(state, ids[0]), request.json()), 201)


def ship(state: State, order: FakeOrder, asked: object) -> Row:
    """Make a shipment as the API is asked for one, to one address; returns it."""
    body = _checked(asked)
    address = _address(order, body.get("order_address_id"))
    items = _items(order, address, body.get("items"))
    shipment: Row = {
        "id": state.next_id("shipment"),
        "order_id": order.id,
        "customer_id": order.header["customer_id"],
        "order_address_id": address["id"],
        "date_created": state.now(),
        "tracking_number": "",
        "merchant_shipping_cost": "0.0000",
        "shipping_method": text(address, "shipping_method"),
        "shipping_provider": "custom",
        "tracking_carrier": "",
        "tracking_link": "",
        "comments": "",
        "billing_address": _shown(as_row(order.header["billing_address"])),
        "shipping_address": _shown(address),
        "items": items,
    }
    order.shipments.append(shipment)
    _write(shipment, known(body, _CHANGEABLE))
    _recount(state, order)
    if state.shipments_move_status:
        status = state.status_fields(_PARTLY_SHIPPED if unshipped(order) else _SHIPPED)
        state.change_order(order.id, status or {})
    state.emit("store/shipment/created", whole(shipment["id"]), orderId=order.id)
    return shipment


def unshipped(order: FakeOrder) -> dict[int, int]:
    """Return how many units of which lines are left to ship, by the lines' ids."""
    left = {
        whole(line["id"]): whole(line["quantity"]) - whole(line["quantity_shipped"])
        for line in order.products
        if line.get("order_address_id")
    }
    return {line_id: quantity for line_id, quantity in left.items() if quantity}


def _put(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    """Change a shipment; what is not sent is kept, and items cannot be changed."""
    order = _open_order(state, ids[0])
    shipment = row_with(order.shipments, ids[1])
    body = _checked(request.json())
    if "order_address_id" in body:
        _address(order, body["order_address_id"])
    _write(shipment, known(body, _CHANGEABLE))
    state.change_order(order.id, {})
    state.emit("store/shipment/updated", ids[1], orderId=order.id)
    return ok(shipment)


def _delete(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    order = _open_order(state, ids[0])
    _remove(state, order, [row_with(order.shipments, ids[1])])
    return no_content()


def _delete_all(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    order = _open_order(state, ids[0])
    _remove(state, order, list(order.shipments))
    return no_content()


def _open_order(state: State, order_id: int) -> FakeOrder:
    """Return an order that can be written to; an archived one cannot."""
    order = find(state, order_id)
    if order.header.get("is_deleted"):
        raise Refusal(404)
    return order


def _checked(body: object) -> Row:
    if not is_row(body):
        raise Refusal(400, "Input is invalid: an object is expected.")
    found = faults(body, _CHANGEABLE)
    provider, carrier = text(body, "shipping_provider"), text(body, "tracking_carrier")
    if provider not in PROVIDERS and not _OWN_PROVIDER.fullmatch(provider):
        found.setdefault("shipping_provider", "is not a provider that BigCommerce knows")
    if not _CARRIER.fullmatch(carrier):
        found.setdefault("tracking_carrier", "is not a carrier's slug")
    if not _is_amount(body.get("merchant_shipping_cost", "0")):
        found.setdefault("merchant_shipping_cost", "must be an amount")
    for key, fault in found.items():
        raise Refusal(400, f"The field '{key}' is invalid: it {fault}.")
    return body


def _is_amount(value: object) -> bool:
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _address(order: FakeOrder, address_id: object) -> Row:
    for address in order.shipping:
        if address["id"] == address_id and not isinstance(address_id, bool):
            return address
    raise Refusal(
        400, "The field 'order_address_id' is invalid: the order has no such shipping address."
    )


def _items(order: FakeOrder, address: Row, asked: object) -> list[Row]:
    """Check what is shipped: lines of this address, and not more of them than remains."""
    rows = as_rows(asked) if is_list(asked) else []
    if not rows:
        raise Refusal(400, "The field 'items' is invalid: at least one item is required.")
    lines = {
        whole(line["id"]): line
        for line in order.products
        if line.get("order_address_id") == address["id"]
    }
    quantities: dict[int, int] = {}
    for row in rows:
        line_id, quantity = (
            (row.get("order_product_id"), row.get("quantity")) if is_row(row) else (None, None)
        )
        if not isinstance(line_id, int) or line_id not in lines:
            raise Refusal(
                400,
                f"The field 'order_product_id' is invalid: {quoted(line_id)} is not a line that "
                "goes to this address.",
            )
        if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity < 1:
            raise Refusal(
                400, "The field 'quantity' is invalid: it must be an integer of 1 or more."
            )
        quantities[line_id] = quantities.get(line_id, 0) + quantity
    for line_id, quantity in quantities.items():
        left = whole(lines[line_id]["quantity"]) - whole(lines[line_id]["quantity_shipped"])
        if quantity > left:
            raise Refusal(
                400,
                f"The field 'quantity' is invalid: {left} of line {line_id} remain to be shipped, "
                f"not {quantity}.",
            )
    return [
        {
            "order_product_id": line_id,
            "product_id": lines[line_id]["product_id"],
            "quantity": quantity,
        }
        for line_id, quantity in quantities.items()
    ]


def _write(shipment: Row, changes: Row) -> None:
    shipment.update(changes)
    shipment["merchant_shipping_cost"] = money(
        Decimal(text(shipment, "merchant_shipping_cost") or "0")
    )
    provider, carrier, number = (
        text(shipment, key) for key in ["shipping_provider", "tracking_carrier", "tracking_number"]
    )
    shipment["shipping_provider_display_name"] = PROVIDERS.get(provider, provider)
    # A link is made for a provider or a carrier; left out, the provider is `custom` and there is
    # none.
    tracked_by = carrier or (provider if provider != "custom" else "")
    shipment["generated_tracking_link"] = (
        f"https://tracking.example.com/{tracked_by}/{number}" if tracked_by and number else ""
    )


def _remove(state: State, order: FakeOrder, shipments: list[Row]) -> None:
    """Delete shipments; the order keeps its status."""
    order.shipments = [shipment for shipment in order.shipments if shipment not in shipments]
    _recount(state, order)
    for shipment in shipments:
        state.emit("store/shipment/deleted", whole(shipment["id"]), orderId=order.id)


def _recount(state: State, order: FakeOrder) -> None:
    """Write what is shipped to lines, addresses and the header."""
    shipped: dict[int, int] = {}
    for shipment in order.shipments:
        for item in as_rows(shipment["items"]):
            shipped[whole(item["order_product_id"])] = shipped.get(
                whole(item["order_product_id"]), 0
            ) + whole(item["quantity"])
    by_address: dict[object, int] = {}
    for line in order.products:
        line["quantity_shipped"] = shipped.get(whole(line["id"]), 0)
        if not line.get("is_bundled_product"):
            address_id = line.get("order_address_id")
            by_address[address_id] = by_address.get(address_id, 0) + whole(line["quantity_shipped"])
    for address in order.shipping:
        address["items_shipped"] = by_address.get(address["id"], 0)
    state.change_order(order.id, {"items_shipped": sum(by_address.values())})


def _shown(address: Row) -> Row:
    return {key: text(address, key) for key in _ADDRESS}


ROUTES = [
    Route("GET", "/v2/orders/{id}/shipments", ORDERS_READ, v2_list(_shipments)),
    Route("POST", "/v2/orders/{id}/shipments", ORDERS, _post),
    Route("DELETE", "/v2/orders/{id}/shipments", ORDERS, _delete_all),
    Route(
        "GET",
        "/v2/orders/{id}/shipments/count",
        ORDERS_READ,
        lambda state, _, ids: ok({"count": len(_shipments(state, ids))}),
    ),
    Route("GET", "/v2/orders/{id}/shipments/{id}", ORDERS_READ, v2_one(_shipments)),
    Route("PUT", "/v2/orders/{id}/shipments/{id}", ORDERS, _put),
    Route("DELETE", "/v2/orders/{id}/shipments/{id}", ORDERS, _delete),
]

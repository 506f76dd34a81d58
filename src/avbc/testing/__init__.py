"""What test suites use: a fake store, order factories, the gateway contract, a pytest plugin."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from avbc.text import quoted

if TYPE_CHECKING:
    from avbc.testing.contract import (
        ClientContract,
        CreditContract,
        FollowContract,
        GatewayContract,
        ImportContract,
        PaymentContract,
        ProductContract,
        ShipmentContract,
        StatusContract,
        StockContract,
        TurnContract,
    )
    from avbc.testing.factories import (
        CATALOGUE,
        Discount,
        FeeLine,
        Line,
        OrderFactory,
        OrderOptions,
        Payment,
        Person,
        Shipping,
        item,
    )
    from avbc.testing.fakestore.events import Event, WebhookCall
    from avbc.testing.fakestore.loopback import LoopbackServer
    from avbc.testing.fakestore.store import FakeStore
    from avbc.testing.memory_gateway import MemoryGateway
    from avbc.testing.orders import FakeOrder
    from avbc.testing.process import StoreProcess
    from avbc.testing.shapes import SHAPES, order_of_shape, orders_of_every_shape

_HOMES = {
    "CATALOGUE": "factories",
    "ClientContract": "contract",
    "CreditContract": "contract",
    "Discount": "factories",
    "Event": "fakestore.events",
    "FakeOrder": "orders",
    "FakeStore": "fakestore.store",
    "FeeLine": "factories",
    "FollowContract": "contract",
    "GatewayContract": "contract",
    "ImportContract": "contract",
    "Line": "factories",
    "LoopbackServer": "fakestore.loopback",
    "MemoryGateway": "memory_gateway",
    "OrderFactory": "factories",
    "OrderOptions": "factories",
    "Payment": "factories",
    "PaymentContract": "contract",
    "Person": "factories",
    "ProductContract": "contract",
    "SHAPES": "shapes",
    "ShipmentContract": "contract",
    "Shipping": "factories",
    "StatusContract": "contract",
    "StockContract": "contract",
    "TurnContract": "contract",
    "StoreProcess": "process",
    "WebhookCall": "fakestore.events",
    "item": "factories",
    "order_of_shape": "shapes",
    "orders_of_every_shape": "shapes",
}
__all__ = [
    "CATALOGUE",
    "SHAPES",
    "ClientContract",
    "CreditContract",
    "Discount",
    "Event",
    "FakeOrder",
    "FakeStore",
    "FeeLine",
    "FollowContract",
    "GatewayContract",
    "ImportContract",
    "Line",
    "LoopbackServer",
    "MemoryGateway",
    "OrderFactory",
    "OrderOptions",
    "Payment",
    "PaymentContract",
    "Person",
    "ProductContract",
    "ShipmentContract",
    "Shipping",
    "StatusContract",
    "StockContract",
    "StoreProcess",
    "TurnContract",
    "WebhookCall",
    "item",
    "order_of_shape",
    "orders_of_every_shape",
]


if not TYPE_CHECKING and find_spec("pytest") is None:
    # The contract is a pytest suite; `import *` and `help` have the rest.
    __all__ = [name for name in __all__ if _HOMES[name] != "contract"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"avbc.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module {quoted(__name__)} has no attribute {quoted(name)}")


def __dir__() -> list[str]:
    return __all__

"""What test suites use: a fake store, order factories, the gateway contract, a pytest plugin."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avbc.testing.contract import GatewayContract as GatewayContract
    from avbc.testing.factories import CATALOGUE as CATALOGUE
    from avbc.testing.factories import Discount as Discount
    from avbc.testing.factories import FeeLine as FeeLine
    from avbc.testing.factories import Line as Line
    from avbc.testing.factories import OrderFactory as OrderFactory
    from avbc.testing.factories import OrderOptions as OrderOptions
    from avbc.testing.factories import Payment as Payment
    from avbc.testing.factories import Person as Person
    from avbc.testing.factories import Shipping as Shipping
    from avbc.testing.factories import item as item
    from avbc.testing.fakestore.events import Event as Event
    from avbc.testing.fakestore.events import WebhookCall as WebhookCall
    from avbc.testing.fakestore.loopback import LoopbackServer as LoopbackServer
    from avbc.testing.fakestore.store import FakeStore as FakeStore
    from avbc.testing.orders import FakeOrder as FakeOrder
    from avbc.testing.process import StoreProcess as StoreProcess
    from avbc.testing.shapes import SHAPES as SHAPES
    from avbc.testing.shapes import order_of_shape as order_of_shape
    from avbc.testing.shapes import orders_of_every_shape as orders_of_every_shape

_HOMES = {
    "CATALOGUE": "factories",
    "Discount": "factories",
    "Event": "fakestore.events",
    "FakeOrder": "orders",
    "FakeStore": "fakestore.store",
    "FeeLine": "factories",
    "GatewayContract": "contract",
    "Line": "factories",
    "LoopbackServer": "fakestore.loopback",
    "OrderFactory": "factories",
    "OrderOptions": "factories",
    "Payment": "factories",
    "Person": "factories",
    "SHAPES": "shapes",
    "Shipping": "factories",
    "StoreProcess": "process",
    "WebhookCall": "fakestore.events",
    "item": "factories",
    "order_of_shape": "shapes",
    "orders_of_every_shape": "shapes",
}
__all__ = [
    "CATALOGUE",
    "SHAPES",
    "Discount",
    "Event",
    "FakeOrder",
    "FakeStore",
    "FeeLine",
    "GatewayContract",
    "Line",
    "LoopbackServer",
    "OrderFactory",
    "OrderOptions",
    "Payment",
    "Person",
    "Shipping",
    "StoreProcess",
    "WebhookCall",
    "item",
    "order_of_shape",
    "orders_of_every_shape",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"avbc.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

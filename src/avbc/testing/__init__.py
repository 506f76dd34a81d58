"""What an embedder's test suite uses: a fake store, factories, the gateway contract and a pytest plugin."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from avbc.testing.factories import CATALOGUE as CATALOGUE
    from avbc.testing.factories import Discount as Discount
    from avbc.testing.factories import FeeLine as FeeLine
    from avbc.testing.factories import Line as Line
    from avbc.testing.factories import OrderFactory as OrderFactory
    from avbc.testing.factories import Payment as Payment
    from avbc.testing.factories import Person as Person
    from avbc.testing.factories import Shipping as Shipping
    from avbc.testing.factories import item as item
    from avbc.testing.orders import FakeOrder as FakeOrder
    from avbc.testing.store import FakeStore as FakeStore

_HOMES = {
    "CATALOGUE": "factories",
    "Discount": "factories",
    "FakeOrder": "orders",
    "FakeStore": "store",
    "FeeLine": "factories",
    "Line": "factories",
    "OrderFactory": "factories",
    "Payment": "factories",
    "Person": "factories",
    "Shipping": "factories",
    "item": "factories",
}
__all__ = [
    "CATALOGUE",
    "Discount",
    "FakeOrder",
    "FakeStore",
    "FeeLine",
    "Line",
    "OrderFactory",
    "Payment",
    "Person",
    "Shipping",
    "item",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"avbc.testing.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

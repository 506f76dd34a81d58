"""The setup check: what the pushes of quantities and products write in the store."""

from __future__ import annotations

from collections.abc import Iterator

from avbc.bigcommerce import BigCommerce
from avbc.orchestrator.checks.setup_parts import as_sentence, or_unknown
from avbc.orchestrator.engine.stock_location import NoSuchLocation, StockLocation
from avbc.orchestrator.reports import Check
from avbc.settings import Settings


def stock_checks(store: BigCommerce, settings: Settings) -> Iterator[Check]:
    """Check the location of pushed quantities, and when the store reduces its stock."""
    if settings.shipping.sync_inventory_levels:
        setting, code = "shipping.bigcommerce_location", settings.shipping.bigcommerce_location
        yield from or_unknown("location", setting, _location(store, setting, code))
        yield from or_unknown("stock", "when it is reduced", _stock_reduction(store))


def _location(store: BigCommerce, setting: str, code: str) -> Iterator[Check]:
    try:
        found = f"{code or 'the default location'} (id {StockLocation(store, code).id()})"
    except NoSuchLocation as error:
        message, _, fix = str(error).rpartition(": ")
        yield Check("location", setting, "error", as_sentence(message), as_sentence(fix))
    else:
        yield Check("location", setting, "ok", found)


def _stock_reduction(store: BigCommerce) -> Iterator[Check]:
    if store.inventory_settings.get().update_stock_behavior == "order_placed":
        yield Check("stock", "when it is reduced", "ok", "when an order is placed")
    else:
        yield Check(
            "stock",
            "when it is reduced",
            "warning",
            (
                "The store reduces its stock when an order is completed or shipped. AcctVantage "
                "has reduced it by then, so it is reduced twice until the quantity is pushed again."
            ),
            "Let BigCommerce reduce stock when an order is placed (Settings, Inventory).",
        )

"""First settings for a store and its books: what a person then reads line by line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from avbc.credentials import Credentials
from avbc.documentation import see
from avbc.errors import Fault
from avbc.settings.rules import SettingsError


class Named(Protocol):
    """A record of the books with a name."""

    @property
    def name(self) -> str:
        """Its name."""
        ...


class TaxArea(Named, Protocol):
    """A Tax Area of the books."""

    @property
    def avatax(self) -> bool:
        """Whether it is the one of AvaTax."""
        ...


class ReferenceData(Protocol):
    """What suggestions need of the books' reference data."""

    @property
    def tax_areas(self) -> Sequence[TaxArea]:
        """The Tax Areas."""
        ...

    @property
    def warehouses(self) -> Sequence[Named]:
        """The Warehouses."""
        ...

    @property
    def ship_vias(self) -> Sequence[Named]:
        """The Ship Vias."""
        ...


def suggested(store: Credentials, reference: ReferenceData) -> dict[str, dict[str, object]]:
    """Return first settings as plain values: `Settings.suggest`.

    Raises:
        SettingsError: The books have no Tax Area or no Warehouse.
    """
    choices = {
        "gl.tax_area": [area.name for area in reference.tax_areas if not area.avatax],
        "shipping.warehouse": [warehouse.name for warehouse in reference.warehouses],
    }
    missing = [
        Fault(key, f"the books have none to name here: fill their {table} first ({see('books')})")
        for (key, names), table in zip(choices.items(), ("tax_areas", "warehouses"), strict=True)
        if not names
    ]
    if missing:
        raise SettingsError("the books", missing)
    return {
        "store": {
            "description": store.name,
            "api_url": store.api_url,
            "client_id": store.client_id,
            "client_secret": store.client_secret,
            "access_token": store.access_token,
        },
        "order_status": {
            "import_source_code": "WEB",
            "new_order_status": "Awaiting Fulfillment",
            # Each order of a guest makes a client otherwise.
            "match_clients_by_email": True,
            "downloaded_order_status": "Awaiting Shipment",
            "import_error_status": "Manual Verification Required",
        },
        "gl": {"tax_area": choices["gl.tax_area"][0]},
        "shipping": {
            "warehouse": choices["shipping.warehouse"][0],
            "default_ship_via": next((each.name for each in reference.ship_vias), ""),
        },
    }

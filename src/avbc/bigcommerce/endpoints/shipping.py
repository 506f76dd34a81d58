"""Shipping zones and their methods."""

from __future__ import annotations

from avbc.bigcommerce.call import Call
from avbc.bigcommerce.endpoints.parts import list_call
from avbc.bigcommerce.endpoints.scopes import INFORMATION
from avbc.bigcommerce.models.shipping import ShippingMethod, Zone


def list_zones() -> Call[list[Zone]]:
    """List the shipping zones.

    Scope: Information & Settings: read-only (inferred).
    """
    return list_call("/v2/shipping/zones", Zone, INFORMATION)


def list_shipping_methods(zone_id: int) -> Call[list[ShippingMethod]]:
    """List the methods of a zone. Orders show a method's `name` as `shipping_method`.

    Scope: Information & Settings: read-only (inferred).
    """
    return list_call(f"/v2/shipping/zones/{zone_id}/methods", ShippingMethod, INFORMATION)

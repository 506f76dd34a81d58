"""Shipping zones and the methods that they offer."""

from __future__ import annotations

import attrs

from avbc.bigcommerce.models.base import Model, Required


@attrs.define(kw_only=True)
class Zone(Model):
    """A part of the world that the store ships to."""

    id: Required[int] = 0
    name: str = ""
    type: str = ""
    enabled: bool = True


@attrs.define(kw_only=True)
class ShippingMethod(Model):
    """A method of a zone. Its `name` is what orders show as `shipping_method`."""

    id: Required[int] = 0
    name: str = ""
    type: str = ""
    enabled: bool = True
    is_fallback: bool = False

"""What the store has of each product at each location. It knows nothing of HTTP."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from avbc.testing.values import Row

HIGHEST = 2_147_483_647
"""The most a location can hold of an item."""

Keeper: TypeAlias = tuple[Literal["product", "variant"], int]
"""What bears a stock level: a product that is tracked by product, or a variant."""


@attrs.define
class Stock:
    """Levels and settings by location and keeper."""

    _levels: dict[int, dict[Keeper, int]] = attrs.field(
        factory=dict[int, dict[Keeper, int]], init=False
    )
    _settings: dict[int, dict[Keeper, Row]] = attrs.field(
        factory=dict[int, dict[Keeper, Row]], init=False
    )

    def onhand(self, keeper: Keeper, location_id: int) -> int:
        """Return what a location holds; 0 if that was never set."""
        return self._levels.get(location_id, {}).get(keeper, 0)

    def is_set(self, keeper: Keeper, location_id: int) -> bool:
        """Whether the level was ever set absolutely."""
        return keeper in self._levels.get(location_id, {})

    def put(self, keeper: Keeper, location_id: int, quantity: int) -> None:
        """Set a level."""
        self._levels.setdefault(location_id, {})[keeper] = quantity

    def settings(self, keeper: Keeper, location_id: int) -> Row:
        """Return an item's settings at a location."""
        defaults: Row = {
            "safety_stock": 0,
            "is_in_stock": True,
            "warning_level": 0,
            "bin_picking_number": "",
        }
        return {**defaults, **self._settings.get(location_id, {}).get(keeper, {})}

    def put_settings(self, keeper: Keeper, location_id: int, settings: Row) -> None:
        """Change an item's settings at a location."""
        self._settings.setdefault(location_id, {}).setdefault(keeper, {}).update(settings)

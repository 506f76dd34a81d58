"""The location in the store whose quantities are pushed (manual 2.3.1)."""

from __future__ import annotations

from avbc.bigcommerce import BigCommerce
from avbc.clock import Clock
from avbc.errors import FinalError
from avbc.text import did_you_mean, quoted, some_of


class NoSuchLocation(FinalError):
    """The store has no such location, or it is disabled: no quantities can be sent for it.

    >>> issubclass(NoSuchLocation, FinalError)
    True
    """


class StockLocation:
    """The location of the store that quantities are pushed to; it is read again after an hour.

    Args:
        store: The store.
        code: Its code; empty for the default location, whose stock the storefront sells.
        clock: By which the hour is measured.
    """

    _FRESH_SECONDS = 3600

    def __init__(self, store: BigCommerce, code: str, clock: Clock) -> None:
        self._store = store
        self._code = code
        self._clock = clock
        self._id: int | None = None
        self._read_at = 0.0

    def id(self, *, refresh: bool = False) -> int:
        """The location's id.

        Args:
            refresh: Ask the store, whatever is remembered.

        Raises:
            NoSuchLocation: There is none, or it is disabled.
            StoreError: The store could not be read.
        """
        is_fresh = self._clock.monotonic() - self._read_at <= self._FRESH_SECONDS
        if self._id is not None and is_fresh and not refresh:
            return self._id
        wanted = [self._code] if self._code else None
        locations = list(
            self._store.locations.list(location_code_in=wanted, is_default=None if wanted else True)
        )
        if not locations:
            if not self._code:
                raise NoSuchLocation(
                    "the store has no default location: correct the locations in BigCommerce"
                )
            codes = [each.code for each in self._store.locations.list() if each.code]
            there = f" (there are {some_of(codes, self._code)})" if codes else ""
            near = did_you_mean(self._code, codes)
            raise NoSuchLocation(
                f"no location has the code {quoted(self._code)}{there}: "
                f"{f'{near} C' if near else 'c'}orrect shipping.bigcommerce_location, or the "
                "locations in BigCommerce"
            )
        if not locations[0].enabled:
            label = locations[0].label or locations[0].code
            raise NoSuchLocation(
                f"the location {quoted(label)} is disabled, so BigCommerce takes no quantities for "
                "it: enable it there, or name another in shipping.bigcommerce_location"
            )
        self._id, self._read_at = locations[0].id, self._clock.monotonic()
        return self._id

"""The store's own days: its time zone, and the instants that dates without a time stand for."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import overload

from avbc.bigcommerce import BigCommerce, ScopeMissing
from avbc.bigcommerce.models import StoreInformation
from avbc.logs import get_logger
from avbc.mapping.days import end_of, fixed_offset, start_of, zone_of

_log = get_logger("avbc.orchestrator")


class StoreDays:
    """Reads the store's time zone when it is first needed, and only once.

    Args:
        store: The store.
    """

    def __init__(self, store: BigCommerce) -> None:
        self._store = store
        self._is_refused = False

    @cached_property
    def information(self) -> StoreInformation:
        """What the store says of itself: one request."""
        return self._store.information()

    @cached_property
    def zone(self) -> tzinfo:
        """The store's time zone.

        Raises:
            ScopeMissing: The token may not read the store's settings.
            StoreError: The store does not answer.
        """
        shown = self.information.timezone
        zone = zone_of(shown.name)
        if zone is None:
            _log.warning(
                "the store's time zone %a is not in the time zone database of this computer: days "
                "are taken at its offset of %+g hours from UTC, without daylight saving. Install "
                "or update the package tzdata",
                shown.name,
                shown.raw_offset / 3600,
            )
        return fixed_offset(shown.raw_offset) if zone is None else zone

    def zone_of_orders(self) -> tzinfo | None:
        """Return the store's time zone; None where the token may not read it.

        Raises:
            StoreError: The store does not answer.
        """
        if self._is_refused:
            return None
        try:
            return self.zone
        except ScopeMissing as error:
            self._is_refused = True
            _log.warning("sales orders come without ordered_on, their day in the store: %s", error)
            return None

    @overload
    def start(self, when: date) -> datetime: ...
    @overload
    def start(self, when: None) -> None: ...
    def start(self, when: date | None) -> datetime | None:
        """Return when a period begins: an instant as it is, or the start of the store's day.

        Raises:
            StoreError: The store's time zone cannot be read.
        """
        if when is None or isinstance(when, datetime):
            return when
        return start_of(when, self.zone)

    def period(self, since: date, until: date | None = None) -> tuple[datetime, datetime | None]:
        """Return when a period begins and ends; days of the store are in it from end to end.

        Raises:
            ValueError: It ends before it begins.
            StoreError: The store's time zone cannot be read.
        """
        start, end = self.start(since), self.end(until)
        if end is not None and start > end:
            raise ValueError(f"until: {until} is before since, {since}, in the store's time zone")
        return start, end

    def end(self, when: date | None) -> datetime | None:
        """Return when a period ends: an instant as it is, or the end of the store's day.

        Raises:
            StoreError: The store's time zone cannot be read.
        """
        if when is None or isinstance(when, datetime):
            return when
        return end_of(when, self.zone)

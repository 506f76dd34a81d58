"""BigCommerce's order statuses, and the three of the import (manual 2.1.3 to 2.1.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from avbc.bigcommerce.models import OrderStatus
from avbc.bigcommerce.models.statuses import SYSTEM_STATUSES, SystemStatus
from avbc.errors import Fault
from avbc.mapping import store_status
from avbc.mapping.status import status_name
from avbc.posting import means_posted
from avbc.settings import OrderStatusSettings, Settings
from avbc.text import did_you_mean, quoted

STATUS = "status"
"""What is known of orders' statuses in the store: ids of statuses, by Import ID."""

DOUBTED = "?"
"""Ends a status that an order had, and may have no more: a webhook reported another one."""

SHIPPED = "shipped status"
"""Partially Shipped or Shipped, by Import ID: the status that our own shipments give an order in a
store whose orders follow their shipments."""

FOLLOWED = "followed"
"""How orders were when they were followed last, by Import ID: in the store, and where something of
them is on the worklist, in the books too."""

UNFINISHED = frozenset({SystemStatus.INCOMPLETE, SystemStatus.PENDING})
"""Statuses of checkouts that were not finished (docs/facts.md, bigcommerce-orders)."""

PLACED = frozenset(SystemStatus) - {
    *UNFINISHED,
    SystemStatus.REFUNDED,
    SystemStatus.CANCELLED,
    SystemStatus.DECLINED,
}
"""Statuses of placed orders, which `import_order` takes."""

NEVER_DUE = UNFINISHED | {
    SystemStatus.CANCELLED,
    SystemStatus.DECLINED,
    SystemStatus.AWAITING_PAYMENT,
}
"""Statuses of orders that are not paid, or no longer: imported only from the New Order Status."""


def status_names(statuses: Iterable[OrderStatus]) -> list[str]:
    """The names that the statuses have in the settings: BigCommerce's, and the merchant's."""
    return [name for each in statuses for name in (each.name, each.custom_label) if name]


def mapped_statuses(
    settings: OrderStatusSettings, of_the_store: Callable[[], Sequence[OrderStatus]]
) -> tuple[OrderStatus, ...]:
    """Return the statuses that the Order Status Mapping is read by: BigCommerce's or the store's.

    `of_the_store` costs a request, and is called only if a row has a label of the merchant's.
    """
    if all(
        store_status(row.bigcommerce, SYSTEM_STATUSES).value is not None for row in settings.mapping
    ):
        return SYSTEM_STATUSES
    return tuple(of_the_store())


def require_mapping(settings: Settings, statuses: Sequence[OrderStatus], new: int) -> None:
    """Make sure that the Order Status Mapping is what the rules of the settings ask for.

    They compare statuses as they are written. Which of them are the same one is known only now,
    since one may be written as a name, a label or an id. Rows with the Downloaded Order Status or
    the Import Error Status are right: no import takes an order from there.

    Args:
        settings: Those with the mapping.
        statuses: Those that the mapping is read by.
        new: The id of the New Order Status.

    Raises:
        SettingsError: Pushing, a row has the New Order Status; pulling, two rows have the same
            status of the store.
    """
    screen = settings.order_status
    faults: list[Fault] = []
    pulled: dict[int, int] = {}
    for position, row in enumerate(screen.mapping):
        status = store_status(row.bigcommerce, statuses).value
        if status is None:
            continue
        place, name = f"order_status.mapping[{position}]", f"{quoted(status_name(status))}"
        if screen.updates == "push" and status.id == new:
            faults.append(
                Fault(
                    f"{place}.bigcommerce",
                    f"is {name} (id {new}), the New Order Status: a pushed order would be imported "
                    f"again and again; choose another status for {quoted(row.acctvantage)}, or "
                    "remove the row",
                )
            )
        if screen.updates == "pull" and not means_posted(row.acctvantage):
            other = pulled.setdefault(status.id, position)
            if other != position:
                faults.append(
                    Fault(
                        f"{place}.bigcommerce",
                        f"is {name} (id {status.id}), which order_status.mapping[{other}] has "
                        "already: a pull reads right to left; remove one of the two rows",
                    )
                )
    if faults:
        raise settings.origin.error(faults)


@attrs.frozen
class ImportStatuses:
    """The configured statuses, by id."""

    new: int
    downloaded: int
    import_error: int


def import_statuses(
    settings: Settings, of_the_store: Callable[[], Sequence[OrderStatus]]
) -> ImportStatuses:
    """Find the ids of the three statuses.

    An id or one of BigCommerce's names means that status, whatever the merchant's label, and needs
    no request. Only a label of the merchant's is looked up in `of_the_store`.

    Raises:
        SettingsError: A status does not exist, two of them are the same one, or the new one is
            Incomplete.
    """
    screen = settings.order_status
    faults: list[Fault] = []

    def find(name: str, wanted: str | int) -> int:
        status = store_status(wanted, SYSTEM_STATUSES).value
        if status is None:
            of_store = of_the_store()
            ruling = store_status(wanted, of_store)
            for problem in ruling.problems:
                near = did_you_mean(str(wanted), status_names(of_store))
                faults.append(Fault(f"order_status.{name}", f"{problem} {near}".strip()))
            status = ruling.value
        return -1 if status is None else status.id

    found = ImportStatuses(
        new=find("new_order_status", screen.new_order_status),
        downloaded=find("downloaded_order_status", screen.downloaded_order_status),
        import_error=find("import_error_status", screen.import_error_status),
    )
    if found.new == SystemStatus.INCOMPLETE:
        faults.append(
            Fault(
                "order_status.new_order_status",
                "Incomplete orders are checkouts that were never finished: choose another",
            )
        )
    if not faults:
        again = "is the New Order Status too, so every order would be imported again and again"
        imported = "is the Downloaded Order Status too: failed orders would count as imported"
        faults += [
            Fault(f"order_status.{name}_status", message)
            for name, is_same, message in (
                ("downloaded_order", found.downloaded == found.new, again),
                ("import_error", found.import_error == found.new, again),
                ("import_error", found.import_error == found.downloaded, imported),
            )
            if is_same
        ]
    if faults:
        raise settings.origin.error(faults)
    return found

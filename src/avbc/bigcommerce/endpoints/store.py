"""The store itself: its clock, currencies, tax classes, shipping zones and webhooks."""

from __future__ import annotations

from datetime import datetime

from avbc.bigcommerce.call import Call, ListCall, Paging, path_with
from avbc.bigcommerce.endpoints.parts import (
    check,
    ignored,
    list_call,
    object_call,
    object_reader,
    paged_call,
    value_reader,
)
from avbc.bigcommerce.endpoints.scopes import INFORMATION
from avbc.bigcommerce.models.store import (
    Currency,
    Hook,
    HookDraft,
    ShippingMethod,
    StoreInformation,
    TaxClass,
    Zone,
)
from avbc.bigcommerce.values import epoch

_HOOKS = "/v3/hooks"


def get_store() -> Call[StoreInformation]:
    """Read the store's names, currency, time zone and units.

    Scope: Information & Settings: read-only.
    """
    return object_call("/v2/store", StoreInformation, INFORMATION)


def get_time() -> Call[datetime]:
    """Read the store's clock, in UTC. BigCommerce recommends it for testing a connection.

    Scope: Information & Settings: read-only.

    >>> get_time().read({"time": 1529512970})
    datetime.datetime(2018, 6, 20, 16, 42, 50, tzinfo=datetime.timezone.utc)
    """
    return Call("GET", "/v2/time", value_reader("time", epoch), scope=INFORMATION)


def list_currencies(*, limit: int | None = None) -> ListCall[Currency]:
    """List the currencies that the store shows or charges.

    Args:
        limit: At most so many currencies, 1 or more; without it, all of them.

    Scope: Information & Settings: read-only (inferred).
    """
    return paged_call("/v2/currencies", Currency, INFORMATION).first(limit)


def list_tax_classes(*, limit: int | None = None) -> ListCall[TaxClass]:
    """List the tax classes that products can have.

    Args:
        limit: At most so many classes, 1 or more; without it, all of them.

    Scope: Information & Settings: read-only (inferred).
    """
    return paged_call("/v2/tax_classes", TaxClass, INFORMATION).first(limit)


def list_zones() -> Call[list[Zone]]:
    """List the shipping zones.

    Scope: Information & Settings: read-only (inferred).
    """
    return list_call("/v2/shipping/zones", Zone, INFORMATION)


def list_shipping_methods(zone_id: int) -> Call[list[ShippingMethod]]:
    """List the methods of a zone. Orders show a method's `name` as `shipping_method`.

    Scope: Information & Settings: read-only (inferred).
    """
    return list_call(
        path_with("/v2/shipping/zones/{}/methods", zone_id), ShippingMethod, INFORMATION
    )


def list_hooks(
    *,
    scope: str | None = None,
    destination: str | None = None,
    is_active: bool | None = None,
    limit: int | None = None,
) -> ListCall[Hook]:
    """List the webhooks that this API account made; those of others are not shown.

    Args:
        scope: For this event.
        destination: To this URL.
        is_active: Active ones only, or all others.
        limit: At most so many webhooks, 1 or more; without it, all of them.

    Scope: Information & Settings: read-only (inferred), and the scope of what is watched.
    """
    return paged_call(
        _HOOKS,
        Hook,
        INFORMATION,
        {"scope": scope, "destination": destination, "is_active": is_active},
        Paging.V3,
    ).first(limit)


def create_hook(hook: HookDraft) -> Call[Hook]:
    """Create a webhook. It works within a minute.

    BigCommerce takes one for each event and URL, and ten for each event. It is never sent twice by
    itself: list them first.

    Args:
        hook: What to create.

    Raises:
        ValueError: `scope` or `destination` is not given.

    Scope: Information & Settings: read-only (inferred), and the scope of what is watched.

    >>> draft = HookDraft(scope="store/order/created", destination="https://example.com/hook")
    >>> create_hook(draft).name
    'POST /v3/hooks'
    """
    check("hooks", [hook], 1, needs=("scope", "destination"))
    return Call(
        "POST",
        _HOOKS,
        object_reader(_HOOKS, Hook),
        body=hook.body(),
        scope=INFORMATION,
        repeatable=False,
    )


def update_hook(hook_id: int, hook: HookDraft) -> Call[Hook]:
    """Change a webhook; what is not given stays.

    Args:
        hook_id: The webhook's id.
        hook: What changes.

    Raises:
        ValueError: Nothing is given.

    Scope: Information & Settings: read-only (inferred), and the scope of what is watched.
    """
    if not hook.given():
        raise ValueError("hooks: nothing to update")
    path = path_with(f"{_HOOKS}/{{}}", hook_id)
    return Call("PUT", path, object_reader(path, Hook), body=hook.body(), scope=INFORMATION)


def delete_hook(hook_id: int) -> Call[None]:
    """Delete a webhook. Where it is gone already, that is `NotFound`.

    Args:
        hook_id: The webhook's id.

    Scope: Information & Settings: read-only (inferred), and the scope of what is watched.
    """
    return Call(
        "DELETE",
        path_with(f"{_HOOKS}/{{}}", hook_id),
        ignored,
        scope=INFORMATION,
        empty=lambda: None,
    )

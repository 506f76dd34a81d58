"""Webhooks."""

from __future__ import annotations

from avbc.bigcommerce.call import Call, ListCall, Paging
from avbc.bigcommerce.endpoints.parts import ignored, object_reader, paged_call, query
from avbc.bigcommerce.endpoints.scopes import INFORMATION
from avbc.bigcommerce.endpoints.writes import check
from avbc.bigcommerce.models.hooks import Hook, HookDraft

_PATH = "/v3/hooks"


def list_hooks(
    *, scope: str | None = None, destination: str | None = None, is_active: bool | None = None
) -> ListCall[Hook]:
    """List the webhooks that this API account made; those of others are not shown.

    Args:
        scope: For this event.
        destination: To this URL.
        is_active: Active ones only, or all others.

    Scope: Information & Settings: read-only (inferred), and the scope of what is watched.
    """
    params = query({"scope": scope, "destination": destination, "is_active": is_active})
    return paged_call(_PATH, Hook, INFORMATION, params, Paging.V3)


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
        _PATH,
        object_reader(_PATH, Hook),
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
    path = f"{_PATH}/{hook_id}"
    return Call("PUT", path, object_reader(path, Hook), body=hook.body(), scope=INFORMATION)


def delete_hook(hook_id: int) -> Call[None]:
    """Delete a webhook. Where it is gone already, that is `NotFound`.

    Args:
        hook_id: The webhook's id.

    Scope: Information & Settings: read-only (inferred), and the scope of what is watched.
    """
    return Call("DELETE", f"{_PATH}/{hook_id}", ignored, scope=INFORMATION, empty=lambda: None)

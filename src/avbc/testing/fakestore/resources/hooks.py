"""Webhooks (BigCommerce: webhooks API v3)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from avbc.testing.fakestore.fields import Field, Fields, faults, known, one_row, refuse
from avbc.testing.fakestore.http import Refusal, StoreRequest, StoreResponse, data, no_content
from avbc.testing.fakestore.lists import Filter, equal, filtered, flag
from avbc.testing.fakestore.routes import NO_SCOPE, Route, row_with, v3_list
from avbc.testing.fakestore.state import State
from avbc.testing.values import Row, as_list, is_row, text

PER_SCOPE = 10
"""Hooks of one API account for one scope; one of them for each destination."""

_FIELDS: Fields = {
    "scope": Field("text", 255, 1),
    "destination": Field("text", 2000, 1),
    "is_active": Field("flag"),
    "headers": Field("object", nullable=True),
}


def _hooks(state: State, _ids: tuple[int, ...]) -> list[Row]:
    return [hook for _, hook in sorted(state.hooks.items())]


def _get(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    return data(row_with(state.hooks.values(), ids[0]))


def _post(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    body = _checked(request.json(), ("scope", "destination"))
    hook_id = state.next_id("hook")
    now = int(state.clock())
    hook: Row = {
        "id": hook_id,
        "client_id": state.client_id,
        "store_hash": state.store_hash,
        "is_active": True,
        "headers": None,
        **known(body, _FIELDS),
        "created_at": now,
        "updated_at": now,
    }
    _refuse_crowds(state, hook)
    state.hooks[hook_id] = hook
    return data(hook)


def _put(state: State, request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    changed: Row = {
        **row_with(state.hooks.values(), ids[0]),
        **known(_checked(request.json()), _FIELDS),
        "updated_at": int(state.clock()),
    }
    _refuse_crowds(state, changed)
    state.hooks[ids[0]] = changed
    state.deactivated.discard(ids[0])
    return data(changed)


def _delete(state: State, _request: StoreRequest, ids: tuple[int, ...]) -> StoreResponse:
    hook = row_with(state.hooks.values(), ids[0])
    del state.hooks[ids[0]]
    return data(hook)


def _checked(body: object, required: tuple[str, ...] = ()) -> Row:
    if not is_row(body):
        raise Refusal(400, "Input is invalid.")
    found = faults(body, _FIELDS, required)
    if (
        "destination" in body
        and "destination" not in found
        and not _is_secure(text(body, "destination"))
    ):
        found["destination"] = "must be an https address on port 443"
    if "scope" in body and "scope" not in found and not text(body, "scope").startswith("store/"):
        found["scope"] = "is not a scope"
    refuse(found)
    return body


def _is_secure(destination: str) -> bool:
    try:
        parts = urlsplit(destination)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and port in {None, 443}


def _refuse_crowds(state: State, hook: Row) -> None:
    """Refuse an eleventh hook for a scope, and a second one for its destination (inferred)."""
    others = [
        other
        for other in state.hooks.values()
        if other["id"] != hook["id"] and other["scope"] == hook["scope"]
    ]
    if any(other["destination"] == hook["destination"] for other in others):
        raise Refusal(
            422,
            "A webhook for this scope and destination already exists.",
            {"destination": "is already in use"},
        )
    if len(others) >= PER_SCOPE:
        raise Refusal(
            422,
            f"This scope already has {PER_SCOPE} webhooks.",
            {"scope": f"has {PER_SCOPE} webhooks"},
        )


def _admin(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    """Answer all hooks with their status, the blocked destinations, and who is mailed."""
    only = {key: value for key, value in request.params.items() if key == "is_active"}
    hooks = filtered(_hooks(state, ()), only, _FILTERS)
    shown = [{**hook, "status": "active" if hook["is_active"] else "inactive"} for hook in hooks]
    for row in shown:
        if row["id"] in state.deactivated and not row["is_active"]:
            row["status"] = "deactivated"
    reason: Row = {"failure_description": "Too many failures (fake store)", "count": 100}
    blocked: list[Row] = [
        {"destination": name, "time_left": state.blocked_for(name), "reasons": [reason]}
        for name in state.blocked
        if state.blocked_for(name)
    ]
    return data({"hooks_list": shown, "blocked_domains": blocked, "emails": state.emails})


def _put_emails(state: State, request: StoreRequest, _ids: tuple[int, ...]) -> StoreResponse:
    body = one_row(request)
    refuse(faults(body, {"emails": Field("list")}, ("emails",)))
    state.emails = as_list(body["emails"])
    return no_content()


_FILTERS: Mapping[str, Filter] = {
    "scope": equal("scope"),
    "destination": equal("destination"),
    "is_active": flag("is_active"),
}

ROUTES = [
    Route("GET", "/v3/hooks", NO_SCOPE, v3_list(_hooks, _FILTERS)),
    Route("POST", "/v3/hooks", NO_SCOPE, _post),
    Route("GET", "/v3/hooks/admin", NO_SCOPE, _admin),
    Route("PUT", "/v3/hooks/admin", NO_SCOPE, _put_emails),
    Route("GET", "/v3/hooks/{id}", NO_SCOPE, _get),
    Route("PUT", "/v3/hooks/{id}", NO_SCOPE, _put),
    Route("DELETE", "/v3/hooks/{id}", NO_SCOPE, _delete),
]

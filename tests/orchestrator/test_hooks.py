"""Whether the registered hooks still work: BigCommerce deactivates a hook without saying so."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from avbc.bigcommerce.models import Hook
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.jobs.hooks import HOOKS, HookCheck, hooks_state
from avbc.settings import Settings
from avbc.testing import FakeStore

Change = Callable[..., Settings]
Join = Callable[..., Orchestrator]

URL = "https://example.com/webhooks?key=example-key"
NEEDED = [need.scope for need in HOOKS]
CREATED, UPDATED, *_ = NEEDED


def hook(number: int, scope: str, url: str = URL, *, active: bool = True) -> Hook:
    return Hook(id=number, scope=scope, destination=url, is_active=active)


def states(hooks: list[Hook]) -> list[str]:
    return [check.state for check in hooks_state(hooks)]


# Comparing


def test_without_hooks_of_ours_there_is_nothing_to_compare() -> None:
    assert hooks_state([]) == []
    assert hooks_state([hook(1, "store/cart/created"), hook(2, "store/order/updated")]) == []


def test_an_inactive_and_a_missing_hook_are_found() -> None:
    hooks = [hook(number, scope) for number, scope in enumerate(NEEDED[:-1])]
    hooks[1] = hook(1, UPDATED, active=False)
    assert states(hooks) == ["active", "inactive", "active", "active", "active", "missing"]
    assert hooks_state(hooks)[1] == HookCheck(UPDATED, "inactive", 1)


def test_hooks_of_another_application_are_not_ours() -> None:
    """The URL with the most of the needed hooks is the one that was registered."""
    other = "https://example.com/elsewhere"
    ours = [hook(number, scope) for number, scope in enumerate(NEEDED)]
    theirs = [hook(10, CREATED, other, active=False), hook(11, UPDATED, other, active=False)]
    assert states([*theirs, *ours]) == ["active"] * 6
    moved = [hook(20 + number, scope, other) for number, scope in enumerate(NEEDED)]
    stopped = [hook(number, scope, active=False) for number, scope in enumerate(NEEDED)]
    assert states([*stopped, *moved]) == ["active"] * 6


# On the worklist


def ids(store: FakeStore) -> dict[str, int]:
    return {str(row["scope"]): int(str(row["id"])) for row in store.hooks()}


def test_a_deactivated_hook_waits_for_a_person_until_it_is_repaired(
    web: Orchestrator, store: FakeStore
) -> None:
    web.register_webhooks(URL)
    store.clear_log()
    report = web.check_hooks()
    assert report.ok
    assert report.summary().startswith("Webhooks: active 6. 1 request,")
    assert store.counts() == {"GET /v3/hooks": 1}
    assert web.worklist().ok

    store.deactivate_hook(ids(store)[UPDATED])
    store.edit_order(store.place_order().id, status_id=5)
    assert UPDATED not in {call.scope for call in store.webhook_calls()}
    report = web.check_hooks()
    assert not report.ok
    assert report.to_dicts()[1] == {
        "scope": UPDATED,
        "state": "inactive",
        "id": ids(store)[UPDATED],
    }
    (item,) = web.worklist()
    assert (item.code, item.key, item.order_id) == ("hook_inactive", UPDATED, 0)
    assert "BigCommerce reports no store/order/statusUpdated any more" in item.message
    assert "register_webhooks(url)" in item.fix
    assert "example-key" not in f"{item}{report}"

    # The advice, followed to its end.
    assert [each.changes for each in web.register_webhooks(URL).outcomes("repaired")] == [
        "was inactive"
    ]
    assert web.worklist().ok
    assert web.check_hooks().ok
    assert web.worklist().ok
    assert UPDATED in {call.scope for call in store.webhook_calls()}


def test_a_deleted_hook_waits_for_a_person_until_it_is_there_again(
    web: Orchestrator, store: FakeStore
) -> None:
    web.register_webhooks(URL)
    store.request("DELETE", f"/v3/hooks/{ids(store)[CREATED]}")
    web.check_hooks()
    assert [(item.code, item.key) for item in web.worklist()] == [("hook_missing", CREATED)]
    assert [each.scope for each in web.register_webhooks(URL).outcomes("created")] == [CREATED]
    assert web.worklist().ok
    # Repaired by hand, not by us: the next check finds it.
    store.request("DELETE", f"/v3/hooks/{ids(store)[CREATED]}")
    assert not web.check_hooks().ok
    body = json.dumps({"scope": CREATED, "destination": URL}).encode()
    store.request("POST", "/v3/hooks", body=body)
    assert web.check_hooks().ok
    assert web.worklist().ok


def test_a_store_that_only_polls_hears_nothing(web: Orchestrator, store: FakeStore) -> None:
    report = web.check_hooks()
    assert report.ok
    assert report.summary().startswith("Webhooks: none registered.")
    assert store.counts() == {"GET /v3/hooks": 1}
    assert web.worklist().ok


def refusing(store: FakeStore) -> httpx.MockTransport:
    """The store, for a token that may not read hooks."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/v3/hooks"):
            return httpx.Response(403, json={"status": 403, "title": "no scope", "errors": {}})
        return store.handle(request)

    return httpx.MockTransport(answer)


@pytest.mark.parametrize(
    ("fault", "ok", "says"),
    [
        ("scope", True, "not checked"),
        ("503", False, "Stopped early"),
        ("token", False, "Stopped early"),
    ],
)
def test_hooks_that_cannot_be_read_raise_nothing_and_settle_nothing(
    *, join: Join, store: FakeStore, fault: str, ok: bool, says: str
) -> None:
    """A token without the scope for hooks can poll; that is no error."""
    web = join()
    web.register_webhooks(URL)
    store.deactivate_hook(1)
    web.check_hooks()
    if fault == "503":
        store.fail("GET /v3/hooks", "503")
    elif fault == "scope":
        web = join(transport=refusing(store))
    else:
        web = join(token="another-token")
    report = web.check_hooks()
    assert (report.ok, says in report.summary()) == (ok, True)
    codes = [each.code for each in web.worklist()]
    assert codes == ["hook_inactive", *["run_failed"] * (fault == "token")]


def test_a_preview_repairs_nothing_and_settles_nothing(web: Orchestrator, store: FakeStore) -> None:
    web.register_webhooks(URL)
    store.deactivate_hook(1)
    web.check_hooks()
    report = web.register_webhooks(URL, preview=True)
    assert report.summary() == "Webhooks (preview): would repair 1, kept 5."
    assert {row["result"] for row in report.shown()} <= {
        "would be created",
        "would be repaired",
        "kept",
        "other",
    }
    assert len(web.worklist()) == 1


def test_the_setup_check_says_which_hook_is_inactive(web: Orchestrator, store: FakeStore) -> None:
    assert [check for check in web.check_setup().checks if check.area == "webhook"] == []
    web.register_webhooks(URL)
    store.deactivate_hook(ids(store)[UPDATED])
    found = {
        check.item: (check.state, check.fix)
        for check in web.check_setup().checks
        if check.area == "webhook"
    }
    assert found.pop(UPDATED) == (
        "warning",
        "Make sure that your application answers, then call register_webhooks(url) with its URL.",
    )
    assert found == {scope: ("ok", "") for scope in NEEDED if scope != UPDATED}


def test_the_timer_reads_the_hooks_once_an_hour(join: Join, store: FakeStore) -> None:
    web = join()
    web.register_webhooks(URL)
    store.deactivate_hook(1)
    found: list[object] = []

    def on_report(report: object) -> None:
        found.append(report)
        web.stop()

    web.run(on_report=on_report)
    assert [item.key for item in web.worklist() if item.code == "hook_inactive"] == [CREATED]
    assert found

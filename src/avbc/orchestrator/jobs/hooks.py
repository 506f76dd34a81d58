"""The hooks in the store: which are needed, how they are registered, and whether they still work.

BigCommerce deactivates a hook without saying so to its client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal, TypeAlias, get_args
from urllib.parse import urlsplit

import attrs

from avbc.bigcommerce import BigCommerce, RequestRefused, ScopeMissing
from avbc.bigcommerce.models import Hook, HookDraft
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import record_problem
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS
from avbc.orchestrator.engine.open_items import OpenItems, Settled
from avbc.orchestrator.engine.run import Run
from avbc.orchestrator.engine.writes import checked_turn
from avbc.orchestrator.reports import RunReport
from avbc.report import Report, tally
from avbc.shown import Shown
from avbc.tables import MARK

_log = get_logger("avbc.orchestrator")

TURN = "check_hooks"
"""The turn at the store's hooks."""

ORDER_CREATED = "store/order/created"
STATUS_UPDATED = "store/order/statusUpdated"
REFUND_CREATED = "store/order/refund/created"
ARCHIVED = "store/order/archived"
TRANSACTION_CREATED = "store/order/transaction/created"
TRANSACTION_UPDATED = "store/order/transaction/updated"


@attrs.frozen
class HookNeed:
    """An event that the store must send, and why."""

    scope: str
    why: str


HOOKS: tuple[HookNeed, ...] = (
    HookNeed(ORDER_CREATED, "imports new orders at once"),
    HookNeed(
        STATUS_UPDATED,
        "imports orders at once when they get the New Order Status, and follows the others",
    ),
    HookNeed(REFUND_CREATED, "follows refunds"),
    HookNeed(ARCHIVED, "follows imported orders that are archived"),
    # store/order/updated is left out: every change is one, our own too.
    HookNeed(TRANSACTION_CREATED, "follows payments of imported orders"),
    HookNeed(TRANSACTION_UPDATED, "follows payments of imported orders"),
)

HookResult: TypeAlias = Literal["created", "repaired", "kept", "other"]


@attrs.frozen
class HookOutcome(Shown):
    """A hook, and what was done about it."""

    result: HookResult
    """`repaired`: was inactive or had another URL. `other`: not needed, and left unchanged."""
    hook: Hook | None
    """The hook in the store now; None for one that a preview would create."""
    scope: str
    destination: str
    changes: str = ""
    """What was repaired, or why it is needed."""


@attrs.frozen
class HooksReport(Report):
    """The webhooks of this API account, after the needed ones were created and repaired.

    >>> HooksReport(()).hooks
    ()
    """

    columns = ("result", "id", "scope", "destination", "is_active", "changes")

    hooks: tuple[HookOutcome, ...]
    preview: bool = False
    """Nothing was changed; the results say what would be done."""
    stopped: str = ""
    """Why nothing was done, or empty: another process has its turn. Call again later."""

    def outcomes(self, result: HookResult) -> list[HookOutcome]:
        """The hooks with that result."""
        return [outcome for outcome in self.hooks if outcome.result == result]

    def summary(self) -> str:
        """How many hooks had which result."""
        if self.stopped:
            return f"Webhooks: nothing was done, since {self.stopped}: call again."
        counts = {name: len(self.outcomes(name)) for name in get_args(HookResult)}
        if self.preview:
            done = {"would create": counts.pop("created"), "would repair": counts.pop("repaired")}
            counts = {**done, **counts}
        return f"Webhooks{' (preview)' if self.preview else ''}: {tally(counts)}."

    def _said(self, result: HookResult) -> str:
        """What a row says of its result: a preview has done nothing."""
        is_done = self.preview and result in {"created", "repaired"}
        return f"would be {result}" if is_done else result

    def shown(self) -> list[dict[str, object]]:
        """One row per hook, with what would be done in a preview."""
        return [
            {**row, "result": self._said(outcome.result)}
            for row, outcome in zip(self.to_dicts(), self.hooks, strict=True)
        ]

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per hook: result, id, scope, destination, is_active, changes."""
        return [
            {
                "result": outcome.result,
                "id": outcome.hook.id if outcome.hook else None,
                "scope": outcome.scope,
                "destination": outcome.destination,
                "is_active": outcome.hook.is_active if outcome.hook else None,
                "changes": outcome.changes,
            }
            for outcome in self.hooks
        ]


def register_webhooks(
    integration: Integration, url: str, wait: timedelta, *, preview: bool = False
) -> HooksReport:
    """Register `url` for the events that avbc needs.

    Existing hooks are listed first, so it can run again at any time, and a lost answer creates no
    second hook. An inactive hook is activated; one for a needed event with another URL is given
    this one, unless another hook has it already. All others stay unchanged.

    Args:
        integration: The store, and its turn.
        url: The application's URL: https, on port 443.
        wait: How long to wait for another process that registers or checks hooks.
        preview: Change nothing.

    Raises:
        ValueError: BigCommerce does not call such a URL.
        StoreError: A hook could not be read or written; those before it are done.
    """
    _check_url(url)
    if preview:
        return _all_registered(integration.store, url, preview=True)
    with integration.turn(TURN, wait) as turn:
        if stopped := checked_turn(turn):
            return HooksReport((), stopped=stopped)
        report = _all_registered(integration.store, url, preview=False)
    settle_hooks(integration)
    return report


def _all_registered(store: BigCommerce, url: str, *, preview: bool) -> HooksReport:
    others = list(store.hooks.list())
    outcomes = [_registered(store, need, others, url, preview=preview) for need in HOOKS]
    outcomes += [HookOutcome("other", hook, hook.scope, hook.destination) for hook in others]
    report = HooksReport(tuple(outcomes), preview)
    _log.info("%s", report.summary())
    return report


def _registered(
    store: BigCommerce, need: HookNeed, others: list[Hook], url: str, *, preview: bool
) -> HookOutcome:
    """Create or repair the hook for an event; an existing one is taken out of the others."""
    # Best is one with this URL, then one that is active, then the oldest.
    hook = min(
        (hook for hook in others if hook.scope == need.scope),
        key=lambda hook: (hook.destination != url, not hook.is_active, hook.id),
        default=None,
    )
    if hook is None:
        draft = HookDraft(scope=need.scope, destination=url, is_active=True)
        made = None if preview else store.hooks.create(draft)
        return HookOutcome("created", made, need.scope, url, need.why)
    others.remove(hook)
    changes = [
        *(["was inactive"] if not hook.is_active else []),
        *([f"had the URL {hook.destination}"] if hook.destination != url else []),
    ]
    if not changes:
        return HookOutcome("kept", hook, hook.scope, url)
    if not preview:
        hook = store.hooks.update(hook.id, HookDraft(destination=url, is_active=True))
    return HookOutcome("repaired", hook, hook.scope, hook.destination, ", ".join(changes))


def _check_url(url: str) -> None:
    """Refuse a URL that BigCommerce would not call; no message holds it: it may have a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("the URL of the webhooks cannot be read") from None
    if parts.scheme != "https" or not parts.hostname or port not in (None, 443):
        raise ValueError(
            "the URL of the webhooks must be https:// on port 443: BigCommerce calls no other "
            "(BigCommerce: webhooks overview)"
        )


# Whether they still work


HookState: TypeAlias = Literal["active", "inactive", "missing"]


@attrs.frozen
class HookCheck(Shown):
    """A hook that avbc needs, as it is in the store."""

    scope: str
    """The event: `store/order/statusUpdated`."""
    state: HookState
    """`inactive`: BigCommerce or a person deactivated it. `missing`: it was deleted."""
    hook_id: int | None = None

    @property
    def problem(self) -> Problem | None:
        """What is wrong with it; None where it is active."""
        later = "The timer still finds such changes, only later."
        if self.state == "inactive":
            return record_problem(
                "hook_inactive",
                f"Hook {self.hook_id} in the store is inactive, so BigCommerce reports no "
                f"{self.scope} any more. BigCommerce deactivates a hook after 90 days without "
                "events, or after two days in which your application did not answer with 2xx. "
                f"{later}",
                REGISTER,
            )
        if self.state == "missing":
            return record_problem(
                "hook_missing",
                f"The store has no hook for {self.scope}, but it has others of yours, so "
                f"BigCommerce does not report this event. {later}",
                REGISTER,
            )
        return None


REGISTER = "Make sure that your application answers, then call register_webhooks(url) with its URL."


def hooks_state(hooks: Sequence[Hook]) -> list[HookCheck]:
    """Compare the hooks of this API account with those that avbc needs; empty where it has none.

    The URL that was registered is the one with the most of the needed hooks: the account may have
    hooks of other applications.

    >>> hooks_state([Hook(id=5, scope=ORDER_CREATED, destination="https://a.example")])[0]
    HookCheck(scope='store/order/created', state='active', hook_id=5)
    >>> hooks_state([Hook(id=6, scope="store/cart/created", destination="https://a.example")])
    []
    """
    needed = {need.scope for need in HOOKS}
    ours = [hook for hook in hooks if hook.scope in needed]
    if not ours:
        return []
    counts = Counter(hook.destination for hook in ours)
    active = Counter(hook.destination for hook in ours if hook.is_active)
    url = max(counts, key=lambda url: (counts[url], active[url]))
    found = {hook.scope: hook for hook in ours if hook.destination == url}
    checks: list[HookCheck] = []
    for need in HOOKS:
        hook = found.get(need.scope)
        if hook is None:
            checks.append(HookCheck(need.scope, "missing"))
        else:
            state: HookState = "active" if hook.is_active else "inactive"
            checks.append(HookCheck(need.scope, state, hook.id))
    return checks


@attrs.define
class HooksState(RunReport):
    """Whether the hooks that avbc needs are active in the store."""

    columns = ("scope", "state", "id")

    checks: list[HookCheck] = attrs.field(factory=list[HookCheck])
    """Empty where no webhooks are registered."""
    unknown: str = ""
    """Why the token may not read the hooks."""

    @property
    def ok(self) -> bool:
        """Every hook is active, or none is registered."""
        return self.is_whole and all(check.state == "active" for check in self.checks)

    def counts(self) -> dict[str, int]:
        """How many hooks are in which state."""
        counts = Counter(check.state for check in self.checks)
        return {state: counts[state] for state in get_args(HookState)}

    def summary(self) -> str:
        """How many hooks are in which state."""
        if self.unknown:
            text = f"Webhooks: not checked. {self.unknown}"
        else:
            none = "not checked" if self.stopped else "none registered"
            text = f"Webhooks: {tally(self.counts()) or none}."
        return self._with_cost(text)

    def to_dicts(self) -> list[dict[str, object]]:
        """One row per hook: scope, state, id."""
        return [
            {"scope": check.scope, "state": check.state, "id": check.hook_id}
            for check in self.checks
        ]

    def shown(self) -> list[dict[str, object]]:
        """The same rows; a hook that is not active is an error."""
        return [
            row | {MARK: "" if row["state"] == "active" else "error"} for row in self.to_dicts()
        ]


def check_hooks(run: Run[HooksState]) -> None:
    """Put the hooks that no longer work on the worklist; costs one request, and raises nothing."""
    try:
        run.report.checks = hooks_state(list(run.store.hooks.list()))
    except (ScopeMissing, RequestRefused) as error:
        # Polling needs no hooks, so a token without this scope is no error.
        run.report.unknown = str(error)
        return
    except AvbcError as error:
        run.end_for(error)
        return
    for check in run.report.checks:
        if (problem := check.problem) is not None:
            run.add_item(problem, key=check.scope)
    run.settle_rest()


def settle_hooks(integration: Integration) -> None:
    """Take the hooks off the worklist: they were repaired."""
    try:
        OpenItems.of(integration).apply([Settled("check_hooks")])
    except JOURNAL_ERRORS as error:
        # The next check settles them.
        _log.warning("the worklist still has repaired hooks: %s", error)

# pyright: reportUnnecessaryTypeIgnoreComment=true
"""The typing contract of the timer and of webhooks; never run, only checked by mypy and pyright."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_type

import avbc
from avbc.orchestrator import (
    SCHEDULE,
    FollowOrder,
    HooksState,
    Ignore,
    ImportOrder,
    JobOutcome,
    LookAtOrder,
    NoteRefund,
    NoteStatus,
    PruneReport,
)


def running(web: avbc.Orchestrator, other: avbc.Orchestrator) -> None:
    def tell(report: avbc.CycleReport) -> None:
        assert_type(report.jobs, tuple[JobOutcome, ...])
        assert_type(report.started, datetime)
        assert_type(report.settings_error, avbc.SettingsError | None)
        assert_type(report.ok, bool)

    assert_type(
        web.run(
            on_report=tell,
            schedule=[*SCHEDULE, avbc.Job("export_clients", every=timedelta(days=1))],
        ),
        None,
    )
    avbc.run_all([web, other], on_report=print)
    avbc.run_all([web, other], threads=1)
    assert_type(web.run_cycle(), avbc.CycleReport)
    assert_type(web.run_cycle(SCHEDULE[:1], if_due=True).next_at, datetime | None)
    assert_type(web.is_due(), bool)
    avbc.run_all([object()])  # type: ignore[list-item]  # no orchestrator
    web.run(on_report=lambda: None)  # type: ignore[arg-type, misc]  # it is given a report
    web.stop()
    assert_type(web.page(), Path)
    assert_type(web.page(Path("avbc.html"), days=7), Path)
    web.page("avbc.html", 7)  # type: ignore[call-arg]  # days by its name


def receiving(web: avbc.Orchestrator, body: bytes, headers: dict[str, str]) -> None:
    report = web.handle_webhook(body, headers)
    assert_type(report, avbc.WebhookReport)
    assert_type(report.import_report, avbc.ImportReport | None)
    webhook = web.accept_webhook(body, headers)
    assert_type(webhook, avbc.Webhook)
    assert_type(
        webhook.action,
        ImportOrder | NoteStatus | LookAtOrder | FollowOrder | NoteRefund | Ignore,
    )
    assert_type(web.check_hooks(), HooksState)
    assert_type(web.prune_journal(), PruneReport)
    assert_type(web.act_on_webhook(webhook), avbc.WebhookReport)
    assert_type(
        web.register_webhooks("https://example.com/webhooks", preview=True), avbc.HooksReport
    )
    assert_type(web.handle_webhook("text", headers), avbc.WebhookReport)
    web.handle_webhook({}, headers)  # type: ignore[arg-type]  # as it came, before it is parsed

"""The orchestrator: order of steps, concurrency, journal and reports."""

from avbc.bigcommerce.webhooks import WebhookRefused
from avbc.orchestrator.checks.backtest import Backtested, BacktestReport, SettingEffect
from avbc.orchestrator.checks.explanation import Explanation
from avbc.orchestrator.checks.periods import Unread
from avbc.orchestrator.checks.reconcile import ReconcileReport
from avbc.orchestrator.cycle import SCHEDULE, Job
from avbc.orchestrator.cycle_report import CycleReport, JobOutcome
from avbc.orchestrator.engine.customising import Customisation, OrderCustomisation
from avbc.orchestrator.engine.decisions_taken import DecisionsTaken
from avbc.orchestrator.engine.incoming import NoSuchOrder
from avbc.orchestrator.engine.journal import JournalTooNew, JournalUnreachable, JournalUnusable
from avbc.orchestrator.engine.parts import MethodsMissing
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.stock_location import NoSuchLocation
from avbc.orchestrator.engine.writes import NotSent
from avbc.orchestrator.history_report import History
from avbc.orchestrator.jobs.hooks import HookCheck, HookOutcome, HooksReport, HooksState
from avbc.orchestrator.jobs.journal_files import JournalFile, JournalReport
from avbc.orchestrator.jobs.prune_journal import PruneReport
from avbc.orchestrator.orchestrator import Orchestrator
from avbc.orchestrator.planned_calls import PlannedCall
from avbc.orchestrator.reports import (
    Change,
    Check,
    ConnectionReport,
    ImportReport,
    JournalEntry,
    Outcome,
    PushReport,
    SetupReport,
)
from avbc.orchestrator.timer import run_all
from avbc.orchestrator.webhooks import (
    FollowOrder,
    Ignore,
    ImportOrder,
    LookAtOrder,
    NoteRefund,
    NoteStatus,
    Webhook,
    WebhookReport,
)
from avbc.orchestrator.worklist import NoSuchItem, Worklist, WorklistItem

__all__ = [
    "SCHEDULE",
    "BacktestReport",
    "Backtested",
    "Change",
    "Check",
    "ConnectionReport",
    "Customisation",
    "CycleReport",
    "DecisionsTaken",
    "Explanation",
    "FollowOrder",
    "History",
    "HookCheck",
    "HookOutcome",
    "HooksReport",
    "HooksState",
    "Ignore",
    "ImportOrder",
    "ImportReport",
    "Job",
    "JobOutcome",
    "JournalEntry",
    "JournalFile",
    "JournalReport",
    "JournalTooNew",
    "JournalUnreachable",
    "JournalUnusable",
    "LookAtOrder",
    "MethodsMissing",
    "NoSuchItem",
    "NoSuchLocation",
    "NoSuchOrder",
    "NotSent",
    "NoteRefund",
    "NoteStatus",
    "Orchestrator",
    "OrderCustomisation",
    "Outcome",
    "PlannedCall",
    "Progress",
    "PruneReport",
    "PushReport",
    "ReconcileReport",
    "SettingEffect",
    "SetupReport",
    "Unread",
    "Webhook",
    "WebhookRefused",
    "WebhookReport",
    "Worklist",
    "WorklistItem",
    "run_all",
]

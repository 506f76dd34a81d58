"""The orchestrator: order of steps, concurrency, journal and reports."""

from avbc.orchestrator.customising import Customisation
from avbc.orchestrator.importing import NoSuchOrder, Progress
from avbc.orchestrator.journal import JournalTooNew, JournalUnreachable
from avbc.orchestrator.orchestrator import Orchestrator
from avbc.orchestrator.reports import Check, ConnectionReport, History, ImportReport, JournalEntry, Outcome, SetupReport

__all__ = [
    "Check",
    "ConnectionReport",
    "Customisation",
    "History",
    "ImportReport",
    "JournalEntry",
    "JournalTooNew",
    "JournalUnreachable",
    "NoSuchOrder",
    "Orchestrator",
    "Outcome",
    "Progress",
    "SetupReport",
]

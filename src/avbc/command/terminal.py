"""What the command prints: reports as text or JSON, messages, the log; and its exit codes."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from avbc.command.advice import ADVICE
from avbc.errors import TransientError
from avbc.logs import get_logger
from avbc.orchestrator import Change, CycleReport, NoSuchOrder, Outcome
from avbc.report import Report

OK, NOT_OK, MUST_CHANGE, TRY_AGAIN, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit codes (docs/operations.md)."""


_PASSING = frozenset(
    {
        "books_unreachable",
        "order_changed",
        "order_imported_meanwhile",
        "run_stopped",
        "status_not_set",
        "store_failed",
        "try_again",
    }
)
"""Codes of problems that the next run may not have (docs/problems.md)."""


def exit_code(shown: object) -> int:
    """Return the exit code that a report asks for."""
    if getattr(shown, "ok", True):
        return OK
    if getattr(shown, "refused", ()):
        return NOT_OK
    if failure := getattr(shown, "failure", None):
        return TRY_AGAIN if isinstance(failure, TransientError) else NOT_OK
    postponed: Sequence[Outcome | Change] = getattr(shown, "postponed", ())
    codes = {problem.code for each in postponed for problem in each.problems}
    is_passing = getattr(shown, "is_taken", False) or (codes and codes <= _PASSING)
    return TRY_AGAIN if is_passing else NOT_OK


def code_of(error: Exception) -> int:
    """Return the exit code of an error."""
    if isinstance(error, NoSuchOrder):
        return NOT_OK  # as the report of an import that was asked for it
    return TRY_AGAIN if isinstance(error, TransientError) else MUST_CHANGE


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def print_text(shown: object) -> None:
    """Print a report, or a text."""
    told = ADVICE.in_value(shown)
    _print(ADVICE.in_text(told.line) if isinstance(told, CycleReport) else str(told))


def print_json(*shown: object) -> None:
    """Print what a command returned as one line."""
    texts: list[str] = []
    rows: list[dict[str, object]] = []
    for each in shown:
        texts.append(each.summary() if isinstance(each, Report) else str(each))
        rows += each.to_dicts() if isinstance(each, Report) else []
    is_ok = not any(isinstance(each, Exception) or exit_code(each) for each in shown)
    data = {"ok": is_ok, "summary": "\n".join(texts), "rows": rows}
    _print(json.dumps(ADVICE.in_value(data), ensure_ascii=False))


def say(message: str, code: int, *, is_json: bool) -> int:
    """Print why a command failed; returns the exit code."""
    if is_json:
        data: dict[str, object] = {"ok": False, "summary": ADVICE.in_text(message), "rows": []}
        _print(json.dumps(data, ensure_ascii=False))
    else:
        sys.stderr.write(f"avbc: {ADVICE.in_text(message)}\n")
    return code


_RUNS = "avbc.orchestrator"


@contextmanager
def logged(level: int) -> Generator[None]:
    """Print what is logged: warnings, for `run` errors alone, and on a terminal repetitions."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(_Logged())
    # What a run logs of its orders is in the report.
    handler.addFilter(lambda record: record.name != _RUNS or record.levelno >= logging.ERROR)
    client, ours = get_logger("avbc.bigcommerce"), logging.getLogger("avbc")
    before = client.level
    if level == logging.WARNING and sys.stderr.isatty():
        # Of what it logs at INFO, each is a request that is sent again.
        client.setLevel(logging.INFO)
        handler.setLevel(logging.INFO)
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)
        client.setLevel(before)


class _Logged(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # its name there
        # The message alone: a traceback names what is in the code.
        text = ADVICE.in_text(super().formatMessage(record))
        return text if record.levelno > logging.INFO else f"The store is asked again: {text}"

"""Decisions and problems as data: what every rule of the mapping engine returns."""

from __future__ import annotations

from typing import Generic, Literal, TypeAlias, TypeVar

import attrs

T = TypeVar("T")

Severity: TypeAlias = Literal["error", "warning"]


@attrs.frozen
class Problem:
    """Why an order (or a record) cannot be mapped, or what a person should look at.

    `code` is listed in the documentation; `field` is the place in the order or in the settings; `value` is what was found
    there; `fix` says what to change.
    """

    code: str
    field: str
    value: str
    message: str
    fix: str = ""
    severity: Severity = "error"
    candidates: tuple[str, ...] = ()
    """The possible answers, where more than one was found (clients with the same email)."""

    def __str__(self) -> str:
        text = f"{self.message} [{self.code}]"
        if self.candidates:
            text += f" Candidates: {', '.join(self.candidates)}."
        return f"{text} {self.fix}" if self.fix else text


@attrs.frozen
class Decision:
    """One field of the AcctVantage record: its value, the rule that decided it, and the setting or source it came from."""

    field: str
    value: str
    reason: str
    setting: str = ""


@attrs.frozen
class Ruling(Generic[T]):
    """What a rule returns: a value with its decisions, or no value and the problems.

    A value may come with warnings; an error never comes with a value.
    """

    value: T | None
    decisions: tuple[Decision, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stop the import."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

"""What the rules carry through one order: what they look up, and what they find."""

from __future__ import annotations

from typing import TypeVar

from avbc.mapping.decisions import MappingProblem, Note, Problem, Ruling, value_text
from avbc.mapping.rules import MappingRules

T = TypeVar("T")


class Findings:
    """What the rules find about one record: problems, and notes that become decisions when read.

    Most orders are mapped and never explained, so a note costs a tuple and no text.

    >>> found = Findings()
    >>> found.note("ship_via", "UPS Ground", "the shipping method is {!r}", "", "UPS® Ground")
    >>> found.ruling("UPS Ground").decisions[0].reason
    "the shipping method is 'UPS® Ground'"
    """

    __slots__ = ("failed", "notes", "problems")

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.problems: list[Problem] = []
        self.failed = False
        """Whether one of the problems is an error."""

    def note(
        self, field: str, value: object, reason: str, setting: str = "", *args: object
    ) -> None:
        """Note that `field` got `value`; `reason` is a format that `args` fill in."""
        self.notes.append((field, value, reason, setting, args))

    def error(
        self,
        code: MappingProblem,
        field: str,
        value: object,
        message: str,
        fix: str,
        *,
        candidates: tuple[str, ...] = (),
    ) -> None:
        """Add a problem that stops the import; the same one is added once."""
        self.failed = True
        problem = Problem(code, field, value_text(value), message, fix, "error", candidates)
        if problem not in self.problems:
            self.problems.append(problem)

    def warn(self, code: MappingProblem, field: str, value: object, message: str, fix: str) -> None:
        """Add a problem that does not stop the import."""
        self.problems.append(Problem(code, field, value_text(value), message, fix, "warning"))

    def add(self, ruling: Ruling[T]) -> T | None:
        """Take over what another rule found, and return its value."""
        self.notes += ruling.notes
        if ruling.problems:
            self.failed = self.failed or bool(ruling.errors)
            self.problems += [
                problem for problem in ruling.problems if problem not in self.problems
            ]
        return ruling.value

    def ruling(self, value: T | None) -> Ruling[T]:
        """The findings with the value that they led to: no value where there is an error."""
        return Ruling(None if self.failed else value, tuple(self.problems), tuple(self.notes))

    def check_length(self, text: str, field: str, most: int) -> None:
        """Check that a text fits the store's field; one that is too long is never cut."""
        if len(text) > most:
            self.error(
                "text_too_long",
                field,
                f"{text[:60]}...",
                f"{field} has {len(text):,} characters, and BigCommerce takes {most:,}.",
                "Shorten it in AcctVantage.",
            )


class Case(Findings):
    """One order as the rules see it: the look-ups of all orders, and the findings about it."""

    __slots__ = ("rules",)

    def __init__(self, rules: MappingRules) -> None:
        super().__init__()
        self.rules = rules

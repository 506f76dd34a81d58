"""What is asked right before a run sends a request that changes something in the store.

A process may be slow or frozen at any line, and a request may wait for minutes in the store's
quota. So it is asked after every wait, in the client, whether the run still has its turn.
"""

from __future__ import annotations

from collections.abc import Collection, Generator
from contextlib import contextmanager
from typing import Generic, TypeVar, cast

import attrs

from avbc.acctvantage import BooksUnusable
from avbc.acctvantage.optional import Turn
from avbc.bigcommerce import Call
from avbc.errors import AvbcError, TransientError
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.order_reads import is_fresh
from avbc.orchestrator.reports import JournalEntry
from avbc.text import quoted

T = TypeVar("T")

LOOKS = 3
"""How often the order of a write is looked at, at most: where the quota is so scarce that each look
is too old before the write goes out, the last one counts."""


class NotSent(TransientError):
    """A request was not sent, or a record not written, since the run has no turn any more.

    Or the look at the order was too old, or the journal did not take the entry that the request is
    begun.

    >>> issubclass(NotSent, TransientError)
    True
    """

    by_journal: AvbcError | None = None
    """The error of the journal."""
    is_late: bool = False
    """Whether it may be sent after another look at its order."""


@attrs.frozen
class Write(Generic[T]):
    """A request of a run that changes something in the store."""

    call: Call[T]
    begun: JournalEntry | None = None
    """The entry that the journal must have before it is sent, where it must not be repeated."""
    looked_at: float | None = None
    """When the look at its order ended, by the run's clock; None where it needs none."""


def checked_turn(turn: Turn) -> str:
    """Return what a turn says of itself.

    Raises:
        BooksUnusable: It is no turn: what the application's books gave says nothing.
    """
    what = f"{type(turn).__name__}, which the books' take_turn returned,"
    if not (hasattr(turn, "check") and hasattr(turn, "release")):
        raise BooksUnusable(f"{what} is no turn: return an object with check and release.")
    try:
        said = cast("object", turn.check())
    except AvbcError:
        raise
    except Exception as error:
        raise BooksUnusable(
            f"{what} failed in check: {type(error).__name__}: {error}. Correct it."
        ) from error
    if not isinstance(said, str):
        raise BooksUnusable(
            f"{what} returned {quoted(said)} from check: it must return why the holder must stop, "
            "and "
            'an empty text ("") while it has its turn.'
        )
    return said


class Writes:
    """What is asked before each write of one run.

    Args:
        turn: The run's turn.
        integration: Its journal gets what is begun.
    """

    def __init__(self, turn: Turn, integration: Integration) -> None:
        self._turn = turn
        self._integration = integration
        self.why_lost = ""
        """Why the turn was found lost; it never comes back."""
        self._begun: dict[int, JournalEntry] = {}
        self._looked_at: dict[int, float | None] = {}

    def lost(self) -> str:
        """Ask whether the run still has its turn; returns why it has none, or ""."""
        if not self.why_lost:
            try:
                self.why_lost = checked_turn(self._turn)
            except Exception as error:  # noqa: BLE001  # of the application's own turns
                self.why_lost = f"whether this process still has its turn is not known: {error}"
        return self.why_lost

    def require_turn(self, what: str) -> None:
        """Make sure that the run still has its turn.

        Raises:
            NotSent: It has none.
        """
        if why := self.lost():
            raise NotSent(f"{what}: {why}.")

    def before(self, call: Call[object]) -> None:
        """Let a request be sent: the last that is done before it goes out.

        Raises:
            NotSent: The run has no turn any more, the look at the order is too old, or the journal
                does not take the entry that the request is begun.
        """
        self._require_look(call)
        self.require_turn(f"{call.name} was not sent")
        if (begun := self._begun.get(id(call))) is not None:
            try:
                self._integration.journal.write([begun])
            except AvbcError as error:
                not_sent = NotSent(f"{call.name} was not sent: {error}")
                not_sent.by_journal = error
                raise not_sent from error
            del self._begun[id(call)]
        # The databases may have been slow.
        self._require_look(call)

    def _require_look(self, call: Call[object]) -> None:
        looked_at = self._looked_at.get(id(call))
        if looked_at is not None and not is_fresh(looked_at, self._integration.clock):
            late = NotSent(f"{call.name} was not sent: it waited, and its order may have changed.")
            late.is_late = True
            raise late

    @contextmanager
    def expecting(self, writes: Collection[Write[T]]) -> Generator[None]:
        """Know what belongs to these requests while they are sent."""
        begun = {id(each.call): each.begun for each in writes if each.begun is not None}
        self._begun.update(begun)
        self._looked_at.update((id(each.call), each.looked_at) for each in writes)
        try:
            yield
        finally:
            for each in writes:
                self._begun.pop(id(each.call), None)
                self._looked_at.pop(id(each.call), None)

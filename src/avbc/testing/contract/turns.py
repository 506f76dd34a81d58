"""What several processes rely on: of all that want a turn at the same thing, one has it."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

import threading
import time
from datetime import timedelta
from functools import partial
from typing import Protocol

from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.optional import Turn, TurnGateway
from avbc.testing.contract.checks import at_once, same
from avbc.testing.contract.setup import ContractSetup
from avbc.text import quoted

_NO_WAIT = timedelta(0)
_LONG = timedelta(seconds=30)
_NAME = "push_shipments WEB@abc123"


class _Books(ImportGateway, TurnGateway, Protocol): ...


class TurnContract(ContractSetup):
    """Turns of processes; here, of one process that takes a turn more than once.

    >>> import pytest
    >>> from avbc import SqlGateway
    >>> from avbc.testing import TurnContract
    >>> class TestMyBooks(TurnContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return SqlGateway()
    """

    part = TurnGateway

    def test_one_has_a_turn(self, gateway: _Books) -> None:
        """Who comes second has none, and `check` says why."""
        first = gateway.take_turn(_NAME, _NO_WAIT)
        began = time.monotonic()
        second = gateway.take_turn(_NAME, _NO_WAIT)
        assert time.monotonic() - began < _LONG.total_seconds() / 2, (
            "a turn that another has: take_turn must return at once where the wait is 0"
        )
        try:
            same("check of the turn that was taken first", first.check(), "")
            assert isinstance(second.check(), str), "check of the second turn must return a text"
            assert second.check(), "a turn that another has: check must say why there is none"
            same("check of the turn that was taken first, again", first.check(), "")
        finally:
            second.release()
            first.release()

    def test_each_name_has_a_turn_of_its_own(self, gateway: _Books) -> None:
        """Names compare letter by letter, and may have any characters."""
        names = [_NAME, _NAME.upper(), "import_orders WEB@abc123", "../ä %/'\"", f"{_NAME} "]
        turns = [gateway.take_turn(name, _NO_WAIT) for name in names]
        try:
            for name, turn in zip(names, turns, strict=True):
                same(f"check of the turn {quoted(name)}", turn.check(), "")
        finally:
            for turn in turns:
                turn.release()

    def test_a_turn_that_was_released_can_be_taken(self, gateway: _Books) -> None:
        """Once, by the next one who asks; a refused turn gives nothing back."""
        first = gateway.take_turn(_NAME, _NO_WAIT)
        refused = gateway.take_turn(_NAME, _NO_WAIT)
        refused.release()
        same("check after one that had none was released", first.check(), "")
        first.release()
        second = gateway.take_turn(_NAME, _NO_WAIT)
        try:
            same("check of the next turn", second.check(), "")
            first.release()
            same("check of it after the first was released again", second.check(), "")
            third = gateway.take_turn(_NAME, _NO_WAIT)
            assert third.check(), "a turn was released twice, and then two had it"
        finally:
            second.release()

    def test_a_turn_is_waited_for(self, gateway: _Books) -> None:
        """Until it is released, but no longer than was asked for."""
        first = gateway.take_turn(_NAME, _NO_WAIT)
        late = gateway.take_turn(_NAME, timedelta(milliseconds=50))
        assert late.check(), "a turn that another has, after a wait: check must say why"
        found: list[Turn] = []
        waiting = threading.Thread(
            target=lambda: found.append(gateway.take_turn(_NAME, _LONG)), daemon=True
        )
        waiting.start()
        waiting.join(0.1)
        same("turns of one that waits while another has it", found, [])
        first.release()
        waiting.join(_LONG.total_seconds())
        checks = [turn.check() for turn in found]
        for turn in found:
            turn.release()
        same("checks of one that waited until the turn was released", checks, [""])

    def test_of_eight_at_once_one_has_the_turn(self, gateway: _Books) -> None:
        """One of them has it, and keeps it."""
        turns = at_once([partial(gateway.take_turn, _NAME, _NO_WAIT)] * 8)
        try:
            have = sum(not turn.check() for turn in turns)
            same("how many of 8 at once have the turn", have, 1)
        finally:
            for turn in turns:
                turn.release()

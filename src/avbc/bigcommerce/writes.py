"""What is asked right before a request that changes something is sent."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

from avbc.bigcommerce.call import Call

BeforeWrite: TypeAlias = Callable[[Call[object]], object]
"""It is called with the call, and raises to keep it from being sent."""

BEFORE_WRITE: ContextVar[BeforeWrite | None] = ContextVar("avbc_before_write", default=None)
"""What both clients call right before each attempt of each request that is not a GET, after every
wait."""


@contextmanager
def before_writes(ask: BeforeWrite) -> Generator[None]:
    """Have this called before the writes of this context, also those that `map` sends at once."""
    token = BEFORE_WRITE.set(ask)
    try:
        yield
    finally:
        BEFORE_WRITE.reset(token)

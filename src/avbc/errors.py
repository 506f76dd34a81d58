"""The root of every error, and the one distinction that callers act on: can trying again help?"""

from __future__ import annotations

from collections.abc import Iterable

import attrs


class AvbcError(Exception):
    """The root of every error that avbc raises on purpose.

    The message says what happened, to which order, request or field, and what to do next.
    """


class TransientError(AvbcError):
    """Nobody's fault: the network, the store or the books were not to be had. Trying again can help."""


class FinalError(AvbcError):
    """Trying the same again gives the same: something must be changed first."""


class MissingExtra(FinalError):
    """An optional part of avbc is not installed.

    >>> print(MissingExtra("to_frame needs pandas", "pandas"))
    to_frame needs pandas: pip install 'avbc[pandas]'
    """

    def __init__(self, need: str, extra: str) -> None:
        self.need = need
        self.extra = extra
        super().__init__(f"{need}: pip install 'avbc[{extra}]'")

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        return type(self), (self.need, self.extra)


@attrs.frozen
class Fault:
    """One fault of an input file: where it stands and what to change.

    >>> print(Fault(key="order_status.updates", line=12, message="must be 'push', 'pull' or 'off'"))
    line 12, order_status.updates: must be 'push', 'pull' or 'off'
    """

    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = self.key if self.line is None else f"line {self.line}, {self.key}"
        return f"{place}: {self.message}"


class FaultyInputError(FinalError):
    """An input (settings, books file, CSV, credentials) has faults; `faults` lists every one of them.

    >>> error = FaultyInputError("avbc.toml", [Fault("store.api_url", "must be https")])
    >>> print(error)
    avbc.toml has 1 fault:
      store.api_url: must be https
    """

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        count = len(self.faults)
        lines = [f"{source} has {count} fault{'' if count == 1 else 's'}:"]
        lines += [f"  {fault}" for fault in self.faults]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[FaultyInputError], tuple[str, tuple[Fault, ...]]]:
        return type(self), (self.source, self.faults)

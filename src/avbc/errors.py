"""The root of every error, and the one distinction that callers act on: can trying again help?"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

import attrs

# Each says that it is of avbc itself, and is documented here.
__all__ = [
    "AvbcError",
    "Fault",
    "FaultyInputError",
    "FinalError",
    "MissingExtra",
    "TransientError",
]


class AvbcError(Exception):
    """The root of every error that avbc raises on purpose.

    The message says what happened, to which order, request or field, and what to do next. Each
    error is one of two kinds; those of the BigCommerce client (*) are a `StoreError` as well::

        AvbcError
        ├── TransientError              trying again can help
        │   ├── StoreUnreachable *      no answer came
        │   ├── StoreBusy *             429: too many requests
        │   ├── StoreUnavailable *      5xx and temporary 4xx
        │   ├── BadAnswer *             a success that is not BigCommerce's
        │   ├── StopAsked *             the request ended, for a stop was asked for
        │   ├── BooksUnreachable        the books did not answer
        │   ├── ClientTaken             a new client is in the books by now
        │   ├── ReceiptsChanged         receipts changed since an edit was read
        │   ├── JournalUnreachable      the journal's database did not answer
        │   └── NotSent                 the run lost its turn before a write
        ├── FinalError                  something must be changed first
        │   ├── TokenRefused *          401: a wrong token
        │   ├── ScopeMissing *          403: a missing scope of the token
        │   ├── RequestRefused *        another 4xx: see the fields and rows
        │   │   ├── NotFound *          404
        │   │   ├── Conflict *          409: a name or SKU is taken
        │   │   ├── TooManyItems *      413
        │   │   ├── PartlySaved *       207: a part of the record failed
        │   │   └── UnsendableRequest * not sent: a value that JSON cannot hold
        │   ├── UnexpectedData *        a value that cannot be read
        │   │   └── OrderNotShown *     an order that spoils every answer with it
        │   ├── AnswerTooLarge *        more bytes than the client takes
        │   ├── ClientClosed *          the client was closed before the request
        │   ├── FaultyInputError        a file has faults: all are listed
        │   │   ├── SettingsError       the settings
        │   │   └── BooksFileError      a file for the books
        │   ├── BooksRefused            the books refused a record
        │   ├── BooksUnusable           the books: a wrong URL, no permission
        │   ├── MethodsMissing          the books lack methods that a job needs
        │   ├── JournalAccountsMissing  the journal needs GL accounts
        │   ├── JournalUnusable         the journal's database: no permission
        │   ├── JournalTooNew           a newer avbc wrote the journal
        │   ├── NoSuchOrder             the store has no such order
        │   ├── NoSuchItem              nothing like it is on the worklist
        │   ├── NoSuchLocation          the store has no such location
        │   ├── WebhookRefused          an event that is not this store's
        │   ├── UnknownStore            a Celery task for an unregistered store
        │   └── MissingExtra            an optional part is not installed
        └── StoreError                  the BigCommerce client: all with *

    >>> issubclass(TransientError, AvbcError), issubclass(FinalError, AvbcError)
    (True, True)
    """

    __module__ = "avbc"

    def __init_subclass__(cls, **options: object) -> None:
        """Have tracebacks name it as users do: `avbc.NotFound`."""
        super().__init_subclass__(**options)
        public: list[str] = vars(sys.modules["avbc"])["__all__"]
        if cls.__name__ in public and cls.__module__.startswith("avbc."):
            cls.__module__ = "avbc"


class _Without:
    """Lets errors out without frames inside of it, nor the one that uses it.

    The message of avbc's errors says what is wrong; their traceback shows who asked.
    """

    def __init__(self, *kinds: type[Exception], files: str = "") -> None:
        self._kinds = kinds
        self._files = files

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, self._kinds):
            error.__traceback__ = self._rest(trace)

    def _rest(self, trace: TracebackType | None) -> TracebackType | None:
        """Return the frames of other files."""
        rest = None
        for each in reversed(list(_frames(trace))):
            if not each.tb_frame.f_code.co_filename.startswith(self._files):
                each.tb_next = rest
                rest = each
        return rest


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


without_inner_frames = _Without(AvbcError)
"""For what the store or the settings say."""

without_own_frames = _Without(AvbcError, files=str(Path(__file__).parent))
"""For what calls code of the application, whose frames stay."""

without_frames_of_bad_input = _Without(AvbcError, TypeError, ValueError)
"""For functions that only look at their arguments."""


class TransientError(AvbcError):
    """The network, the store or the books were unavailable. Trying again can help.

    >>> from avbc import StoreBusy
    >>> issubclass(StoreBusy, TransientError)
    True
    """


class FinalError(AvbcError):
    """Trying the same again gives the same: something must be changed first.

    >>> from avbc import TokenRefused
    >>> issubclass(TokenRefused, FinalError)
    True
    """


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
    """One fault of an input file: where it is and what to change.

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
    """A file (settings, books, CSV, credentials) has faults; `faults` lists every one of them.

    >>> error = FaultyInputError("avbc.toml", [Fault("store.api_url", "must be https")])
    >>> print(error)
    avbc.toml has 1 fault:
      store.api_url: must be https
    """

    def __init__(self, source: str, faults: Iterable[Fault]) -> None:
        self.source = source
        self.faults = tuple(faults)
        count = len(self.faults)
        has = "have" if source.endswith(("settings", "books", " and the environment")) else "has"
        lines = [f"{source} {has} {count} fault{'' if count == 1 else 's'}:"]
        lines += [f"  {fault}" for fault in self.faults]
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[FaultyInputError], tuple[str, tuple[Fault, ...]]]:
        return type(self), (self.source, self.faults)

"""avbc's loggers: what is logged while a method works for a store says which store that is.

Many stores may be served by one process, and by several threads of it.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar

import attrs

from avbc.errors import AvbcError


@attrs.frozen
class StoreName:
    """What a store is called in logs and traces.

    >>> print(StoreName("Retail", "WEB"))
    Retail (WEB)
    >>> print(StoreName("", "WEB"))
    WEB
    """

    description: str
    import_source_code: str

    @property
    def name(self) -> str:
        """The description, or the Import Source Code of a store that has none."""
        return " ".join(self.description.split()) or self.import_source_code

    @property
    def fields(self) -> dict[str, object]:
        """The fields of a log record."""
        return {"store": self.name, "import_source_code": self.import_source_code}

    @property
    def attributes(self) -> dict[str, str | int]:
        """The attributes of a span; none where there is no store."""
        found = {"avbc.store": self.name, "avbc.source_code": self.import_source_code}
        return {name: value for name, value in found.items() if value}

    def __str__(self) -> str:
        code = self.import_source_code
        return code if self.name == code else f"{self.name} ({code})"


NO_STORE = StoreName("", "")

STORE: ContextVar[StoreName] = ContextVar("avbc_store", default=NO_STORE)
"""The store that this context works for: threads of `BigCommerce.map` have their caller's."""


@contextmanager
def working_for(store: StoreName) -> Generator[None]:
    """Have all that avbc logs in this context name a store.

    An `AvbcError` that leaves it has the store as a note, which tracebacks show.
    """
    is_outermost = STORE.get() != store
    token = STORE.set(store)
    try:
        yield
    except AvbcError as error:
        if is_outermost:
            error.add_note(f"Store: {store}")
        raise
    finally:
        STORE.reset(token)


class _NamesStore(logging.Filter):
    """Names the store in each record, as text and as fields, which are empty where there is none.

    A record that has the fields comes from another process, and names the store already.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if hasattr(record, "store"):
            return True
        store = STORE.get()
        record.__dict__.update(store.fields)
        if store is not NO_STORE:
            # Without arguments a text is no format.
            text = record.msg if record.args else str(record.msg).replace("%", "%%")
            record.msg, record.args = f"%s: {text}", (store, *(record.args or ()))
        return True


_NAMES_STORE = _NamesStore()


def get_logger(name: str) -> logging.Logger:
    """Return a logger of avbc, whose records name the store that they are about."""
    logger = logging.getLogger(name)
    # The same one twice is one. Filters of a logger see its own records alone.
    logger.addFilter(_NAMES_STORE)
    return logger


def log_lines(logger: logging.Logger, level: int, texts: Iterable[str]) -> None:
    """Log each line as a record: one without the store's name says little among others."""
    for text in texts:
        for line in lines_of(text):
            logger.log(level, "%s", line)


def lines_of(text: str) -> list[str]:
    r"""Return the lines of a text, without indents and empty ones.

    >>> lines_of("two faults:\n  one\n  two")
    ['two faults:', 'one', 'two']
    """
    return [line for each in text.splitlines() if (line := each.strip())]

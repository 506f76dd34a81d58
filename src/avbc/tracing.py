"""OpenTelemetry traces: a span for each import or push, each order in it, and each request.

```python
avbc.tracing.instrument()   # once, after the application sets up OpenTelemetry
```

It needs the extra `opentelemetry`. Until then nothing is traced, and OpenTelemetry is not imported.
Spans hold ids, counts and paths: never a secret, an email, a name or the text of an error
(docs/logging.md).
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from avbc._version import __version__
from avbc.errors import MissingExtra
from avbc.logs import STORE

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer, TracerProvider

__all__ = ["instrument", "uninstrument"]

_NUMBER = re.compile(r"/\d+")


class _State:
    """One for the process, like OpenTelemetry's own."""

    tracer: Tracer | None = None


def instrument(tracer_provider: TracerProvider | None = None) -> None:
    """Turn tracing on for the whole process.

    Args:
        tracer_provider: Creates and exports the spans; by default the application's global one,
            even if it is set later.

    Raises:
        MissingExtra: OpenTelemetry is not installed.
    """
    try:
        from opentelemetry.trace import get_tracer  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtra("tracing needs OpenTelemetry", "opentelemetry") from error
    _State.tracer = get_tracer("avbc", __version__, tracer_provider)


def uninstrument() -> None:
    """Turn tracing off."""
    _State.tracer = None


def is_on() -> bool:
    """Whether tracing is on."""
    return _State.tracer is not None


def span(name: str, attributes: Mapping[str, str | int]) -> AbstractContextManager[object]:
    """Time a `with` block, if tracing is on.

    Args:
        name: The kind of span, without ids: `avbc.order`.
        attributes: The span's attributes, in addition to those of the store that it is about.
    """
    tracer = _State.tracer
    return nullcontext() if tracer is None else _span(tracer, name, attributes)


def request_span(
    method: str, path: str, host: str, port: int, attempt: int
) -> AbstractContextManager[object]:
    """Time one request, if tracing is on (OpenTelemetry: semantic conventions for HTTP clients).

    Args:
        method: The request's method.
        path: Its path without the query, which may hold an email.
        host: The store's host.
        port: The store's port.
        attempt: Counted from 1.
    """
    tracer = _State.tracer
    if tracer is None:
        return nullcontext()
    template = _NUMBER.sub("/{id}", path)
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "url.path": path,
        "url.template": template,
        "server.address": host,
        "server.port": port,
    }
    if attempt > 1:
        attributes["http.request.resend_count"] = attempt - 1
    return _span(tracer, f"{method} {template}", attributes, leaves_us=True)


def note(attributes: Mapping[str, str | int], error: str = "") -> None:
    """Add results to the current span, if tracing is on.

    Args:
        attributes: The results.
        error: The kind of error: a class or a status.
    """
    if _State.tracer is None:
        return
    from opentelemetry.trace import StatusCode, get_current_span  # noqa: PLC0415  # an extra

    current = get_current_span()
    for name, value in attributes.items():
        current.set_attribute(name, value)
    if error:
        current.set_attribute("error.type", error)
        current.set_status(StatusCode.ERROR)


@contextmanager
def _span(
    tracer: Tracer, name: str, attributes: Mapping[str, str | int], *, leaves_us: bool = False
) -> Generator[None]:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # an extra

    attributes = {**STORE.get().attributes, **attributes}
    # OpenTelemetry would record the message of an exception and its traceback, which may name
    # customers.
    with tracer.start_as_current_span(
        name,
        kind=SpanKind.CLIENT if leaves_us else SpanKind.INTERNAL,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ):
        try:
            yield
        except BaseException as error:
            note({}, type(error).__name__)
            raise

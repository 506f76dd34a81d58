"""How the client runs many calls at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Protocol, TypeVar

from avbc.stopping import StopRequest

T = TypeVar("T")


class AtOnce(Protocol):
    """Runs functions, at most `limit` of them at once, and returns their results in sequence.

    It raises the first error, and then begins no other function. What runs one after another will
    do:

    ```python
    def in_sequence(work, limit):
        return [function() for function in work]

    store = avbc.BigCommerce(api_url, token, at_once=in_sequence)
    ```
    """

    def __call__(self, work: Sequence[Callable[[], T]], limit: int, /) -> list[T]:
        """Run them."""
        ...


def in_threads(
    work: Sequence[Callable[[], T]], limit: int, stop: StopRequest | None = None, /
) -> list[T]:
    """Run them in threads: what the client does by itself.

    Args:
        work: The functions.
        limit: How many run at once.
        stop: What ends their waits: Ctrl-C reaches the caller's thread alone.
    """
    pool = ThreadPoolExecutor(max(1, min(limit, len(work))), "avbc")
    try:
        futures = [pool.submit(function) for function in work]
        wait(futures, return_when=FIRST_EXCEPTION)
    except BaseException:
        if stop is not None:
            stop.ask()
        # Nobody may take the caller's turn while its requests are on their way.
        pool.shutdown(cancel_futures=True)
        raise
    pool.shutdown(cancel_futures=True)
    # Those that were cancelled come after the one that failed.
    return [future.result() for future in futures]

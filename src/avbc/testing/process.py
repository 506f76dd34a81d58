"""A fake store in a process of its own: what benchmarks and crash tests import from."""

from __future__ import annotations

import json
import os
import subprocess  # it starts this very package
import sys
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from urllib.parse import urlsplit

from avbc.testing.fakestore.abilities import Abilities
from avbc.testing.fakestore.control import request_for, result_of

T = TypeVar("T")


class StoreProcess(Abilities):
    """Starts `python -m avbc.testing`; a context manager with the abilities of a `FakeStore`.

    Results are copies: changing one changes nothing in the store. The process ends with the
    context, and also when the starting process dies. Its state outlives clients that are killed.

    >>> with StoreProcess(orders=2) as store:
    ...     store.edit_order(1001, status_id=9)
    ...     store.order(1001).header["status"]
    'Awaiting Shipment'
    """

    def __init__(
        self,
        *,
        orders: int = 40,
        seed: int = 1,
        plain: bool = False,
        first_id: int = 1001,
        latency_ms: float = 0,
        quota: int = 1_000_000,
        other_apps: int = 0,
        store_hash: str = "abc123",
    ) -> None:
        self._command = [
            *(sys.executable, "-m", "avbc.testing", "--exit-with-stdin"),
            *(["--plain"] if plain else []),
            f"--orders={orders}",
            f"--seed={seed}",
            f"--first-id={first_id}",
            f"--latency-ms={latency_ms}",
            f"--quota={quota}",
            f"--other-apps={other_apps}",
            f"--store-hash={store_hash}",
        ]
        self._process: subprocess.Popen[str] | None = None
        self.api_url = ""

    def __repr__(self) -> str:
        return f"<StoreProcess {self.api_url or 'not started'}>"

    def __enter__(self) -> Self:
        # The child runs the avbc that is imported here, wherever the caller's working directory is.
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._process = subprocess.Popen(  # noqa: S603  # our own arguments
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        printed = self._process.stdout and self._process.stdout.readline()
        if not printed:
            self.close()
            raise RuntimeError(
                "the fake store's process did not start; its standard error says why"
            )
        self.api_url = json.loads(printed)["api_url"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process; does nothing the second time."""
        if self._process is not None:
            for pipe in [self._process.stdin, self._process.stdout]:
                if pipe is not None:
                    pipe.close()
            self._process.terminate()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """The process's id; 0 if it does not run."""
        return 0 if self._process is None else self._process.pid

    def perform(
        self, method: Callable[..., T], args: tuple[object, ...], named: dict[str, object]
    ) -> T:
        """Run an ability in the process."""
        if self._process is None:
            raise RuntimeError("the fake store's process does not run: use it in a with block")
        address, body = request_for(method, args, named)
        connection = HTTPConnection(urlsplit(self.api_url).netloc)
        with closing(connection):
            connection.request("POST", address, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return result_of(method, response.status, response.read())

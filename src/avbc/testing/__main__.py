"""The fake store as a process of its own, for programs in any language.

`python -m avbc.testing --orders 40 --seed 1` prints one line of JSON and serves on loopback until
it is stopped. Other processes read and change the store under `control_url`
(`avbc.testing.fakestore.control`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack

from avbc.testing.example import plain_orders, populate, stock
from avbc.testing.fakestore.control import CONTROL
from avbc.testing.fakestore.loopback import LoopbackServer
from avbc.testing.fakestore.store import FakeStore


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a filled store until the process is stopped; the line printed says how to reach it."""
    parser = argparse.ArgumentParser(
        prog="python -m avbc.testing",
        description="Serve a fake BigCommerce store on loopback, until Ctrl-C.",
    )
    parser.add_argument(
        "--orders", type=int, default=40, help="how many orders wait in Awaiting Fulfillment (40)"
    )
    parser.add_argument(
        "--plain", action="store_true", help="only plain orders, instead of one of each shape first"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the random choices (1)")
    parser.add_argument("--first-id", type=int, default=1001, help="the first order's id (1001)")
    parser.add_argument(
        "--latency-ms", type=float, default=0, help="milliseconds before each answer (0)"
    )
    parser.add_argument(
        "--quota",
        type=int,
        default=1_000_000,
        help="requests in 30 seconds (so many that nothing waits)",
    )
    parser.add_argument(
        "--other-apps",
        type=int,
        default=0,
        help="requests of each window that other applications use (0)",
    )
    parser.add_argument(
        "--store-hash", default="abc123", help="the store's own in its addresses (abc123)"
    )
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (any free one)")
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="stop when standard input is closed"
    )
    options = parser.parse_args(arguments)
    store = FakeStore(
        store_hash=options.store_hash,
        quota=options.quota,
        other_apps=options.other_apps,
        latency=options.latency_ms / 1000,
    )
    if options.plain:
        if options.orders:  # Without any, the store is empty.
            stock(store)
        store.add_orders(list(plain_orders(options.orders, options.seed, options.first_id)))
    else:
        populate(store, options.orders, options.seed, options.first_id)
    with ExitStack() as stack:
        try:
            server = stack.enter_context(LoopbackServer(store, port=options.port))
        except (OSError, OverflowError) as error:
            parser.error(f"port {options.port} cannot be opened: {error}")
        sys.stdout.write(f"{json.dumps(_access(server))}\n")
        sys.stdout.flush()
        if options.exit_with_stdin:
            sys.stdin.read()
        while not options.exit_with_stdin:
            # Unlike an event without an end, a sleep ends by Ctrl-C on Windows too.
            time.sleep(3600)


def _access(server: LoopbackServer) -> dict[str, str]:
    """What a client needs to know of a served store."""
    store = server.store
    return {
        "api_url": server.api_url,
        "access_token": store.access_token,
        "client_id": store.state.client_id,
        "client_secret": store.client_secret,
        "control_url": f"{server.url}{CONTROL}",
    }


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

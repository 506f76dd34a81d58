"""The fake store as a process of its own.

`python -m avbc.testing.serve --orders 40 --seed 1` prints the API URL and serves until it is
stopped. Other processes read and change the store under `/_fake/`
(`avbc.testing.fakestore.control`).
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence

from avbc.testing.example import plain_orders, populate
from avbc.testing.fakestore.loopback import LoopbackServer
from avbc.testing.fakestore.store import FakeStore


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a filled store until the process is stopped; the first line printed is the API URL."""
    parser = argparse.ArgumentParser(
        prog="python -m avbc.testing.serve",
        description="Serve a fake BigCommerce store on loopback.",
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
    parser.add_argument("--port", type=int, default=0, help="the port to listen on (any free one)")
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="stop when standard input is closed"
    )
    options = parser.parse_args(arguments)
    store = FakeStore(
        quota=options.quota, other_apps=options.other_apps, latency=options.latency_ms / 1000
    )
    if options.plain:
        store.add_orders(list(plain_orders(options.orders, options.seed, options.first_id)))
    else:
        populate(store, options.orders, options.seed, options.first_id)
    server = LoopbackServer(store, port=options.port)
    with server:
        sys.stdout.write(f"{server.api_url}\n")
        sys.stdout.flush()
        if options.exit_with_stdin:
            sys.stdin.read()
        else:
            threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

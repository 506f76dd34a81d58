"""A fake store in a process of its own: what benchmarks and crash tests import from."""

from __future__ import annotations

import os
import subprocess  # it starts this very package
import sys
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import httpx

import avbc
from avbc.testing.fakestore.control import CONTROL
from avbc.testing.fakestore.events import WebhookCall
from avbc.testing.fakestore.faults import FaultKind
from avbc.testing.values import Row, as_row, as_rows, dumps, text, whole


class StoreProcess:
    """Starts `python -m avbc.testing.serve`, and looks into it and changes it from here; a context manager.

    The process ends with the context, and also when the starting process dies. Its state outlives
    clients that are killed.

    >>> with StoreProcess(orders=2) as store:
    ...     len(as_rows(store.state()["orders"]))
    2
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
    ) -> None:
        arguments = {
            "--orders": orders,
            "--seed": seed,
            "--first-id": first_id,
            "--latency-ms": latency_ms,
            "--quota": quota,
            "--other-apps": other_apps,
        }
        command = [
            sys.executable,
            "-m",
            "avbc.testing.serve",
            "--exit-with-stdin",
            *(["--plain"] if plain else []),
        ]
        self._command = [*command, *(str(part) for pair in arguments.items() for part in pair)]
        self._process: subprocess.Popen[str] | None = None
        self._client: httpx.Client | None = None
        self.api_url = ""

    def __enter__(self) -> Self:
        # The child runs the avbc that is imported here, wherever the caller's working directory is.
        paths = [str(Path(avbc.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        self._process = subprocess.Popen(  # noqa: S603  # our own arguments
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        if self._process.stdout is not None:
            self.api_url = self._process.stdout.readline().strip()
        if not self.api_url:
            self.close()
            raise RuntimeError(
                "the fake store's process did not start; its standard error says why"
            )
        self._client = httpx.Client(
            base_url=str(httpx.URL(self.api_url).join(CONTROL)), trust_env=False
        )
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
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is not None:
            for pipe in [self._process.stdin, self._process.stdout]:
                if pipe is not None:
                    pipe.close()
            self._process.terminate()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        """The process's id; 0 where it does not run."""
        return 0 if self._process is None else self._process.pid

    def state(self) -> Row:
        """Return the orders with their statuses and notes, and how many requests came."""
        return as_row(self._ask("GET", "state"))

    def counts(self) -> dict[str, int]:
        """Return how many requests came, by call."""
        return {name: int(str(count)) for name, count in as_row(self._ask("GET", "counts")).items()}

    def log(self) -> list[Row]:
        """Return every request with its answer's status and the fault that struck it."""
        return as_rows(self._ask("GET", "log"))

    def clear_log(self) -> None:
        """Forget the requests so far."""
        self._ask("DELETE", "log")

    def faults(self) -> list[Row]:
        """Return the faults with how many requests they struck."""
        return as_rows(self._ask("GET", "faults"))

    def fail(
        self,
        match: str = "*",
        kind: FaultKind = "500",
        *,
        times: int = 1,
        at: int = 1,
        reset_ms: int | None = None,
        seconds: float | None = None,
    ) -> None:
        """Let requests go wrong: `FakeStore.fail`."""
        body: Row = {
            "match": match,
            "kind": kind,
            "times": times,
            "at": at,
            "reset_ms": reset_ms,
            "seconds": seconds,
        }
        self._ask("POST", "faults", body)

    def mend(self) -> None:
        """Forget all faults."""
        self._ask("DELETE", "faults")

    def add_orders(self, orders: list[Row]) -> None:
        """Add orders as the API shows them, with their parts embedded."""
        self._ask("POST", "orders", orders)

    def add_example_orders(self, orders: int, seed: int = 1, first_id: int = 1001) -> None:
        """Add orders of every shape: `avbc.testing.example.populate`."""
        self._ask(
            "POST", "orders", {"example": {"orders": orders, "seed": seed, "first_id": first_id}}
        )

    def edit_order(self, order_id: int, **changes: object) -> None:
        """Change header fields of an order as a person in the control panel would."""
        self._ask("PUT", f"orders/{order_id}", changes)

    def delete_order(self, order_id: int) -> None:
        """Remove an order for good."""
        self._ask("DELETE", f"orders/{order_id}")

    def settle(self) -> int:
        """Let stock levels, captures and voids that are on their way take effect now; returns how many there were."""
        return whole(as_row(self._ask("POST", "settle"))["settled"])

    def payments(self) -> list[Row]:
        """Return each order's `payment_status` and `transactions`, by `id`."""
        return as_rows(self._ask("GET", "payments"))

    def set_payment_result(self, order_id: int, payment_status: str) -> None:
        """Say in which `payment_status` the next capture or void of an order ends: `FakeStore.set_payment_result`."""
        self._ask("PUT", f"payments/{order_id}", {"result": payment_status})

    def shipments(self) -> list[Row]:
        """Return the shipments of all orders."""
        return as_rows(self._ask("GET", "shipments"))

    def refund(self, order_id: int, **wish: object) -> Row:
        """Refund an order or a part of it, and return the refund: the arguments of `FakeStore.refund`."""
        return as_row(self._ask("POST", f"refunds/{order_id}", _plain(wish)))

    def refunds(self) -> list[Row]:
        """Return the refunds of all orders."""
        return as_rows(self._ask("GET", "refunds"))

    def products(self) -> list[Row]:
        """Return the products with their variants."""
        return as_rows(self._ask("GET", "products"))

    def add_products(self, products: list[Row]) -> None:
        """Add products as the catalog API shows them, each with its `inventory` by location id if any."""
        self._ask("POST", "products", products)

    def add_simple_products(
        self, count: int, *, first_sku: int = 1, quantity: int = 0, tracking: str = "product"
    ) -> None:
        """Add many products at once: `FakeStore.add_products`."""
        self._ask(
            "POST",
            "products",
            {"count": count, "first_sku": first_sku, "quantity": quantity, "tracking": tracking},
        )

    def inventory(self, location_id: int = 1) -> dict[str, int]:
        """Return what a location holds, by SKU: what has taken effect."""
        levels = as_row(self._ask("GET", "inventory"))[str(location_id)]
        return {sku: whole(quantity) for sku, quantity in as_row(levels).items()}

    def set_inventory(self, levels: dict[str, int], location_id: int = 1) -> None:
        """Set stock levels at once, by SKU."""
        self._ask("PUT", "inventory", {str(location_id): levels})

    def add_location(self, code: str, label: str = "", *, enabled: bool = True) -> None:
        """Add a location under the next id."""
        self._ask("POST", "locations", {"code": code, "label": label, "enabled": enabled})

    def customers(self) -> list[Row]:
        """Return the customers with all their addresses."""
        return as_rows(self._ask("GET", "customers"))

    def add_customers(self, customers: list[Row]) -> None:
        """Add customers as the customers API shows them."""
        self._ask("POST", "customers", customers)

    def hooks(self) -> list[Row]:
        """Return the webhooks."""
        return as_rows(self._ask("GET", "hooks"))

    def events(self) -> list[Row]:
        """Return what happened: `number`, `scope` and `data` of each event."""
        return as_rows(self._ask("GET", "events"))

    def webhook_calls(self, *, since: int = 0, copies: int = 1) -> list[WebhookCall]:
        """Return the signed calls to active hooks for the events after number `since`: `FakeStore.webhook_calls`."""
        return [
            WebhookCall(
                text(row, "scope"),
                text(row, "destination"),
                {key: str(value) for key, value in as_row(row["headers"]).items()},
                text(row, "body").encode(),
            )
            for row in as_rows(self._ask("GET", f"webhooks?since={since}&copies={copies}"))
        ]

    def set_options(self, **options: object) -> None:
        """Change `latency` (seconds), `quota`, `other_apps`, `scopes`, `settle_after` or `names_faulty_items` while it runs."""
        self._ask("PUT", "options", options)

    def _ask(self, method: str, path: str, body: object = None) -> object:
        if self._client is None:
            raise RuntimeError("the fake store's process does not run: use it in a with block")
        content = None if body is None else dumps(body)
        response = self._client.request(
            method, path, content=content, headers={"Content-Type": "application/json"}
        )
        if response.status_code == 204:
            return None
        answer: object = response.json()
        if response.is_error:
            raise ValueError(
                f"the fake store refuses {method} {path}: {as_row(answer).get('error')}"
            )
        return answer


def _plain(value: object) -> object:
    """Write a value as JSON has it: keys and amounts as text."""
    if isinstance(value, Mapping):
        return {
            str(key): _plain(part) for key, part in cast("Mapping[object, object]", value).items()
        }
    if isinstance(value, Collection) and not isinstance(value, str):
        return [_plain(part) for part in cast("Collection[object]", value)]
    return str(value) if isinstance(value, Decimal) else value

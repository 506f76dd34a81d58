"""Bad input of other kinds, changed at random.

Settings, credentials, webhooks, books files and CSVs. What is refused is an AvbcError.
"""

from __future__ import annotations

import copy
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce
from avbc.credentials import load_credentials
from avbc.errors import AvbcError
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import FakeStore, example
from avbc.testing.fakestore.events import signed_headers
from bench.nonsense import NONSENSE, SCRIPTS
from bench.tally import Damage, Row

_CREDENTIALS = b"""ACCESS TOKEN: example-token
CLIENT NAME: Example
API PATH: https://api.bigcommerce.com/stores/abc123/v3/
CLIENT ID: example-client
CLIENT SECRET: example-secret
"""
_PRODUCTS = b'''part_number,name,product_class,list_price,weight,taxable,aliases
BOWL,"A bowl, ""small""",Goods,9.95,1.5,yes,BOWL-OLD;BOWL-2
VASE,Vase,Goods,,,no,
'''
_CLIENTS = b"""name,first_name,email,open_ar,address.city
Rivera,Ana,ana@example.com,true,Austin
Berg & Sons,,berg@example.com,,Denver
"""
_QUANTITIES = b"""part_number,warehouse,quantity
MUG-BLUE,Main,7
LAMP-01,Main,0.5
"""
_EVENT: Mapping[str, Any] = {
    "scope": "store/order/statusUpdated",
    "store_id": "1001",
    "data": {"type": "order", "id": 1001, "status": {"previous_status_id": 0, "new_status_id": 11}},
    "hash": "dd70c0976e06b67aaf671e73f49dcb79230ebf9d",
    "created_at": 1_767_225_600,
    "producer": "stores/abc123",
}
_PIECES: tuple[bytes, ...] = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b'"', b"'", b'"""', b"[", b"]",
    b"[[", b"{", b"}", b"=", b"#", b",", b";",
    b":", b"\\", b"\\u", b"nan", b"inf", b"-1", b"99999999999999999999", b"0x1F", b"1e400",
    b"1979-05-27", b"true", b"null",
    b"x" * 70_000, b"[" * 2000, b"9" * 5000, b"1e99999999999999999999",
    *(text.encode() for text in SCRIPTS),
)  # fmt: skip


def changed_bytes(choose: random.Random, good: bytes) -> bytes:
    """A text with some pieces of it gone, doubled, swapped or replaced."""
    data = good
    for _ in range(choose.choice([1, 1, 1, 2, 5])):
        start = choose.randrange(len(data) + 1)
        stop = min(len(data), start + choose.choice([0, 1, 1, 2, 8, 40]))
        match choose.randrange(4):
            case 0:
                data = data[:start] + data[stop:]
            case 1:
                data = data[:stop] + data[start:stop] + data[stop:]
            case 2:
                data = data[:start] + choose.choice(_PIECES) + data[stop:]
            case _:
                lines = data.splitlines(keepends=True)
                choose.shuffle(lines)
                data = b"".join(lines)
    return data


def changed_values(choose: random.Random, good: Any) -> Any:
    """Values with some of them gone, added or replaced by nonsense."""
    data = copy.deepcopy(good)
    for _ in range(choose.choice([1, 1, 2, 4])):
        holders = list(_holders(data))
        holder = choose.choice(holders)
        key = choose.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        match choose.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[choose.choice(["x", "", "enabled", "id", "é"])] = choose.choice(NONSENSE)
            case _:
                holder[key] = copy.deepcopy(choose.choice(NONSENSE))
        if not any(_holders(data)):
            break
    return data


def _holders(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


@attrs.frozen
class Kind:
    """A kind of input: makes one, and takes it in."""

    name: str
    good: Any
    change: Callable[[random.Random, Any], Any]
    take: Callable[[Any], object]


@contextmanager
def every_kind() -> Iterator[list[Kind]]:
    """All kinds of input, with what they need to be taken in."""
    settings_dict = example.settings_dict("https://api.bigcommerce.com/stores/abc123/v3/")
    settings = Settings.from_dict(settings_dict)
    store = FakeStore()
    with tempfile.TemporaryDirectory() as folder, SqlGateway() as books:
        file = Path(folder) / "input"
        file.write_text(example.books_toml, encoding="utf-8")
        books.load(file)
        settings.save(Path(folder) / "avbc.toml")
        toml = (Path(folder) / "avbc.toml").read_bytes()
        toml = toml.replace(b"[order_status]", b'access_token = "example-token"\n[order_status]', 1)
        client = BigCommerce(store.api_url, "example-token", transport=store.transport())
        with client, Orchestrator(settings, books, store=client) as web:

            def from_file(load: Callable[[Path], object], data: bytes) -> object:
                file.write_bytes(data)
                return load(file)

            def webhook(made: tuple[bytes, dict[str, str]]) -> object:
                return web.accept_webhook(*made)

            yield [
                Kind("settings files", toml, changed_bytes, partial(from_file, Settings.load)),
                Kind(
                    "settings",
                    json.loads(json.dumps(settings_dict)),
                    changed_values,
                    Settings.from_dict,
                ),
                Kind(
                    "credentials files",
                    _CREDENTIALS,
                    changed_bytes,
                    partial(from_file, load_credentials),
                ),
                Kind(
                    "webhooks", _signed(json.dumps(_EVENT).encode(), 1), _changed_webhook, webhook
                ),
                Kind(
                    "books files",
                    example.books_toml.encode(),
                    changed_bytes,
                    partial(from_file, books.load),
                ),
                Kind("CSVs", _PRODUCTS, changed_bytes, partial(from_file, books.load_products)),
                Kind("CSVs", _CLIENTS, changed_bytes, partial(from_file, books.load_clients)),
                Kind("CSVs", _QUANTITIES, changed_bytes, partial(from_file, books.load_quantities)),
            ]


def _signed(body: bytes, number: int) -> tuple[bytes, dict[str, str]]:
    return body, signed_headers(
        body, "example-secret", webhook_id=f"msg_{number}", timestamp=int(time.time())
    )


def _changed_webhook(
    choose: random.Random, good: tuple[bytes, dict[str, str]]
) -> tuple[bytes, dict[str, str]]:
    """Most are signed as they should be, so that what they hold is read."""
    body = json.dumps(changed_values(choose, json.loads(good[0]))).encode()
    if choose.random() < 0.3:
        body = changed_bytes(choose, body)
    body, headers = _signed(body, choose.randrange(10**6))
    if choose.random() < 0.3:
        name = choose.choice(sorted(headers))
        headers[name] = choose.choice(
            [*SCRIPTS, "", "v1,", "v1,AAAA v1,", "x" * 70_000, str(10**40), "-1", "1e3"]
        )
    return body, headers


def bad_inputs(count: int, seed: int, *, share: tuple[int, int] = (0, 1)) -> list[Row]:
    """Change inputs of each kind at random and read them.

    What comes is a value or an AvbcError that says something.

    Args:
        count: How many of each kind, all shares together.
        seed: Of the random choices.
        share: Which part of how many parts, where several work on it.
    """
    rows: dict[str, Row] = {}
    with every_kind() as kinds:
        for place, kind in enumerate(kinds):
            started = time.monotonic()
            row = rows.setdefault(kind.name, Row(f"bad {kind.name}"))
            for number in range(share[0], count, share[1]):
                made = kind.change(random.Random(f"{seed} {place} {number}"), kind.good)
                at = f"seed {seed}, number {number} of kind {place}"
                try:
                    with suppress(AvbcError):
                        kind.take(made)
                except Exception as error:  # noqa: BLE001  # what the bench looks for
                    row.complain(at, f"{type(error).__name__}: {error} of {made!r:.300}")
                row.count(0, Damage(), at)
            row.seconds += time.monotonic() - started
    return list(rows.values())

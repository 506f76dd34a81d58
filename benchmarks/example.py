"""The example store joined to new books, for every figure that imports."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
from replay import API_URL

from avbc import BigCommerce, Orchestrator, Settings, SqlGateway
from avbc.clock import Clock
from avbc.orchestrator import Customisation
from avbc.testing import FakeStore
from avbc.testing.example import books_toml, settings_dict

RAM_DISK = Path("/dev/shm")
"""Where books are that are not timed: thousands of commits on a busy disk take minutes."""
_REFERENCE, _, _ = books_toml.partition("products = [")


@contextmanager
def orchestrator(
    api_url: str,
    store: BigCommerce | None = None,
    place: Path | None = None,
    clock: Clock = Clock(),  # noqa: B008, the real one
    customise: Sequence[Customisation] = (),
) -> Iterator[tuple[Orchestrator, Path]]:
    """Join the store to new books in a SQLite file, in a new folder in `place`.

    Gives the orchestrator and the file. Books and journal are one database.
    """
    with tempfile.TemporaryDirectory(dir=place) as folder:
        database = Path(folder) / "books.db"
        database.write_bytes(_books(books_toml))
        settings = Settings.from_dict(settings_dict(api_url))
        with (
            SqlGateway(f"sqlite:///{database}") as books,
            Orchestrator(settings, books, store=store, clock=clock, customise=customise) as web,
        ):
            yield web, database


@contextmanager
def joined(
    store: FakeStore | httpx.BaseTransport | str,
    place: Path | None = None,
    screens: Mapping[str, Mapping[str, object]] | None = None,
    reference: str = "",
    clock: Clock = Clock(),  # noqa: B008, the real one
) -> Iterator[tuple[Orchestrator, SqlGateway, Path]]:
    """Join a store, a way to it, or its API path to books in a folder, which may be there already.

    New books get the example's reference data by default, and its products only where the store has
    orders. `screens` are settings of one's own. Gives the orchestrator, the books and the folder.
    """
    is_fake = isinstance(store, FakeStore)
    has_products = is_fake and bool(store.state.orders)
    with tempfile.TemporaryDirectory(dir=RAM_DISK if RAM_DISK.exists() else None) as temporary:
        folder = place or Path(temporary)
        database = folder / "books.db"
        if not database.exists():
            database.write_bytes(_books(reference or (books_toml if has_products else _REFERENCE)))
        url = store.api_url if is_fake else store if isinstance(store, str) else API_URL
        transport = store.transport() if is_fake else None if store == url else store
        with (
            SqlGateway(f"sqlite:///{database}") as books,
            BigCommerce(url, "example-token", transport=transport) as client,
        ):
            tables = settings_dict(url)
            settings = {
                name: {**tables.get(name, {}), **(screens or {}).get(name, {})}
                for name in {**tables, **(screens or {})}
            }
            with Orchestrator(
                Settings.from_dict(settings), books, store=client, clock=clock
            ) as web:
                yield web, books, folder


@cache
def _books(reference: str) -> bytes:
    """New books, as a file: made once, since that takes longer than what is done with most."""
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "books.db"
        with SqlGateway(f"sqlite:///{database}") as books:
            books.load(reference)
        return database.read_bytes()


def write_products(
    books: SqlGateway, folder: Path, count: int, *, price: str, quantity: int, step: int = 1
) -> None:
    """Write products and their quantities on hand, named as `FakeStore.add_products` names them.

    With `step` only every so many-th of them.
    """
    products, quantities = folder / "products.csv", folder / "quantities.csv"
    skus = [_sku(number) for number in range(0, count, step)]
    with products.open("w", encoding="utf-8") as file:
        file.write("part_number,name,product_class,list_price,weight\n")
        file.writelines(f"{sku},Product {sku},Goods,{price},1\n" for sku in skus)
    with quantities.open("w", encoding="utf-8") as file:
        file.write("part_number,warehouse,quantity\n")
        file.writelines(f"{sku},Main,{quantity}\n" for sku in skus)
    books.load_products(products)
    books.load_quantities(quantities)


def _sku(number: int) -> str:
    return f"SKU-{number + 1:06d}"


def load_clients(books: SqlGateway, count: int) -> None:
    """Write clients with an address, who are new to the store."""
    address = '{ address_1 = "1 Example Street", city = "Austin", state = "TX", zip = "78701" }'
    rows = [
        f'    {{ name = "Rivera {number}", first_name = "Ana", email = "c{number}@example.com", '
        f'phone = "555-0101", address = {address} }},'
        for number in range(count)
    ]
    books.load("\n".join(["clients = [", *rows, "]", ""]))

"""The example store joined to new books, for every figure that imports."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from avbc import BigCommerce, Orchestrator, Settings, SqlGateway
from avbc.clock import Clock
from avbc.orchestrator import Customisation
from avbc.testing.example import books_toml, settings_dict


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
        path = Path(folder) / "books.toml"
        path.write_text(books_toml)
        database = Path(folder) / "books.db"
        with SqlGateway(f"sqlite:///{database}") as books:
            books.load(path)
            with Orchestrator(
                Settings.from_dict(settings_dict(api_url)),
                books,
                store=store,
                clock=clock,
                customise=customise,
            ) as web:
                yield web, database

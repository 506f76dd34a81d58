"""Books of each kind, empty, for one test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import pytest
import sqlalchemy as sa

from avbc.acctvantage import OrderBundle, SqlGateway
from avbc.testing.contract import make_bundle

POSTGRESQL = os.environ.get("AVBC_TEST_POSTGRESQL", "")


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A URL whose tables lie in a schema of their own, which is also the application's name."""
    if not POSTGRESQL:
        pytest.skip("AVBC_TEST_POSTGRESQL is not set to the URL of a PostgreSQL server")
    url = sa.make_url(POSTGRESQL).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    schema = f"test_{uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield url.set(query={**url.query, "options": f"-csearch_path={schema}", "application_name": schema}).render_as_string(
        hide_password=False
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    admin.dispose()


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{quote(str(tmp_path))}/books.db"


@pytest.fixture(params=["file", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of books that processes can share."""
    value = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(value, str)
    return value


@pytest.fixture(params=["memory", "file", "postgresql"])
def books(request: pytest.FixtureRequest) -> Iterator[SqlGateway]:
    kind = request.param
    with SqlGateway("sqlite://" if kind == "memory" else request.getfixturevalue(f"{kind}_url")) as gateway:
        yield gateway


@pytest.fixture
def memory() -> Iterator[SqlGateway]:
    with SqlGateway() as gateway:
        yield gateway


@pytest.fixture
def bundle() -> Callable[[int], OrderBundle]:
    return make_bundle

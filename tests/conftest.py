"""A PostgreSQL of the test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

SERVER = "AVBC_TEST_POSTGRESQL"


def is_due() -> bool:
    """Whether a server must be there: in CI, where `.ci/run` starts one as root on Debian. Elsewhere its tests may be skipped."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return os.environ.get("CI", "").lower() in {"1", "true"} and is_root and Path("/etc/debian_version").exists()


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A URL whose tables lie in a schema of their own, which is also the application's name."""
    server = os.environ.get(SERVER, "")
    if not server:
        reason = f"{SERVER} is not set to the URL of a PostgreSQL server"
        if is_due():
            pytest.fail(f"{reason}: run .ci/run, which starts one")
        pytest.skip(reason)
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
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

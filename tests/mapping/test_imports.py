"""The mapping engine stays free of network and database."""

import subprocess
import sys

HEAVY = ["httpx", "httpcore", "sqlalchemy", "sqlite3", "backoff", "asyncio", "socket", "ssl"]


def test_mapping_imports_neither_network_nor_database():
    code = f"import sys, avbc.mapping; print(sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_is_exported_is_there_once():
    import avbc.mapping

    assert len(avbc.mapping.__all__) == len(set(avbc.mapping.__all__))
    assert all(hasattr(avbc.mapping, name) for name in avbc.mapping.__all__)

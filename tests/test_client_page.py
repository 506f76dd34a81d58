"""The code of docs/client.md runs from its first line to its last, and prints what the page shows.

`AVBC_UPDATE_PAGES=1 pytest tests/test_client_page.py` writes what it prints into the page.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import avbc
from avbc.testing import FakeStore, example

PAGE = Path(__file__).parents[1] / "docs/client.md"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n```text\n(?P<shown>.*?)```\n)?", re.DOTALL)

pytestmark = [
    pytest.mark.one_python,
    pytest.mark.skipif(not PAGE.exists(), reason="the package is tested without its pages"),
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStore]:
    store = FakeStore()
    example.populate(store, orders=5)
    with store.serve() as served:
        monkeypatch.chdir(tmp_path)
        for variable, value in {
            "API_URL": served.api_url,
            "ACCESS_TOKEN": store.access_token,
            "CLIENT_SECRET": store.client_secret,
        }.items():
            monkeypatch.setenv(f"AVBC_{variable}", value)
        Path("BigCommerceAPI-credentials.txt").write_text(
            f"ACCESS TOKEN: {store.access_token}\nCLIENT ID: example-id\n"
            f"CLIENT SECRET: {store.client_secret}\nAPI PATH: {served.api_url}\n",
            encoding="utf-8",
        )
        yield store


@pytest.fixture
def names(store: FakeStore, books_toml: Path) -> Iterator[dict[str, Any]]:
    """What the page takes for granted; everything that it opens is closed in the end."""
    log = logging.getLogger("avbc.bigcommerce")
    level, handlers = log.level, list(logging.getLogger().handlers)
    with avbc.SqlGateway("sqlite://") as books:
        books.load(books_toml)
        settings = avbc.Settings.from_dict(example.settings_dict(os.environ["AVBC_API_URL"]))
        names: dict[str, Any] = {"settings": settings, "books": books}
        yield names
        for opened in names.values():
            if isinstance(opened, avbc.BigCommerce | avbc.Orchestrator):
                opened.close()
    log.setLevel(level)
    logging.getLogger().handlers[:] = handlers


def test_the_page_runs_and_prints_what_it_shows(names: dict[str, Any], store: FakeStore) -> None:
    text = PAGE.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == text.count("```python") > 10
    written = text
    for block in reversed(blocks):  # from the end, so that places stay right
        if block["shown"] is not None:
            written = f"{written[: block.start('shown')]}\0{written[block.end('shown') :]}"
    printed: list[str] = []
    for block in blocks:
        line = text.count("\n", 0, block.start("code"))
        with contextlib.redirect_stdout(io.StringIO()) as output:
            # The traceback of a failure names the line of the page.
            exec(compile("\n" * line + block["code"], str(PAGE), "exec"), names)
        if block["shown"] is None:
            assert output.getvalue() == "", f"line {line}"
        else:
            printed.append(output.getvalue())
    for each in printed:
        written = written.replace("\0", each, 1)
    if os.environ.get("AVBC_UPDATE_PAGES"):
        PAGE.write_text(written, encoding="utf-8")
    assert text == written

    store.place_order()
    call = store.webhook(store.events[-1])
    assert names["received"](call.body, call.headers) == 204
    assert names["received"](call.body + b" ", call.headers) == 400

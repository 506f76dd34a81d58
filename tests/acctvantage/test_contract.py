from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest

from avbc.acctvantage import Gateway, Product, SqlGateway
from avbc.testing.contract import GatewayContract


class TestSqlGateway(GatewayContract):
    @pytest.fixture
    def gateway(self, books: SqlGateway, tmp_path: Path) -> SqlGateway:
        self.folder = tmp_path
        return books

    def add_products(self, gateway: Gateway, products: Sequence[Product]) -> None:
        assert isinstance(gateway, SqlGateway)
        text = io.StringIO()
        fields = [field for field in Product.__slots__ if not field.startswith("__")]
        writer = csv.writer(text)
        writer.writerow(fields)
        for product in products:
            cells = {field: getattr(product, field) for field in fields} | {"aliases": ";".join(product.aliases)}
            writer.writerow([str(value).lower() if isinstance(value, bool) else value for value in cells.values()])
        path = self.folder / "products.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        gateway.load_products(path)


def test_the_contract_says_what_to_override() -> None:
    with pytest.raises(NotImplementedError, match="add_products"):
        GatewayContract().add_products(SqlGateway(), [])

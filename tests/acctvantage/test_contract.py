from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from avbc.acctvantage import ImportGateway, Product, Shipment, SqlGateway
from avbc.testing.contract import GatewayContract, TurnContract


class TestSqlGateway(GatewayContract):
    @pytest.fixture
    def gateway(self, books: SqlGateway, tmp_path: Path) -> SqlGateway:
        self.folder = tmp_path
        return books

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        assert isinstance(gateway, SqlGateway)
        text = io.StringIO()
        fields = [field for field in Product.__slots__ if not field.startswith("__")]
        writer = csv.writer(text)
        writer.writerow(fields)
        for product in products:
            cells = {field: getattr(product, field) for field in fields} | {
                "aliases": ";".join(product.aliases)
            }
            writer.writerow(
                [
                    str(value).lower() if isinstance(value, bool) else value
                    for value in cells.values()
                ]
            )
        path = self.folder / "products.csv"
        path.write_text(text.getvalue(), encoding="utf-8")
        gateway.load_products(path)

    def add_quantities(
        self, gateway: ImportGateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        assert isinstance(gateway, SqlGateway)
        path = self.folder / "books.toml"
        path.write_text(f'warehouses = [{{ name = "{warehouse}" }}]', encoding="utf-8")
        gateway.load(path)
        for part_number, quantity in on_hand.items():
            gateway.set_quantity(part_number, warehouse, quantity)

    def add_shipment(self, gateway: ImportGateway, shipment: Shipment) -> None:
        assert isinstance(gateway, SqlGateway)
        gateway.add_shipment(shipment)


class TestTurns(TurnContract):
    @pytest.fixture
    def gateway(self, url: str) -> Iterator[SqlGateway]:
        with SqlGateway(url) as books:
            yield books


def test_the_contract_says_what_to_override() -> None:
    contract, books = GatewayContract(), SqlGateway()
    with pytest.raises(NotImplementedError, match="add_products"):
        contract.add_products(books, [])
    with pytest.raises(NotImplementedError, match="add_quantities"):
        contract.add_quantities(books, "Main", {})
    with pytest.raises(NotImplementedError, match="add_shipment"):
        contract.add_shipment(books, Shipment(1, "WEB1"))

"""The contract is worth something: books with one fault each do not pass it, and sound books do."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest
from attrs import asdict

from avbc.acctvantage import ImportGateway, Product, Shipment, SqlGateway
from avbc.testing.contract import GatewayContract, TurnContract

from .broken_books import FAULTS, TURN_FAULTS

pytestmark = pytest.mark.one_python


class Contract(GatewayContract, TurnContract):
    """The contract, to be run test by test on books of any kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add_products(self, gateway: ImportGateway, products: Sequence[Product]) -> None:
        path = self.folder / "products.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(asdict(products[0])))
            writer.writeheader()
            for product in products:
                cells = asdict(product) | {"aliases": ";".join(product.aliases)}
                writer.writerow(
                    {
                        name: str(value).lower() if isinstance(value, bool) else value
                        for name, value in cells.items()
                    }
                )
        books(gateway).load_products(path)

    def add_quantities(
        self, gateway: ImportGateway, warehouse: str, on_hand: Mapping[str, Decimal]
    ) -> None:
        path = self.folder / "books.toml"
        path.write_text(f'warehouses = [{{ name = "{warehouse}" }}]', encoding="utf-8")
        books(gateway).load(path)
        for part_number, quantity in on_hand.items():
            books(gateway).set_quantity(part_number, warehouse, quantity)

    def add_shipment(self, gateway: ImportGateway, shipment: Shipment) -> None:
        books(gateway).add_shipment(shipment)

    def failures(
        self, open_books: Callable[[], SqlGateway], tests: Collection[str]
    ) -> dict[str, str]:
        """What those of some tests say that books of a kind do not pass."""
        failed: dict[str, str] = {}
        for name in tests:
            with open_books() as gateway:
                try:
                    getattr(self, f"test_{name}")(gateway)
                except Exception as error:  # noqa: BLE001  # in whatever way it fails
                    failed[name] = str(error)
        return failed


def books(gateway: ImportGateway) -> SqlGateway:
    assert isinstance(gateway, SqlGateway)
    return gateway


def test_sound_books_pass(tmp_path: Path) -> None:
    tests = {test for _, said in FAULTS for test in said}
    assert Contract(tmp_path).failures(SqlGateway, tests) == {}
    tests = {test for _, said in TURN_FAULTS for test in said}
    in_file = partial(SqlGateway, f"sqlite:///{tmp_path}/books.db")
    assert Contract(tmp_path).failures(in_file, tests) == {}


@pytest.mark.parametrize(
    ("kind", "said"), TURN_FAULTS, ids=[kind.__name__ for kind, _ in TURN_FAULTS]
)
def test_a_fault_of_turns_is_found_and_named(
    tmp_path: Path, kind: type[SqlGateway], said: dict[str, str]
) -> None:
    in_file = partial(kind, f"sqlite:///{tmp_path}/books.db")
    messages = Contract(tmp_path).failures(in_file, said)
    assert messages.keys() == said.keys()
    assert not {name: text for name, text in messages.items() if said[name] not in text}


@pytest.mark.parametrize(
    ("kind", "said"),
    FAULTS,
    ids=[f"{place}-{kind.__name__}" for place, (kind, _) in enumerate(FAULTS)],
)
def test_a_fault_is_found_and_named(
    tmp_path: Path, kind: type[SqlGateway], said: dict[str, str]
) -> None:
    messages = Contract(tmp_path).failures(kind, said)
    assert messages.keys() == said.keys()
    assert not {name: text for name, text in messages.items() if said[name] not in text}


def test_a_method_that_is_missing_is_named(tmp_path: Path) -> None:
    kind = type("Half", (SqlGateway,), {"set_order_status": None})
    (message,) = Contract(tmp_path).failures(kind, ["satisfies_the_protocol"]).values()
    assert "StatusGateway.set_order_status" in message


def test_every_rule_has_books_that_break_it() -> None:
    tests = {name.removeprefix("test_") for name in dir(Contract) if name.startswith("test_")}
    broken = {test for _, said in (*FAULTS, *TURN_FAULTS) for test in said}
    assert broken == tests - {"satisfies_the_protocol"}

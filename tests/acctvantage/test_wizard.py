from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avbc.acctvantage import Address, BooksFileError, Client, Product, SqlGateway
from avbc.acctvantage.files import (
    Layout,
    clients_since,
    products_since,
    write_aliases,
    write_clients,
    write_products,
)
from avbc.acctvantage.files.replacing import replacing

BOOKS = """
warehouses = [{ name = "Main" }]
products = [{ part_number = "SKU-1", name = "Mug", product_class = "Goods", aliases = ["OLD"] }]
"""

NAMES = {"Part Number": "Item", "Name": "Item Name", "List Price": "Retail"}


@pytest.fixture
def books(books: SqlGateway, tmp_path: Path) -> SqlGateway:
    (tmp_path / "books.toml").write_text(BOOKS, encoding="utf-8")
    books.load(tmp_path / "books.toml")
    return books


words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
full_names = words.map(str.strip).filter(bool)
amounts = st.none() | st.decimals(0, 10**6, places=3)
all_products = st.lists(
    st.builds(
        Product,
        part_number=st.text("abcdefgh-0123456789", min_size=1, max_size=20),
        name=full_names,
        product_class=full_names,
        kind=st.sampled_from(["inventory", "non_inventory", "assembly", "kit"]),
        description=words,
        sales_memo=words,
        list_price=amounts,
        sell_price=amounts,
        weight=amounts,
        length=amounts,
        width=amounts,
        height=amounts,
        taxable=st.booleans(),
        webstore_category=words,
        sync_to_webstore=st.booleans(),
        aliases=st.lists(st.text("xyz", min_size=1, max_size=5), max_size=3, unique=True).map(
            tuple
        ),
    ),
    unique_by=lambda product: product.part_number,
    max_size=5,
)
layouts = st.builds(
    Layout,
    names=st.sampled_from([{}, NAMES]),
    delimiter=st.sampled_from([None, "\t", ",", ";", "|"]),
    encoding=st.sampled_from([None, "utf-16", "utf-8-sig"]),
    decimal_mark=st.sampled_from([".", ","]),
)


@pytest.mark.no_cover
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(products=all_products, layout=layouts)
def test_products_and_aliases_come_back_by_the_same_layout(
    tmp_path: Path, products: list[Product], layout: Layout
) -> None:
    file, aliases = tmp_path / "products.txt", tmp_path / "aliases.txt"
    of_aliases = evolve(
        layout, names={key: layout.names[key] for key in ["Part Number"] if key in layout.names}
    )
    assert write_products(file, products, layout) == len(products)
    write_aliases(aliases, products, of_aliases)
    with SqlGateway() as books:
        assert books.load_products(file, layout) == len(products)
        books.load_aliases(aliases, of_aliases)
        assert books.products() == sorted(products, key=lambda product: product.part_number)
    assert products_since(products, file, layout).changed == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    clients=st.lists(
        st.builds(
            Client,
            name=full_names,
            first_name=words,
            email=words,
            phone=words,
            address=st.builds(
                Address,
                **dict.fromkeys(
                    ["address_1", "address_2", "address_3", "city", "state", "zip", "country"],
                    words,
                ),
            ),
            import_id=st.integers(1, 10**6).map(lambda number: f"WEB{number}"),
        ),
        unique_by=lambda client: client.import_id,
        max_size=5,
    ),
    layout=layouts.map(lambda layout: evolve(layout, names={"Client Name": "Company"})),
)
@pytest.mark.no_cover
def test_clients_come_back_by_the_same_layout(
    tmp_path: Path, clients: list[Client], layout: Layout
) -> None:
    file = tmp_path / "clients.txt"
    assert write_clients(file, clients, layout) == len(clients)
    with SqlGateway() as books:
        books.load_clients(file, layout)
        assert [evolve(client, id=None) for client in books.clients()] == clients


def test_an_update_leaves_out_what_cannot_change(tmp_path: Path) -> None:
    file = tmp_path / "products.txt"
    write_products(file, [Product("SKU-1", "Mug", "Goods")], update=True)
    header = file.read_text(encoding="utf-8").splitlines()[0].split("\t")
    assert header[:3] == ["Part Number", "Name", "Description"]
    assert "Product Class" not in header
    assert "Product Type" not in header


def test_what_is_new_or_changed_since_a_file(tmp_path: Path) -> None:
    mug, cup = Product("SKU-1", "Mug", "Goods"), Product("SKU-2", "Cup", "Goods")
    file = tmp_path / "products.txt"
    write_products(file, [mug, cup])
    dearer, new = evolve(cup, list_price=Decimal("2.00")), Product("SKU-3", "Pot", "Goods")
    changes = products_since([mug, dearer, new], file)
    assert (changes.new, changes.changed) == ([new], [dearer])

    ana = Client("Rivera", "Ana", import_id="WEB7")
    write_clients(tmp_path / "clients.txt", [ana])
    moved, bo = evolve(ana, phone="1"), Client("Okafor")
    found = clients_since([moved, bo], tmp_path / "clients.txt")
    assert (found.new, found.changed) == ([bo], [moved])

    write_clients(tmp_path / "clients.txt", [bo])
    imported = evolve(bo, import_id="WEB8")
    found = clients_since([imported, evolve(bo, first_name="Bo")], tmp_path / "clients.txt")
    assert (len(found.new), found.changed) == (1, [imported])


def test_what_acctvantage_cannot_take_is_listed_and_nothing_written(tmp_path: Path) -> None:
    file = tmp_path / "products.txt"
    file.write_text("as before", encoding="utf-8")
    with pytest.raises(BooksFileError) as caught:
        write_products(
            file,
            [Product("X" * 21, "Mug", "Goods"), Product("B", "b", "Goods", description="d" * 51)],
        )
    assert [str(fault) for fault in caught.value.faults] == [
        f"{'X' * 21}: Part Number has 21 characters, AcctVantage takes 20",
        "B: Description has 51 characters, AcctVantage takes 50",
    ]
    with pytest.raises(BooksFileError, match="cp1252 has no character for"):
        write_products(file, [Product("A", "日本", "Goods")], Layout(encoding="cp1252"))
    assert file.read_text(encoding="utf-8") == "as before"
    assert [path.name for path in tmp_path.iterdir()] == ["products.txt"]


def test_a_layout_lists_all_its_faults(tmp_path: Path) -> None:
    layout = Layout(
        {"Part Numbr": "Item", "Name": "List Price", "Width": " "},
        delimiter="ab",
        encoding="latin-99",
        decimal_mark=cast("Literal['.']", ";"),
    )
    with pytest.raises(BooksFileError) as caught:
        write_products(tmp_path / "products.txt", [], layout)
    assert [str(fault) for fault in caught.value.faults] == [
        "Part Numbr: is not a field of this file: did you mean Part Number?",
        "List Price: has the same header as Name: 'List Price'",
        "Width: has an empty header",
        "delimiter: must be one character, not 'ab'",
        "decimal_mark: must be '.' or ',', not ';'",
        "encoding: 'latin-99' is not a known encoding",
    ]


@pytest.mark.parametrize(
    ("text", "encoding", "mark"),
    [
        ('Item;Color;Item Name;Product Class;Retail\nA;red;"Mug\nbig";Goods;1.234,50\n', None, ","),
        ('Item\tItem Name\tProduct Class\tRetail\tX\nA\t"Mug\nbig"\tGoods\t1234.50\t\n', None, "."),
        ('Retail,Product Class,Item,Item Name\n"1,234.50",Goods,A,"Mug\nbig"\n', "utf-16", "."),
        ('\ufeffItem,Item Name,Product Class,Retail\r\nA,"Mug\nbig",Goods,1234.5\r\n', None, "."),
    ],
    ids=["semicolons", "tabs", "commas in UTF-16", "with a BOM"],
)
def test_exports_of_other_systems(
    books: SqlGateway,
    tmp_path: Path,
    text: str,
    encoding: str | None,
    mark: Literal[".", ","],
) -> None:
    file = tmp_path / "export.txt"
    file.write_bytes(text.encode(encoding or "utf-8"))
    assert books.load_products(file, Layout(NAMES, decimal_mark=mark)) == 1
    (product,) = books.find_products(["A"])
    assert (product.name, product.list_price) == ("Mug\nbig", Decimal("1234.5"))


def test_every_fault_has_its_line_and_header_and_nothing_is_loaded(
    books: SqlGateway, tmp_path: Path
) -> None:
    before = books.products()
    file = tmp_path / "export.csv"
    file.write_text(
        "Item,Item Name,Product Class,Product Type,Retail\n"
        "A,Mug,Goods,Inventory,1.00\n"
        'B,"Mug\nbig",Goods,Freight,1.00\n'
        "C,,Goods,Kit,12.34.5\n"
        "a,Mug,Goods,Kit\n"
        "a,Mug,Goods,Kit,\n",
        encoding="utf-8",
    )
    with pytest.raises(BooksFileError) as caught:
        books.load_products(file, Layout(NAMES))
    assert [str(fault) for fault in caught.value.faults] == [
        "line 3, Product Type: must be Assembly, Inventory, Kit or Non-Inventory, not 'Freight'",
        "line 5, Item Name: must not be empty",
        "line 5, Retail: must be a number such as 1,234.50, not '12.34.5'",
        "line 6, row: has 4 cells, the header has 5",
        "line 7, Item: 'a' names the same record as line 2",
    ]
    assert books.products() == before


def test_a_header_that_the_layout_names_must_be_there(books: SqlGateway, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_text("Item,ItemName,Product Class\nA,Mug,Goods\n", encoding="utf-8")
    with pytest.raises(BooksFileError) as caught:
        books.load_products(file, Layout(NAMES))
    assert [str(fault) for fault in caught.value.faults] == [
        "line 1, Item Name: is a column that must be there: did you mean ItemName?",
        "line 1, Retail: is a column that must be there",
    ]


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_a_header_may_differ_from_the_layout_in_case(
    books: SqlGateway, tmp_path: Path, delimiter: str
) -> None:
    file = tmp_path / "products.txt"
    rows = [["ITEM", "item name", "Product class", "RETAIL"], ["A", "Cup", "Goods", "1.5"]]
    file.write_text("\n".join(map(delimiter.join, rows)), encoding="utf-8")
    assert books.load_products(file, Layout(NAMES)) == 1
    (product,) = books.find_products(["A"])
    assert (product.name, product.list_price) == ("Cup", Decimal("1.5"))


def test_a_header_spelled_as_in_the_layout_goes_before_other_cases(
    books: SqlGateway, tmp_path: Path
) -> None:
    file = tmp_path / "products.txt"
    file.write_text("ITEM,Item,Name,Product Class\nx,A,Cup,Goods\n", encoding="utf-8")
    assert books.load_products(file, Layout({"Part Number": "Item"})) == 1
    assert [each.part_number for each in books.find_products(["A", "x"])] == ["A"]
    file.write_text("ITEM,item,Name,Product Class\nx,A,Cup,Goods\n", encoding="utf-8")
    with pytest.raises(BooksFileError, match="line 1, Item: is there twice"):
        books.load_products(file, Layout({"Part Number": "Item"}))


def test_the_names_alone_are_no_layout(books: SqlGateway, tmp_path: Path) -> None:
    given: Any = {"Part Number": "SKU"}
    file = tmp_path / "products.txt"
    for use in (
        lambda: books.load_products(file, given),
        lambda: write_products(file, [], given),
    ):
        with pytest.raises(TypeError, match=r"Layout, not a dict: pass Layout\(\{\.\.\.\}\)"):
            use()


def test_a_nul_in_a_cell_is_a_fault(books: SqlGateway, tmp_path: Path) -> None:
    file = tmp_path / "products.txt"
    file.write_text(
        "Item,Name,Product Class,Notes\nA,Cup,Goods,\0\nB,M\0ug,Goods,\n", encoding="utf-8"
    )
    with pytest.raises(BooksFileError) as caught:
        books.load_products(file, Layout({"Part Number": "Item"}))
    assert [str(fault) for fault in caught.value.faults] == [
        r"line 3, Name: must have no NUL character: 'M\x00ug'",
    ]
    assert books.find_products(["A", "B"]) == []


def test_aliases_replace_those_of_the_products_named(books: SqlGateway, tmp_path: Path) -> None:
    file = tmp_path / "aliases.txt"
    file.write_text("Part Number\tAlias\nsku-1\tNEW\nSKU-1\tNEWER\n", encoding="utf-8")
    assert books.load_aliases(file) == 2
    assert books.products()[0].aliases == ("NEW", "NEWER")
    file.write_text("Part Number\tAlias\nSKU-1\tX\nSKU-1\tx\nSKU-9\tY\n", encoding="utf-8")
    with pytest.raises(BooksFileError) as caught:
        books.load_aliases(file)
    assert [str(fault) for fault in caught.value.faults] == [
        "line 3, Alias: 'x' is there already, in line 2",
        "line 4, Part Number: 'SKU-9' is not a product of the books",
    ]
    assert books.products()[0].aliases == ("NEW", "NEWER")


def test_quantities_of_an_export(books: SqlGateway, tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_text("Whse;Part Number;On hand\nMain;sku-1;1.234,5\n", encoding="utf-8")
    layout = Layout({"Warehouse": "Whse", "Qty Real-Time On Hand": "On hand"}, decimal_mark=",")
    assert books.load_quantities(file, layout) == 1
    assert books.available("Main", ["SKU-1"])["SKU-1"] == Decimal("1234.5")


def test_a_file_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="none is no folder: create it first"):
        write_products(tmp_path / "none" / "x.txt", [])


def test_two_that_write_a_file_at_once_do_not_take_the_other_for_their_own(tmp_path: Path) -> None:
    target = tmp_path / "x.txt"
    with replacing(target) as first:
        first.write("first")
        with replacing(target) as second:
            second.write("second")
        assert target.read_text(encoding="utf-8") == "second"
    assert target.read_text(encoding="utf-8") == "first"
    assert list(tmp_path.iterdir()) == [target]

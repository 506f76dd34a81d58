from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avbc.acctvantage import (
    Address,
    BooksFileError,
    Client,
    Contact,
    Product,
    Promotion,
    ReferenceData,
    ShipVia,
    SqlGateway,
    TaxArea,
    Warehouse,
)
from avbc.documentation import see
from avbc.testing.contract import make_bundle

WHOLE = """
currency = "EUR"
# In sequence.
order_statuses = ["Quote", "Open", "Committed", "Picked", "Packed", "Shipped/Invoice", "Posted"]
receipt_types = ["Visa/MC", "PayPal", "Check", "StoreCredit", "GiftCard"]
gl_accounts = ["40200-000-000", "25500-000-000"]
tax_areas = [{ name = "BigCommerce" }, { name = "AvaTax", avatax = true }]
warehouses = [{ name = "Main", product_classes = ["Goods", "Freight"] }, { name = "Outlet" }]
ship_vias = [{ name = "UPS Ground", product_class = "Freight" }]
promotions = [{ code = "SAVE5", kind = "$", value = "5.00", gl_code = "40200-000-000" }]

[[products]]
part_number = "SKU-1"
name = "Mug"
product_class = "Goods"
kind = "assembly"
description = "A mug"
sales_memo = "A mug of stoneware"
list_price = "9.95"
sell_price = 8.955
weight = 1
length = 1.5
width = "2"
height = "3"
taxable = false
webstore_category = "Kitchen"
sync_to_webstore = false
aliases = ["4006381333931", "Becher"]
quantity = { Main = 12, Outlet = "0.5" }

[[clients]]
name = "Rivera"
first_name = "Ana"
email = "Ana@example.com"
phone = "1"
import_id = "WEB7"
open_ar = true
contacts = [{ last_name = "Rivera", first_name = "Ben", email = "ben@example.com", phone = "3" }]
store_customer_ids = { WEB = 7 }

[clients.address]
name = "Ana"
attention = "Desk"
address_1 = "1 Main Street"
address_2 = "b"
address_3 = "c"
city = "Austin"
state = "Texas"
zip = "78701"
country = "US"
phone = "2"
email = "ap@example.com"
"""

ANA = Client(
    name="Rivera",
    first_name="Ana",
    email="Ana@example.com",
    phone="1",
    address=Address(
        "Ana",
        "Desk",
        "1 Main Street",
        "b",
        "c",
        "Austin",
        "Texas",
        "78701",
        "US",
        "2",
        "ap@example.com",
    ),
    import_id="WEB7",
    open_ar=True,
    contacts=(Contact("Rivera", "Ben", "ben@example.com", "3", id=1),),
    store_customer_ids={"WEB": 7},
    id=1,
)
MUG = Product(
    part_number="SKU-1",
    name="Mug",
    product_class="Goods",
    kind="assembly",
    description="A mug",
    sales_memo="A mug of stoneware",
    list_price=Decimal("9.95"),
    sell_price=Decimal("8.955"),
    weight=Decimal(1),
    length=Decimal("1.5"),
    width=Decimal(2),
    height=Decimal(3),
    taxable=False,
    webstore_category="Kitchen",
    sync_to_webstore=False,
    aliases=("4006381333931", "Becher"),
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(
        text: str, name: str = "books.toml", encoding: str = "utf-8", newline: str = "\n"
    ) -> Path:
        path = tmp_path / name
        path.write_bytes(text.replace("\n", newline).encode(encoding))
        return path

    return write


def faults(call: Callable[[Path], object], path: Path) -> list[str]:
    with pytest.raises(BooksFileError) as caught:
        call(path)
    assert caught.value.source == str(path)
    return [str(fault) for fault in caught.value.faults]


def loads_or_has_faults(call: Callable[[Path], object], path: Path) -> None:
    try:
        call(path)
    except BooksFileError:
        assert faults(call, path)


class TestBooksToml:
    def test_every_key_is_read_and_loading_twice_is_loading_once(
        self, books: SqlGateway, write: Write
    ) -> None:
        path = write(WHOLE)
        for _ in range(3):
            books.load(path)
            assert books.reference_data() == ReferenceData(
                currency="EUR",
                receipt_types=(
                    "Visa/MC",
                    "PayPal",
                    "Check",
                    "StoreCredit",
                    "GiftCard",
                    "Purchase Order",
                ),
                gl_accounts=("40200-000-000", "25500-000-000"),
                tax_areas=(TaxArea("BigCommerce"), TaxArea("AvaTax", avatax=True)),
                warehouses=(Warehouse("Main", ("Goods", "Freight")), Warehouse("Outlet")),
                ship_vias=(ShipVia("UPS Ground", "Freight"),),
                promotions=(Promotion("SAVE5", "$", Decimal("5.00"), "40200-000-000"),),
            )
            assert books.products() == [MUG]
            assert books.clients() == [ANA]
            assert books.available("Main") == {"SKU-1": 12}
            assert books.available("Outlet") == {"SKU-1": Decimal("0.5")}

    def test_a_second_file_adds_and_replaces(self, books: SqlGateway, write: Write) -> None:
        books.load(write(WHOLE))
        books.load(
            write("""
            order_statuses = ["Open", "Picked", "Posted"]
            receipt_types = ["Check", "Cash", "Purchase Order"]
            tax_areas = [{ name = "BigCommerce", avatax = true }]
            warehouses = [{ name = "Main", product_classes = ["Goods"] }]
            ship_vias = [{ name = "ups ground", product_class = "Other" }, { name = "Courier" }]
            promotions = [
                {code="save5", kind="%", value=10, gl_code="1", name="Ten", inactive=true},
            ]
            products = [
                { part_number = "sku-1", name = "Cup", product_class = "Goods" },
                {part_number="SKU-2", name="Pot", product_class="Goods", quantity={Main=-1}},
            ]
            [[clients]]
            name = "Rivera"
            email = "new@example.com"
            import_id = "WEB7"
            contacts = [{ last_name = "Lopez" }]
            store_customer_ids = { WEB = 8, SHP = 1 }
            """)
        )
        reference = books.reference_data()
        assert reference.currency == "EUR"
        assert reference.order_statuses == ("Open", "Picked", "Posted")
        assert reference.receipt_types == (
            "Visa/MC",
            "PayPal",
            "Check",
            "StoreCredit",
            "GiftCard",
            "Cash",
            "Purchase Order",
        )
        assert reference.tax_areas[0] == TaxArea("BigCommerce", avatax=True)
        assert reference.warehouses == (Warehouse("Main", ("Goods",)), Warehouse("Outlet"))
        assert reference.ship_vias == (ShipVia("ups ground", "Other"), ShipVia("Courier"))
        assert reference.promotions == (
            Promotion("save5", "%", Decimal(10), "1", "Ten", inactive=True),
        )
        assert books.products() == [
            Product("sku-1", "Cup", "Goods"),
            Product("SKU-2", "Pot", "Goods"),
        ]
        assert books.available("Main") == {"sku-1": 12, "SKU-2": -1}
        (client,) = books.clients()
        assert (client.id, client.email, client.first_name, client.open_ar) == (
            1,
            "new@example.com",
            "",
            False,
        )
        assert [contact.last_name for contact in client.contacts] == ["Rivera", "Lopez"]
        assert client.store_customer_ids == {"WEB": 8, "SHP": 1}

    def test_clients_without_import_id_are_known_by_names_and_email(
        self, books: SqlGateway, write: Write
    ) -> None:
        path = write("""
            clients = [
                { name = "Rivera", first_name = "Ana", email = "ana@example.com" },
                { name = "Rivera", first_name = "Ben" },
                {name="Rivera", first_name="Ben", email="ana@example.com", contacts=[
                    {last_name="Lopez"}]},
            ]
            """)
        books.load(path)
        ana, ben, other = books.clients()
        bound = make_bundle(1)
        books.create_order(type(bound)(order=bound.order, client_id=ana.id, bind_import_id="WEB7"))
        path.write_text(path.read_text().replace('"Ana"', '"ANA", phone = "1"'))
        books.load(path)
        again = books.clients()
        assert [client.id for client in again] == [ana.id, ben.id, other.id]
        assert (again[0].import_id, again[0].phone, again[0].first_name) == ("WEB7", "1", "ANA")

    def test_an_import_id_that_the_file_adds_is_bound(
        self, books: SqlGateway, write: Write
    ) -> None:
        books.load(write('clients = [{ name = "Rivera", email = "ana@example.com" }]'))
        with_id = 'clients = [{ name = "Rivera", email = "ana@example.com", import_id = "WEB7" }]'
        books.load(write(with_id))
        books.load(write(with_id.replace("WEB7", "WEB8")))
        assert [(client.id, client.import_id) for client in books.clients()] == [
            (1, "WEB7"),
            (2, "WEB8"),
        ]

    @pytest.mark.parametrize(
        ("encoding", "newline"), [("utf-8-sig", "\n"), ("utf-8", "\r\n"), ("utf-8-sig", "\r\n")]
    )
    def test_what_editors_do_to_files_does_not_matter(
        self, memory: SqlGateway, write: Write, encoding: str, newline: str
    ) -> None:
        memory.load(
            write('receipt_types = ["漢字 🎁",\n "Öl"]\n', encoding=encoding, newline=newline)
        )
        assert memory.reference_data().receipt_types == ("漢字 🎁", "Öl", "Purchase Order")

    @pytest.mark.parametrize(
        "source",
        [WHOLE, "\ufeff" + WHOLE.replace("\n", "\r\n"), tomllib.loads(WHOLE)],
        ids=["text", "text of Windows", "dict"],
    )
    def test_a_text_or_a_dict_is_read_as_a_file_is(
        self, memory: SqlGateway, source: str | dict[str, object]
    ) -> None:
        for _ in range(2):
            memory.load(source)
            assert memory.products() == [MUG]
            assert memory.clients() == [ANA]
            assert memory.reference_data().currency == "EUR"

    def test_a_text_of_one_line_is_not_a_path(self, memory: SqlGateway) -> None:
        memory.load('receipt_types = ["Check"]')
        memory.load({"receipt_types": ("Cash",)})
        assert memory.reference_data().receipt_types == ("Check", "Cash", "Purchase Order")

    @pytest.mark.parametrize(
        ("source", "says"),
        [
            ('currency = "USD"\ngl_accounts = [1]', "line 2, gl_accounts: must be text"),
            ({"gl_accounts": [1]}, "gl_accounts: must be text"),
            ({"currency": 1}, "currency: must be text"),
            ({"product": []}, "product: is not a key of books.toml: did you mean products?"),
            (
                {"promotions": [{"code": "A", "kind": "$", "value": float("nan"), "gl_code": "1"}]},
                "promotions[0].value: must be a number such as 9.95",
            ),
            ("currency = USD\n", "line 1, file: is not TOML"),
        ],
    )
    def test_faults_of_a_text_or_a_dict(
        self, memory: SqlGateway, source: str | dict[str, object], says: str
    ) -> None:
        with pytest.raises(BooksFileError) as caught:
            memory.load(source)
        assert caught.value.source == "books"
        assert str(caught.value).splitlines()[1].strip().startswith(says)

    def test_an_empty_file_loads_nothing(self, memory: SqlGateway, write: Write) -> None:
        memory.load(write(""))
        assert memory.reference_data() == ReferenceData(receipt_types=("Purchase Order",))

    def test_all_faults_come_at_once_with_key_and_line(
        self, memory: SqlGateway, write: Write
    ) -> None:
        path = write(
            """currency = "Dollar"
order_statuses = ["Open", "Open"]
receipt_types = "Check"
gl_accounts = ["1", 2]
tax_area = [{ name = "BigCommerce" }]
tax_areas = [{ name = "BigCommerce", avatax = "yes" }, 7]
warehouses = [{ name = "Main" }, { name = "main" }]
ship_vias = { name = "UPS" }
promotions = [{code="A", kind="x", value="5,00"}, {code="B", kind="%", value=101, gl_code="1"}]

[[products]]
part_number = "SKU-1"
part_numer = "SKU-1"
name = " "
list_price = -1
weight = nan
aliases = "x"
quantity = { Mian = 1 }

[[products]]
part_number = "SKU-2"
name = "Pot"
product_class = "Goods"
taxable = 1
[products.quantity]
Mian = 1
Main = "many"

[[products]]
part_number = "SKU-3"
name = "Pot"
product_class = "Goods"
quantity = 12

[[products]]
part_number = "SKU-4"
name = "Pot"
product_class = "Goods"
quantity = { Mian = 1, Main = "many" }

[[clients]]
first_name = "Ana"
address = { town = "Austin" }
contacts = [{ first_name = "Ben" }, 1]
store_customer_ids = { WEB = true }

[[clients]]
name = "Rivera"
address = "Austin"
store_customer_ids = 7

[[clients]]
name = "Lopez"
[[clients]]
name = "LOPEZ "
"""
        )
        assert faults(memory.load, path) == [
            "line 1, currency: must be the code of a currency such as USD",
            "line 2, order_statuses: must not name a status twice",
            "line 3, receipt_types: must be a list of texts, not text",
            "line 4, gl_accounts: must be text, not a whole number: put it in quotes",
            "line 5, tax_area: is not a key of books.toml: did you mean tax_areas?",
            "line 6, tax_areas[0].avatax: must be true or false, not text",
            "line 6, tax_areas[1]: must be a table, not a whole number",
            "line 7, warehouses[1].name: 'main' is there already: warehouses[0]",
            "line 8, ship_vias: must be a list of rows, each under [[ship_vias]], not a table",
            "line 9, promotions[0]: lacks gl_code",
            "line 9, promotions[0].kind: must be $ or %",
            "line 9, promotions[0].value: must be a number such as 9.95",
            "line 9, promotions[1].value: must not be more than 100 %",
            "line 11, products[0]: lacks product_class",
            "line 13, products[0].part_numer: is not a key here: did you mean part_number?",
            "line 14, products[0].name: must not be empty",
            "line 15, products[0].list_price: must not be negative",
            "line 16, products[0].weight: must be a number such as 9.95",
            "line 17, products[0].aliases: must be a list of texts, not text",
            "line 24, products[1].taxable: must be true or false, not a whole number",
            (
                "line 33, products[2].quantity: must be a table of numbers by warehouse, not a "
                "whole number"
            ),
            (
                "line 39, products[3].quantity.Mian: is not a warehouse of the books: did you "
                "mean Main?"
            ),
            "line 39, products[3].quantity.Main: must be a number such as 9.95",
            "line 41, clients[0]: lacks name",
            "line 43, clients[0].address.town: is not a key here",
            "line 44, clients[0].contacts[0]: lacks last_name",
            "line 44, clients[0].contacts[1]: must be a table, not a whole number",
            (
                "line 45, clients[0].store_customer_ids.WEB: must be a whole number, not true or "
                "false"
            ),
            "line 49, clients[1].address: must be a table, not text",
            (
                "line 50, clients[1].store_customer_ids: must be a table of BigCommerce customer "
                "ids by Import Source Code, not a whole number"
            ),
            "line 54, clients[3]: is the same client as clients[2]",
        ]
        assert memory.products() == []
        assert memory.reference_data().warehouses == ()

    def test_quantities_may_name_warehouses_that_are_in_the_books(
        self, memory: SqlGateway, write: Write
    ) -> None:
        memory.load(write('warehouses = [{ name = "Main" }]'))
        memory.load(
            write(
                'products = [{ part_number = "A", name = "A", product_class = "G", quantity = { '
                "Main = 1 } }]"
            )
        )
        assert memory.available("Main") == {"A": 1}

    def test_files_that_cannot_be_read(
        self, memory: SqlGateway, tmp_path: Path, write: Write
    ) -> None:
        assert faults(memory.load, tmp_path / "nothing.toml") == [
            "file: cannot be read: No such file or directory"
        ]
        assert faults(memory.load, write("a = 'ä'", encoding="latin-1")) == [
            "file: cannot be read: it is not a text file in UTF-8"
        ]
        (fault,) = faults(memory.load, write('currency = "USD"\norder_statuses = [\n\n'))
        assert fault == (
            "line 2, file: is not TOML: `order_statuses = [` begins a list that has no end: write ]"
        )
        (fault,) = faults(memory.load, write('currency = "USD"\ncurrency = "EUR"\n'))
        assert fault == (
            "line 2, file: is not TOML: currency is there twice, in line 1 too: remove one of the "
            "two"
        )
        assert faults(memory.load, write(f"a = {'[' * 5000}")) == [
            "file: is not TOML: it is nested too deeply"
        ]
        for number in ("9" * 5000, "1e99999999999999999999"):
            assert faults(memory.load, write(f"a = {number}")) == [
                "file: is not TOML: a number in it is too long"
            ]
        assert faults(memory.load, write('order_statuses = []\n"odd \\"key\\"" = 1')) == [
            "line 1, order_statuses: must not be empty",
            'line 2, "odd \\"key\\"": is not a key of books.toml',
        ]


PRODUCTS = "part_number,name,product_class,list_price,taxable,aliases\n"


class TestCsv:
    def test_products_are_added_and_replaced(self, books: SqlGateway, write: Write) -> None:
        path = write(
            "name, part_number,product_class,kind,sell_price,sync_to_webstore,aliases,weight\n"
            "Mug,SKU-1,Goods,kit,8.955,no,x; y ;,\n"
            '"Pot, large\nand ""round""",SKU-2,Goods,,,,,\n'
            "\n"
            "漢字 🎁,SKU-3,Goods,,,YES,,0.5\n",
            "products.csv",
        )
        mug = Product(
            "SKU-1",
            "Mug",
            "Goods",
            "kit",
            sell_price=Decimal("8.955"),
            sync_to_webstore=False,
            aliases=("x", "y"),
        )
        pot = Product("SKU-2", 'Pot, large\nand "round"', "Goods")
        gift = Product("SKU-3", "漢字 🎁", "Goods", weight=Decimal("0.5"))
        for _ in range(2):
            assert books.load_products(path) == 3
            assert books.products() == [mug, pot, gift]
        assert (
            books.load_products(
                write("part_number,name,product_class\nsku-1,Cup,Goods\n", "products.csv")
            )
            == 1
        )
        assert books.products() == [Product("sku-1", "Cup", "Goods"), pot, gift]
        assert books.find_products(["x"]) == []

    @pytest.mark.parametrize(
        ("encoding", "newline"),
        [("utf-8-sig", "\n"), ("utf-8", "\r\n"), ("utf-8-sig", "\r\n"), ("utf-8", "\r")],
    )
    def test_what_spreadsheets_do_to_files_does_not_matter(
        self, memory: SqlGateway, write: Write, encoding: str, newline: str
    ) -> None:
        assert (
            memory.load_products(
                write(PRODUCTS + "Ö-1,Öl,Goods,1.50,TRUE,\n", "products.csv", encoding, newline)
            )
            == 1
        )
        assert memory.products() == [Product("Ö-1", "Öl", "Goods", list_price=Decimal("1.50"))]

    def test_clients(self, books: SqlGateway, write: Write) -> None:
        path = write(
            "name,first_name,email,import_id,open_ar,address.city,address.zip\n"
            "Rivera,Ana,ana@example.com,WEB7,1,Austin,00123\n"
            "Lopez,,lopez@example.com,,false,,\n"
            "Lopez,Ben,,,,,\n",
            "clients.csv",
        )
        for _ in range(2):
            assert books.load_clients(path) == 3
            assert books.clients() == [
                Client(
                    "Rivera",
                    "Ana",
                    "ana@example.com",
                    import_id="WEB7",
                    open_ar=True,
                    address=Address(city="Austin", zip="00123"),
                    id=1,
                ),
                Client("Lopez", email="lopez@example.com", id=2),
                Client("Lopez", "Ben", id=3),
            ]

    def test_quantities(self, books: SqlGateway, write: Write) -> None:
        books.load(write(WHOLE))
        path = write(
            "part_number,warehouse,quantity\nsku-1,Main,7.5\nSKU-1,Outlet,-1\n", "quantities.csv"
        )
        for _ in range(2):
            assert books.load_quantities(path) == 2
            assert books.available("Main") == {"SKU-1": Decimal("7.5")}
            assert books.available("Outlet") == {"SKU-1": -1}

    def test_faults_of_products(self, memory: SqlGateway, write: Write) -> None:
        path = write(
            PRODUCTS + "SKU-1,Mug,Goods,1,true,\n"
            ",Mug,Goods,1,true,\n"
            'SKU-2,"two\nlines",,"9,95",maybe,\n'
            "SKU-3,Mug,Goods\n"
            "sku-1,Mug,Goods,,,\n"
            "SKU-4,Mug,Goods,-1,,\n",
            "products.csv",
        )
        assert faults(memory.load_products, path) == [
            "line 3, part_number: must not be empty",
            "line 4, product_class: must not be empty",
            "line 4, list_price: must be a number such as 9.95, not '9,95'",
            "line 4, taxable: must be true or false, not 'maybe'",
            "line 6, row: has 3 cells, the header has 6",
            "line 7, part_number: 'sku-1' names the same record as line 2",
            "line 8, list_price: must not be negative, not '-1'",
        ]
        assert memory.products() == []

    def test_faults_of_clients(self, memory: SqlGateway, write: Write) -> None:
        path = write(
            "name,email,open_ar\nRivera,a@example.com,?\nLopez,,\nlopez,,\n", "clients.csv"
        )
        assert faults(memory.load_clients, path) == [
            "line 2, open_ar: must be true or false, not '?'",
            "line 4, name: 'lopez' names the same record as line 3",
        ]
        assert memory.clients() == []

    def test_faults_of_quantities_and_nothing_half_written(
        self, books: SqlGateway, write: Write, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("avbc.acctvantage.sql.loading._LOT", 1)
        books.load(write(WHOLE))
        path = write(
            "part_number,warehouse,quantity\nSKU-1,Main,99\nSKU-9,Main,1\nSKU-1,Mian,1\nSKU-1,Outlet,x\nSKU-1,Outlet,99\nsku-1,Main,5\n",
            "quantities.csv",
        )
        assert faults(books.load_quantities, path) == [
            "line 3, part_number: 'SKU-9' is not a product of the books",
            "line 4, warehouse: 'Mian' is not a warehouse of the books: did you mean Main?",
            "line 5, quantity: must be a number such as 9.95, not 'x'",
            "line 7, part_number: 'sku-1' is there already for 'Main', in line 2",
        ]
        assert books.available("Main") == {"SKU-1": 12}
        assert books.available("Outlet") == {"SKU-1": Decimal("0.5")}

    def test_faults_of_the_header(self, memory: SqlGateway, write: Write) -> None:
        path = write("part_number,name,name,list_prise,\nSKU-1,,,,\n", "products.csv")
        assert faults(memory.load_products, path) == [
            "line 1, name: is there twice",
            "line 1, list_prise: is not a column here: did you mean list_price?",
            "line 1, column 5: is not a column here",
            "line 1, product_class: is a column that must be there",
        ]
        assert len(faults(memory.load_products, write("", "products.csv"))) == 3

    def test_files_that_cannot_be_read(
        self, memory: SqlGateway, tmp_path: Path, write: Write
    ) -> None:
        assert faults(memory.load_products, tmp_path / "nothing.csv") == [
            "file: cannot be read: No such file or directory"
        ]
        assert faults(
            memory.load_products, write(PRODUCTS + "ä,ä,ä,,,\n", "products.csv", "latin-1")
        ) == [
            (
                'file: is not UTF-8 text: save it as "CSV UTF-8" (in Excel: Save As), or read it '
                f"by a layout with its encoding ({see('files')})"
            )
        ]
        assert faults(
            memory.load_products, write(PRODUCTS + 'SKU-1,"Mug,Goods,,,\n', "products.csv")
        ) == ["line 2, file: is not CSV: unexpected end of data"]

    @pytest.mark.parametrize("name", ["products.xlsx", "products.XLS"])
    def test_a_spreadsheet(self, memory: SqlGateway, tmp_path: Path, name: str) -> None:
        path = tmp_path / name
        advice = [
            (
                'file: is a spreadsheet by its name: save it as "CSV UTF-8" (in Excel: Save As), '
                "and load that file"
            )
        ]
        for content in (b"PK\x03\x04\xff\xfe", b"part_number,name\n"):
            path.write_bytes(content)
            assert faults(memory.load, path) == advice
        path.write_bytes(b"PK\x03\x04\xff\xfe")
        assert faults(memory.load_products, path) == advice

    def test_utf_16_with_the_keys_as_headers(self, memory: SqlGateway, write: Write) -> None:
        path = write(PRODUCTS + "SKU-1,Tasse für Tee,Goods,1,,\n", "products.csv", "utf-16")
        assert memory.load_products(path) == 1
        assert memory.products()[0].name == "Tasse für Tee"

    def test_the_first_faults_are_listed_and_the_others_counted(
        self, memory: SqlGateway, write: Write
    ) -> None:
        path = write(
            PRODUCTS + "".join(f"SKU-{number},Mug,Goods,free,,\n" for number in range(1_234)),
            "products.csv",
        )
        with pytest.raises(BooksFileError) as caught:
            memory.load_products(path)
        assert len(caught.value.faults) == 50
        assert caught.value.unlisted == 1_184
        assert str(caught.value).startswith(
            f"{path} has 1,234 faults, of which the first 50 are listed:\n  line 2, list_price: "
            "must be"
        )

    def test_many_rows_come_in_lots(self, books: SqlGateway, write: Write) -> None:
        count = 5_001
        path = write(
            PRODUCTS
            + "".join(
                f"SKU-{number:05},Mug,Goods,{number}.50,,a{number}\n" for number in range(count)
            ),
            "products.csv",
        )
        for _ in range(2):
            assert books.load_products(path) == count
        assert len(books.products()) == count
        found = books.find_products(
            [f"sku-{number:05}" for number in range(0, count, 2)]
            + [f"A{number}" for number in range(1, count, 2)]
        )
        assert [product.part_number for product in found] == [
            f"SKU-{number:05}" for number in range(count)
        ]
        assert found[7].list_price == Decimal("7.50")


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    text=st.text(max_size=200)
    | st.lists(st.sampled_from(WHOLE.splitlines()), max_size=30).map("\n".join)
)
def test_any_toml_loads_or_has_faults(memory: SqlGateway, tmp_path: Path, text: str) -> None:
    path = tmp_path / "books.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    loads_or_has_faults(memory.load, path)


cells = st.text(max_size=12) | st.sampled_from(
    ["", "1.5", "true", "part_number", "name", "product_class", "warehouse", "quantity", "x"]
)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    rows=st.lists(st.lists(cells, max_size=4).map(",".join), max_size=6),
    method=st.sampled_from(["products", "clients", "quantities"]),
)
def test_any_csv_loads_or_has_faults(
    memory: SqlGateway, tmp_path: Path, rows: list[str], method: str
) -> None:
    path = tmp_path / "any.csv"
    path.write_text("\n".join(rows), encoding="utf-8", errors="surrogatepass")
    loads_or_has_faults(getattr(memory, f"load_{method}"), path)

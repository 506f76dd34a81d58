"""Readers of CSV and tab-separated exports, whose columns a table of the user's names."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Literal, TextIO, cast

import attrs

from avbc.acctvantage.books_file import (
    ALIAS_COLUMNS,
    CLIENT_COLUMNS,
    NUMBERS,
    PRODUCT_COLUMNS,
    QUANTITY_COLUMNS,
    Column,
    CsvFile,
    Table,
    client_identity,
    client_of_row,
    meant,
)
from avbc.acctvantage.errors import BooksFileError
from avbc.acctvantage.records import Client, Product
from avbc.acctvantage.spreadsheets import encoding_of
from avbc.errors import Fault
from avbc.text import quoted, text_key
from avbc.toml import Convert

_DELIMITERS = ("\t", ",", ";")

KINDS = {
    "inventory": "Inventory",
    "non_inventory": "Non-Inventory",
    "assembly": "Assembly",
    "kit": "Kit",
}
"""The Product Types of the Import Wizard. Freight, the fifth, is no product of a store."""


@attrs.frozen
class Layout:
    """How a file differs from the field names of AcctVantage's manual as headers.

    The same layout writes a file and reads it back.

    >>> layout = Layout({"Part Number": "Item", "Name": "Item Name"}, decimal_mark=",")
    """

    names: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """The header of a field: field -> header. A field that is not here has its own name."""
    delimiter: str | None = None
    """None: a file is written with tabs, and read with a tab, comma or semicolon, by its header."""
    encoding: str | None = None
    """None: UTF-8, or UTF-16 where the file that is read begins with its byte order mark."""
    decimal_mark: Literal[".", ","] = "."
    """The other of the two may separate thousands in a file that is read."""

    def headers(self, fields: Mapping[str, str], source: str) -> dict[str, str]:
        """The header of each key in `fields` (field -> key).

        Raises:
            BooksFileError: There is no such field, or two fields have the same header.
        """
        faults = [
            Fault(field, f"is not a field of this file{meant(field, fields)}")
            for field in self.names
            if field not in fields
        ]
        headers: dict[str, str] = {}
        taken: dict[str, str] = {}
        for field, key in fields.items():
            header = headers[key] = self.names.get(field, field).strip()
            if not header:
                faults.append(Fault(field, "has an empty header"))
            other = taken.setdefault(header, field)
            if other != field:
                faults.append(Fault(field, f"has the same header as {other}: {quoted(header)}"))
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            faults.append(
                Fault("delimiter", f"must be one character, not {quoted(self.delimiter)}")
            )
        if self.decimal_mark not in {".", ","}:
            faults.append(
                Fault("decimal_mark", f"must be '.' or ',', not {quoted(self.decimal_mark)}")
            )
        try:
            "".encode(self.encoding or "utf-8")
        except LookupError:
            faults.append(Fault("encoding", f"{quoted(self.encoding)} is not a known encoding"))
        if faults:
            raise BooksFileError(f"the layout of {source}", faults)
        return headers


def require_layout(layout: object) -> None:
    """Make sure that an argument is a layout.

    Raises:
        TypeError: It is something else, such as the names alone.
    """
    if not isinstance(layout, Layout):
        kind = type(layout).__name__
        fix = ": pass Layout({...})" if kind == "dict" else ""
        raise TypeError(f"layout: must be an avbc.acctvantage.files.Layout, not a {kind}{fix}")


@attrs.frozen
class FileKind:
    """The fields that a kind of file may have (field -> key), and what reads their cells."""

    fields: Mapping[str, str]
    table: Table


@attrs.frozen
class Alias:
    """An alternate part number of a product; `line` is where the file says so."""

    part_number: str
    alias: str
    line: int | None = None


PRODUCTS_FILE = FileKind(
    {
        "Part Number": "part_number",
        "Name": "name",
        "Product Class": "product_class",
        "Product Type": "kind",
        "Description": "description",
        "Default Sales/PO Line Memo": "sales_memo",
        "List Price": "list_price",
        "Sell Price": "sell_price",
        "Weight": "weight",
        "Length": "length",
        "Width": "width",
        "Height": "height",
        "Taxable": "taxable",
        "Webstore Category": "webstore_category",
        "Sync to Webstore": "sync_to_webstore",
    },
    PRODUCT_COLUMNS,
)
ALIASES_FILE = FileKind({"Part Number": "part_number", "Alias": "alias"}, ALIAS_COLUMNS)
CLIENTS_FILE = FileKind(
    {
        "Client Name": "name",
        "First Name": "first_name",
        "Email": "email",
        "Phone Number": "phone",
        "Address 1": "address.address_1",
        "Address 2": "address.address_2",
        "Address 3": "address.address_3",
        "City": "address.city",
        "State": "address.state",
        "Zip Code": "address.zip",
        "Country": "address.country",
        "Import ID": "import_id",
    },
    CLIENT_COLUMNS,
)
QUANTITIES_FILE = FileKind(
    {
        "Part Number": "part_number",
        "Warehouse": "warehouse",
        "Qty Real-Time On Hand": "quantity",
    },
    QUANTITY_COLUMNS,
)


class ExportFile(CsvFile):
    """An export: columns by a layout, in any order. Columns that are no field are passed over.

    A header may differ from the layout in case.

    Args:
        path: The file.
        kind: What it may hold.
        layout: Its headers and its form.

    Raises:
        BooksFileError: The layout has faults.
    """

    def __init__(self, path: str | PathLike[str], kind: FileKind, layout: Layout) -> None:
        require_layout(layout)
        super().__init__(path, kind.table)
        self._layout = layout
        self._headers = layout.headers(kind.fields, str(path))
        self._named = [self._headers[kind.fields[field]] for field in layout.names]
        self.encoding = layout.encoding or self.encoding

    def fault(self, key: str, message: str, line: int | None) -> None:
        """Note a fault under the header that the file has for the key."""
        super().fault(self._headers.get(key, key), message, line)

    def _delimiter(self, file: TextIO, /) -> str:
        if self._layout.delimiter is not None:
            return self._layout.delimiter
        known = {text_key(name) for name in self._headers.values()}

        def fields(delimiter: str) -> int:
            file.seek(0)
            header = next(csv.reader(file, delimiter=delimiter), cast("list[str]", []))
            return sum(text_key(column.strip()) in known for column in header)

        found = max(_DELIMITERS, key=fields)
        file.seek(0)
        return found

    def _columns(self, header: list[str]) -> list[Column | None]:
        keys = {name: key for key, name in self._headers.items()}
        # A column that is spelled as in the layout goes first: another case of it is another one.
        spelled = {text_key(name): name for name in keys if name not in header}
        header = [
            column if column in keys else spelled.get(text_key(column), column) for column in header
        ]
        required = [self._headers[key] for key in self._table.required]
        is_good = True
        for name in dict.fromkeys([*required, *self._named]):
            if name not in header:
                self.fault(name, f"is a column that must be there{meant(name, header)}", 1)
                is_good = False
        for name in keys:
            if header.count(name) > 1:
                self.fault(name, "is there twice", 1)
                is_good = False
        if not is_good:
            return []
        return [(keys[name], self._reader(keys[name])) if name in keys else None for name in header]

    def _reader(self, key: str) -> Convert:
        convert = self._table.fields[key]
        if convert in NUMBERS:
            mark = self._layout.decimal_mark
            return lambda cell: convert(number(str(cell), mark))
        return product_type if key == "kind" else convert


def is_of_quantities(path: str | PathLike[str]) -> bool:
    """Whether a file is one of quantities, and none of products, by its header."""
    return not _header(path).isdisjoint(_OF_QUANTITIES)


def layout_of(path: str | PathLike[str]) -> Layout | None:
    """The layout of AcctVantage's own field names, where a file has them; None for the plain keys.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "stock.csv")
    ...     _ = path.write_text("Part Number,Warehouse,Qty Real-Time On Hand")
    ...     is_of_quantities(path), layout_of(path) == Layout()
    (True, True)
    """
    return Layout() if text_key("Part Number") in _header(path) else None


_OF_QUANTITIES = {text_key(name) for name in ("quantity", *QUANTITIES_FILE.fields)} - {
    text_key("Part Number")
}


def _header(path: str | PathLike[str]) -> set[str]:
    """The names of the columns by `text_key`; none of a file that cannot be read."""
    try:
        with Path(path).open(encoding=encoding_of(Path(path)), newline="") as file:
            line = file.readline()
    except (OSError, UnicodeError):
        return set()
    return {text_key(cell.strip(' "\r\n')) for cell in re.split("[\t,;]", line)}


def number(cell: str, decimal_mark: Literal[".", ","] = ".") -> Decimal:
    """The number that a cell says; thousands may be separated by the other mark.

    >>> number("1,234.50"), number("1.234,5", ",")
    (Decimal('1234.50'), Decimal('1234.5'))
    """
    group = "," if decimal_mark == "." else "."
    mark, group = re.escape(decimal_mark), re.escape(group)
    pattern = rf"[-+]?([0-9]+|[0-9]{{1,3}}({group}[0-9]{{3}})+)({mark}[0-9]+)?"
    text = cell.strip()
    if not re.fullmatch(pattern, text, re.ASCII):
        example = "1,234.50" if decimal_mark == "." else "1.234,50"
        raise ValueError(f"must be a number such as {example}")
    return Decimal(text.replace("," if decimal_mark == "." else ".", "").replace(",", "."))


def product_type(cell: object) -> str:
    """The kind of product that a Product Type is.

    >>> product_type("Non-Inventory")
    'non_inventory'
    """
    for kind, name in KINDS.items():
        if text_key(str(cell).strip()) == text_key(name):
            return kind
    raise ValueError("must be Assembly, Inventory, Kit or Non-Inventory")


def read_products(file: CsvFile) -> Iterator[Product]:
    """The products of a file; a part number that comes twice is a fault."""
    return file.records(
        lambda values: Product(**values),
        lambda product: text_key(product.part_number),
        "part_number",
    )


def read_clients(file: CsvFile) -> Iterator[Client]:
    """The clients of a file; the same client a second time is a fault."""
    return file.records(client_of_row, client_identity, "name")


def read_aliases(file: CsvFile) -> Iterator[Alias]:
    """The aliases of a file; an alias that comes twice for a part number is a fault."""
    seen: dict[tuple[str, str], int] = {}
    for line, values in file.rows():
        alias = Alias(values["part_number"], values["alias"], line)
        first = seen.setdefault((text_key(alias.part_number), text_key(alias.alias)), line)
        if first == line:
            yield alias
        else:
            file.fault("alias", f"{quoted(alias.alias)} is there already, in line {first}", line)

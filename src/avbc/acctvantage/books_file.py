"""books.toml and the CSV files, read into records; every fault has its key and line."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Any, TextIO, TypeAlias, TypeVar, cast

import attrs

from avbc.acctvantage.errors import BooksFileError
from avbc.acctvantage.records import (
    Address,
    Client,
    Contact,
    Product,
    Promotion,
    ShipVia,
    TaxArea,
    Warehouse,
)
from avbc.acctvantage.separators import separator_fault
from avbc.acctvantage.spreadsheets import decoding_fault, encoding_of, spreadsheet_fault
from avbc.errors import Fault
from avbc.text import near_name, quoted, text_key
from avbc.toml import (
    Convert,
    RecordReader,
    TomlFile,
    as_flag,
    as_text,
    as_whole_number,
    join_key,
    key_lines,
    of_type,
    parse_toml,
    placed,
    read_toml,
)

LISTED = 50
"""Faults of a CSV file that an error lists; the rest is counted."""

R = TypeVar("R")

_BOOKS = "books"
"""What errors call a text or a table of books.toml."""


# What a field may hold.


def _name(value: object) -> str:
    text: str = as_text(value).strip()
    if not text:
        raise ValueError("must not be empty")
    return text


def _decimal(value: object) -> Decimal:
    """A number, or the text of one, exact; a float is the number that Python prints for it.

    >>> _decimal("9.95"), _decimal(12), _decimal(9.95)
    (Decimal('9.95'), Decimal('12'), Decimal('9.95'))
    """
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", value.strip(), re.ASCII):
        return Decimal(value.strip())
    if isinstance(value, Decimal) and value.is_finite():
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise ValueError("must be a number such as 9.95")


def _not_negative(value: object) -> Decimal:
    number = _decimal(value)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _flag_cell(value: object) -> bool:
    text = str(value).strip().lower()
    if text in {"true", "yes", "1"}:
        return True
    if text in {"false", "no", "0"}:
        return False
    raise ValueError("must be true or false")


def _names(value: object) -> tuple[str, ...]:
    names: Sequence[object] = of_type("a list of texts", list, tuple)(value)
    return tuple(_name(item) for item in names)


def _name_cells(value: object) -> tuple[str, ...]:
    return tuple(part.strip() for part in str(value).split(";") if part.strip())


def _one_of(*known: str) -> Convert:
    def convert(value: object) -> str:
        if value not in known:
            raise ValueError(f"must be {', '.join(known[:-1])} or {known[-1]}")
        return str(value)

    return convert


@attrs.frozen
class Table:
    """The keys of one kind of record, and those that it must have."""

    fields: Mapping[str, Convert]
    required: tuple[str, ...]


_ADDRESS = Table({field.name: as_text for field in attrs.fields(Address)}, ())
_CONTACT = Table(
    {"last_name": _name, "first_name": as_text, "email": as_text, "phone": as_text}, ("last_name",)
)
_PRODUCT = Table(
    {
        "part_number": _name,
        "name": _name,
        "product_class": _name,
        "kind": _one_of("inventory", "non_inventory", "assembly", "kit"),
        "description": as_text,
        "sales_memo": as_text,
        "list_price": _not_negative,
        "sell_price": _not_negative,
        "weight": _not_negative,
        "length": _not_negative,
        "width": _not_negative,
        "height": _not_negative,
        "taxable": as_flag,
        "webstore_category": as_text,
        "sync_to_webstore": as_flag,
        "aliases": _names,
    },
    ("part_number", "name", "product_class"),
)
_CLIENT = Table(
    {
        "name": _name,
        "first_name": as_text,
        "email": as_text,
        "phone": as_text,
        "import_id": _name,
        "open_ar": as_flag,
    },
    ("name",),
)
_QUANTITY = Table(
    {"part_number": _name, "warehouse": _name, "quantity": _decimal},
    ("part_number", "warehouse", "quantity"),
)
_TAX_AREA = Table({"name": _name, "avatax": as_flag}, ("name",))
_WAREHOUSE = Table({"name": _name, "product_classes": _names}, ("name",))
_SHIP_VIA = Table({"name": _name, "product_class": as_text}, ("name",))
_PROMOTION = Table(
    {
        "code": _name,
        "kind": _one_of("$", "%"),
        "value": _not_negative,
        "gl_code": _name,
        "name": as_text,
        "inactive": as_flag,
    },
    ("code", "kind", "value", "gl_code"),
)


@attrs.frozen
class Quantity:
    """What is on hand of a product in a warehouse; `line` is where the file says so."""

    part_number: str
    warehouse: str
    quantity: Decimal
    line: int | None = None


@attrs.frozen
class BooksFile:
    """What a books.toml says. None: it does not say."""

    source: str = _BOOKS
    """What errors call it."""
    currency: str | None = None
    hand_over: str | None = None
    order_statuses: tuple[str, ...] | None = None
    receipt_types: tuple[str, ...] = ()
    gl_accounts: tuple[str, ...] = ()
    tax_areas: tuple[TaxArea, ...] = ()
    warehouses: tuple[Warehouse, ...] = ()
    ship_vias: tuple[ShipVia, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    products: tuple[Product, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    clients: tuple[Client, ...] = ()


BooksSource: TypeAlias = str | PathLike[str] | Mapping[str, object]
"""A file, the text of one, or a table with its keys."""


def read_books(source: BooksSource, known_warehouses: Collection[str]) -> BooksFile:
    """Read a books.toml.

    Args:
        source: The file's path; its text, which has a line break or a quotation mark; or a table
            with its keys.
        known_warehouses: Those in the books already, which quantities may name in addition to
            the file's own.

    Raises:
        BooksFileError: It cannot be read, or has faults, all of which are listed.
    """
    read = _toml(source)
    reader = _BooksReader(read.data, known_warehouses)
    if reader.faults:
        raise BooksFileError(read.source, placed(reader.faults, key_lines(read.text)))
    return attrs.evolve(reader.file, source=read.source)


def _toml(source: BooksSource) -> TomlFile:
    if isinstance(source, Mapping):
        return TomlFile(_BOOKS, "", dict(source))
    if isinstance(source, str) and {"\n", '"'} & set(source):
        return parse_toml(_BOOKS, source, BooksFileError, parse_float=Decimal)
    if fault := spreadsheet_fault(Path(source)):
        raise BooksFileError(str(source), [Fault("file", fault)])
    return read_toml(source, BooksFileError, parse_float=Decimal)


class _BooksReader(RecordReader):
    """Reads the tables of a books.toml. A faulty record is left out, and the rest is read."""

    def __init__(self, data: Mapping[str, object], known_warehouses: Collection[str]) -> None:
        super().__init__()
        own = {"source", "quantities"}
        known = [field.name for field in attrs.fields(BooksFile) if field.name not in own]
        for key in data:
            if key not in known:
                self.fault(join_key("", key), f"is not a key of books.toml{meant(key, known)}")
        warehouses = self._records(data, "warehouses", _WAREHOUSE, Warehouse)
        self._warehouses = {*known_warehouses, *(warehouse.name for warehouse in warehouses)}
        quantities: list[Quantity] = []
        self.file = BooksFile(
            **{
                key: self.value(convert, data[key], key)
                for key, convert in _VALUES.items()
                if key in data
            },
            tax_areas=self._records(data, "tax_areas", _TAX_AREA, TaxArea),
            warehouses=warehouses,
            ship_vias=self._records(data, "ship_vias", _SHIP_VIA, ShipVia),
            promotions=tuple(self._promotions(data)),
            products=tuple(self._products(data, quantities)),
            quantities=tuple(quantities),
            clients=tuple(self._clients(data)),
        )

    def _record(
        self, path: str, row: Mapping[str, object], table: Table, others: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        """The values of a table; None if it has faults. The caller reads the keys in `others`."""
        before = len(self.faults)
        for key in row:
            if key not in table.fields and key not in others:
                self.fault(
                    join_key(path, key), f"is not a key here{meant(key, [*table.fields, *others])}"
                )
        for key in table.required:
            if key not in row:
                self.fault(path, f"lacks {key}")
        values = {
            key: self.value(convert, row[key], join_key(path, key))
            for key, convert in table.fields.items()
            if key in row
        }
        return values if len(self.faults) == before else None

    def _unique(
        self, data: Mapping[str, object], key: str, table: Table, others: Sequence[str] = ()
    ) -> Iterator[tuple[str, dict[str, Any], Mapping[str, object]]]:
        """The path, the values and the table of each record in a list.

        No two have the same name, which is the first key that `table` requires.
        """
        seen: dict[str, str] = {}
        name = table.required[0]
        for path, row in self.tables(data.get(key, []), key):
            values = self._record(path, row, table, others)
            if values is None:
                continue
            if (first := seen.setdefault(text_key(values[name]), path)) == path:
                yield path, values, row
            else:
                given = quoted(values[name])
                self.fault(join_key(path, name), f"{given} is there already: {first}")

    def _records(
        self, data: Mapping[str, object], key: str, table: Table, record: Callable[..., R]
    ) -> tuple[R, ...]:
        return tuple(record(**values) for _, values, _ in self._unique(data, key, table))

    def _promotions(self, data: Mapping[str, object]) -> Iterator[Promotion]:
        for path, values, _ in self._unique(data, "promotions", _PROMOTION):
            if values["kind"] == "%" and values["value"] > 100:
                self.fault(join_key(path, "value"), "must not be more than 100 %")
            else:
                yield Promotion(**values)

    def _products(
        self, data: Mapping[str, object], quantities: list[Quantity]
    ) -> Iterator[Product]:
        for path, values, row in self._unique(data, "products", _PRODUCT, ["quantity"]):
            place = join_key(path, "quantity")
            held = self.table(row.get("quantity", {}), place, "a table of numbers by warehouse")
            for warehouse, given in (held or {}).items():
                number = self.value(_decimal, given, join_key(place, warehouse))
                if warehouse not in self._warehouses:
                    self.fault(
                        join_key(place, warehouse),
                        f"is not a warehouse of the books{meant(warehouse, self._warehouses)}",
                    )
                elif number is not None:
                    quantities.append(Quantity(values["part_number"], warehouse, number))
            yield Product(**values)

    def _clients(self, data: Mapping[str, object]) -> Iterator[Client]:
        seen: dict[object, str] = {}
        for path, row in self.tables(data.get("clients", []), "clients"):
            values = self._record(path, row, _CLIENT, ["address", "contacts", "store_customer_ids"])
            place = join_key(path, "address")
            table = self.table(row.get("address", {}), place)
            address = None if table is None else self._record(place, table, _ADDRESS)
            contacts = [
                self._record(place, contact, _CONTACT)
                for place, contact in self.tables(
                    row.get("contacts", []), join_key(path, "contacts")
                )
            ]
            bound = self._store_customers(join_key(path, "store_customer_ids"), row)
            if values is None or address is None or None in contacts:
                continue
            client = Client(
                **values,
                address=Address(**address),
                contacts=tuple(Contact(**contact) for contact in contacts if contact),
                store_customer_ids=bound,
            )
            first = seen.setdefault(client_identity(client), path)
            if first == path:
                yield client
            else:
                self.fault(path, f"is the same client as {first}")

    def _store_customers(self, path: str, row: Mapping[str, object]) -> dict[str, int]:
        wanted = "a table of BigCommerce customer ids by Import Source Code"
        table = self.table(row.get("store_customer_ids", {}), path, wanted) or {}
        return {
            code: self.value(as_whole_number, given, join_key(path, code))
            for code, given in table.items()
        }


def _currency(value: object) -> str:
    text: str = as_text(value)
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError("must be the code of a currency such as USD")
    return text


def _statuses(value: object) -> tuple[str, ...]:
    names = _names(value)
    if not names:
        raise ValueError("must not be empty")
    if len(set(names)) < len(names):
        raise ValueError("must not name a status twice")
    return names


_VALUES: dict[str, Convert] = {
    "currency": _currency,
    "hand_over": _one_of("pick_up", "journal"),
    "order_statuses": _statuses,
    "receipt_types": _names,
    "gl_accounts": _names,
}
"""The keys of a books.toml that are not lists of records."""


def client_identity(client: Client) -> tuple[str, ...]:
    """What distinguishes the clients of a file: the Import ID, or else their names and email."""
    return client_names(client) if client.import_id is None else (client.import_id,)


def client_names(client: Client) -> tuple[str, ...]:
    """A client's name, first name and email in the form that compares."""
    return tuple(text_key(text) for text in (client.name, client.first_name, client.email))


def meant(key: str, known: Collection[str]) -> str:
    """The end of a sentence that says what may have been meant.

    >>> meant("part_numer", ["part_number", "name"]), meant("x", ["name"])
    (': did you mean part_number?', '')
    """
    near = near_name(key, known)
    return f": did you mean {near}?" if near else ""


# CSV files: the same keys as columns.

PRODUCT_COLUMNS = Table(
    {
        **_PRODUCT.fields,
        "taxable": _flag_cell,
        "sync_to_webstore": _flag_cell,
        "aliases": _name_cells,
    },
    _PRODUCT.required,
)
CLIENT_COLUMNS = Table(
    {
        **_CLIENT.fields,
        "open_ar": _flag_cell,
        **{f"address.{key}": convert for key, convert in _ADDRESS.fields.items()},
    },
    _CLIENT.required,
)
QUANTITY_COLUMNS = _QUANTITY
ALIAS_COLUMNS = Table({"part_number": _name, "alias": _name}, ("part_number", "alias"))
NUMBERS = (_decimal, _not_negative)
"""What reads a number from a cell."""


def client_of_row(values: dict[str, Any]) -> Client:
    """The client that a row of `CLIENT_COLUMNS` says, whose address has columns of its own."""
    own = {key: value for key, value in values.items() if key in _CLIENT.fields}
    address = {
        key.removeprefix("address."): value for key, value in values.items() if key not in own
    }
    return Client(**own, address=Address(**address))


Column = tuple[str, Convert]
"""The key of a column, and what reads its cells."""


class CsvFile:
    """A CSV file of records: UTF-8, or UTF-16 with a BOM; an empty cell stands for the default.

    Line ends may be of any kind, and columns in any order.

    It may be read again: the faults are those of the last reading.

    Args:
        path: The file.
        table: Its columns.

    Raises:
        BooksFileError: From every method, when the file cannot be read.
    """

    def __init__(self, path: str | PathLike[str], table: Table) -> None:
        self._path = Path(path)
        self.encoding = encoding_of(self._path)
        self._source = str(path)
        self._table = table
        self._faults: list[Fault] = []
        self._unlisted = 0

    def __str__(self) -> str:
        return self._source

    def fault(self, key: str, message: str, line: int | None) -> None:
        """Note a fault. The first ones are listed, the others counted."""
        if len(self._faults) < LISTED:
            self._faults.append(Fault(key, message, line))
        else:
            self._unlisted += 1

    def raise_faults(self) -> None:
        """Raise what has been noted, if anything."""
        if self._faults:
            raise BooksFileError(
                self._source,
                sorted(self._faults, key=lambda fault: fault.line or 0),
                self._unlisted,
            )

    def records(
        self,
        make: Callable[[dict[str, Any]], R],
        identity: Callable[[R], object],
        column: str,
    ) -> Iterator[R]:
        """The record that `make` makes of each row without a fault.

        No two have the same identity: the second one is a fault of `column`.
        """
        seen: dict[object, int] = {}
        for line, values in self.rows():
            record = make(values)
            if (first := seen.setdefault(identity(record), line)) == line:
                yield record
            else:
                message = f"{quoted(values[column])} names the same record as line {first}"
                self.fault(column, message, line)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The line and the values of each record that has no fault."""
        self._faults.clear()
        self._unlisted = 0
        try:
            with self._path.open(encoding=self.encoding, newline="") as file:
                yield from self._rows(file)
        except OSError as error:
            raise BooksFileError(
                self._source, [Fault("file", f"cannot be read: {error.strerror}")]
            ) from None
        except UnicodeError:
            fault = Fault("file", decoding_fault(self._path, self.encoding))
            raise BooksFileError(self._source, [fault]) from None

    def _delimiter(self, _file: TextIO, /) -> str:
        return ","

    def _rows(self, file: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
        line = 1
        try:
            reader = csv.reader(file, delimiter=self._delimiter(file), strict=True)
            header = next(reader, cast("list[str]", []))
            columns = self._columns([column.strip() for column in header])
            line = reader.line_num + 1
            for cells in reader:
                if cells and columns:
                    values = self._values(cells, columns, line)
                    if values is not None:
                        yield line, values
                line = reader.line_num + 1
        except csv.Error as error:
            self.fault("file", f"is not CSV: {error}", line)

    def _columns(self, header: list[str]) -> list[Column | None]:
        """What each column holds; nothing if the header has faults."""
        known = self._table.fields
        if fault := separator_fault(header, known):
            self.fault("file", fault, 1)
            return []
        for position, column in enumerate(header):
            if column not in known:
                self.fault(
                    column or f"column {position + 1}",
                    f"is not a column here{meant(column, known)}",
                    1,
                )
            elif header.index(column) < position:
                self.fault(column, "is there twice", 1)
        for column in self._table.required:
            if column not in header:
                self.fault(column, "is a column that must be there", 1)
        return [] if self._faults else [(column, known[column]) for column in header]

    def _values(
        self, cells: list[str], columns: Sequence[Column | None], line: int
    ) -> dict[str, Any] | None:
        if len(cells) != len(columns):
            self.fault("row", f"has {len(cells)} cells, the header has {len(columns)}", line)
            return None
        values: dict[str, Any] = {}
        is_good = True
        for cell, column in zip(cells, columns, strict=True):
            if column is None:
                continue
            key, convert = column
            if "\0" in cell:
                # PostgreSQL cannot store it.
                self.fault(key, f"must have no NUL character: {quoted(cell)}", line)
                is_good = False
                continue
            if not cell and key not in self._table.required:
                continue
            try:
                values[key] = convert(cell)
            except ValueError as error:
                self.fault(key, f"{error}, not {quoted(cell)}" if cell else str(error), line)
                is_good = False
        return values if is_good else None

"""Files for AcctVantage's Import Wizard: products, aliases and clients.

The Wizard updates existing records by Part Number or ID. Its file layout is not documented: the
headers are the field names of the manual, which a `Layout` renames.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import Generic, TypeVar

import attrs

from avbc.acctvantage.books_file import CsvFile, client_names
from avbc.acctvantage.errors import BooksFileError
from avbc.acctvantage.files.exports import (
    ALIASES_FILE,
    CLIENTS_FILE,
    KINDS,
    PRODUCTS_FILE,
    ExportFile,
    Layout,
    read_clients,
    read_products,
    require_layout,
)
from avbc.acctvantage.files.replacing import replacing
from avbc.acctvantage.records import Client, Product
from avbc.errors import Fault
from avbc.text import quoted, text_key

R = TypeVar("R", Client, Product)

_AS_WRITTEN = Layout()

_LIMITS = {"part_number": 20, "description": 50}
"""Characters that AcctVantage takes (manual, Product Records)."""

_FIXED = frozenset({"product_class", "kind"})
"""What the Wizard cannot change once a product exists (manual, Recent Updates)."""


@attrs.frozen
class Changes(Generic[R]):
    """Records that an earlier file does not have, and those that it has with other values."""

    new: list[R]
    changed: list[R]


def write_products(
    path: str | PathLike[str],
    products: Iterable[Product],
    layout: Layout = _AS_WRITTEN,
    *,
    update: bool = False,
) -> int:
    """Write products for the Import Wizard; return how many.

    Args:
        path: The file. It is replaced at once, or not at all.
        products: For example `books.products()`.
        layout: Headers, delimiter, encoding and decimal mark.
        update: For "Update Existing Records": without Product Class and Product Type, which cannot
            change once a product exists.

    Raises:
        BooksFileError: The layout has faults, or AcctVantage cannot take some of the values; all of
            them are listed by part number. Nothing was written.
        NotADirectoryError: The folder of the file does not exist.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "products.txt")
    ...     layout = Layout({"Part Number": "Item"})
    ...     write_products(file, [Product("SKU-1", "Mug", "Goods")], layout)
    ...     file.read_text(encoding="utf-8").split()[:2]
    1
    ['Item', 'Name']
    """
    keys = {
        field: key for field, key in PRODUCTS_FILE.fields.items() if not (update and key in _FIXED)
    }
    return _write(path, keys, layout, [(each.part_number, _product(each)) for each in products])


def write_aliases(
    path: str | PathLike[str], products: Iterable[Product], layout: Layout = _AS_WRITTEN
) -> int:
    """Write the aliases of products for the Import Wizard, a row for each; return how many.

    Raises:
        BooksFileError: As `write_products`.
        NotADirectoryError: The folder of the file does not exist.
    """
    rows = [
        (each.part_number, {"part_number": each.part_number, "alias": alias})
        for each in products
        for alias in each.aliases
    ]
    return _write(path, ALIASES_FILE.fields, layout, rows)


def write_clients(
    path: str | PathLike[str], clients: Iterable[Client], layout: Layout = _AS_WRITTEN
) -> int:
    """Write clients with their address for the Import Wizard; return how many.

    Contacts are records of their own in AcctVantage, and not in the file.

    Raises:
        BooksFileError: The layout has faults. Nothing was written.
        NotADirectoryError: The folder of the file does not exist.
    """
    rows = [(each.import_id or each.name, _client(each)) for each in clients]
    return _write(path, CLIENTS_FILE.fields, layout, rows)


def products_since(
    products: Iterable[Product], earlier: str | PathLike[str], layout: Layout = _AS_WRITTEN
) -> Changes[Product]:
    """The products that are new or changed since a file was written by `write_products`.

    Write the new ones to a file for the Wizard to create, and the changed ones to another for it to
    update. Aliases are not compared.

    Raises:
        BooksFileError: The earlier file cannot be read, or has faults.
    """
    file = ExportFile(earlier, PRODUCTS_FILE, layout)
    return _since(
        products,
        _all(file, read_products),
        lambda product: [text_key(product.part_number)],
        _product,
    )


def clients_since(
    clients: Iterable[Client], earlier: str | PathLike[str], layout: Layout = _AS_WRITTEN
) -> Changes[Client]:
    """The clients that are new or changed since a file was written by `write_clients`.

    A client is the same by its Import ID, or, where the earlier file has none, by names and email.

    Raises:
        BooksFileError: The earlier file cannot be read, or has faults.
    """
    file = ExportFile(earlier, CLIENTS_FILE, layout)
    return _since(clients, _all(file, read_clients), _identities, _client)


def _identities(client: Client) -> list[object]:
    """What may find a client in an earlier file, which may lack the Import ID that it has now."""
    names = client_names(client)
    return [names] if client.import_id is None else [client.import_id, names]


def _all(file: ExportFile, read: Callable[[CsvFile], Iterable[R]]) -> list[R]:
    records = list(read(file))
    file.raise_faults()
    return records


def _since(
    records: Iterable[R],
    earlier: Iterable[R],
    identities: Callable[[R], list[object]],
    cells: Callable[[R], Mapping[str, str]],
) -> Changes[R]:
    before = {identities(record)[0]: cells(record) for record in earlier}
    changes: Changes[R] = Changes([], [])
    for record in records:
        known = next((before[key] for key in identities(record) if key in before), None)
        if known is None:
            changes.new.append(record)
        elif known != cells(record):
            changes.changed.append(record)
    return changes


def _product(product: Product) -> dict[str, str]:
    """The cells of a product, by key."""
    cells = {key: _cell(getattr(product, key)) for key in PRODUCTS_FILE.fields.values()}
    return {**cells, "kind": KINDS[product.kind]}


def _client(client: Client) -> dict[str, str]:
    """The cells of a client, by key."""
    return {
        key: getattr(client.address, key.removeprefix("address."))
        if key.startswith("address.")
        else _cell(getattr(client, key))
        for key in CLIENTS_FILE.fields.values()
    }


def _cell(value: str | Decimal | bool | None) -> str:
    """The text of a value.

    >>> _cell(Decimal("1E+2")), _cell(False), _cell(None)
    ('100', 'False', '')
    """
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _write(
    path: str | PathLike[str],
    fields: Mapping[str, str],
    layout: Layout,
    rows: list[tuple[str, dict[str, str]]],
) -> int:
    require_layout(layout)
    headers = layout.headers(fields, str(path))
    faults = [
        Fault(name, f"{headers[key]} has {len(cells[key])} characters, AcctVantage takes {limit}")
        for name, cells in rows
        for key, limit in _LIMITS.items()
        if key in headers and len(cells[key]) > limit
    ]
    if faults:
        raise BooksFileError(str(path), faults)
    try:
        with replacing(Path(path), layout.encoding or "utf-8") as file:
            writer = csv.writer(file, delimiter=layout.delimiter or "\t")
            writer.writerow(headers.values())
            for _, cells in rows:
                writer.writerow(_marked(key, cells[key], layout) for key in headers)
    except UnicodeEncodeError as error:
        text = error.object[error.start : error.end]
        message = f"{layout.encoding} has no character for {quoted(text)}: write another encoding"
        raise BooksFileError(str(path), [Fault("encoding", message)]) from None
    return len(rows)


_NUMBERS = frozenset({"list_price", "sell_price", "weight", "length", "width", "height"})


def _marked(key: str, cell: str, layout: Layout) -> str:
    return cell.replace(".", layout.decimal_mark) if key in _NUMBERS else cell

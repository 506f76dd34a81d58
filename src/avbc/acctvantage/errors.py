"""The errors of the books. Their types say whether trying again can help."""

from __future__ import annotations

from collections.abc import Sequence

from avbc.errors import Fault, FaultyInputError, FinalError, TransientError


class BooksUnreachable(TransientError):
    """The database of the books is down, locked or full. The order stays New.

    >>> issubclass(BooksUnreachable, TransientError)  # trying again can help
    True
    """


class BooksRefused(FinalError):
    """The books refuse a record that breaks a rule, such as a second use of an Import ID.

    >>> issubclass(BooksRefused, FinalError)  # trying the same again gives the same
    True
    """


class ClientTaken(TransientError):
    """The books have a client by now who is perhaps the new client of an order.

    An import that gets it looks the client up again, and maps the order anew.

    >>> issubclass(ClientTaken, TransientError)
    True
    """


class ReceiptsChanged(TransientError):
    """A receipt was entered, changed or removed since an edited order was read: try again.

    >>> issubclass(ReceiptsChanged, TransientError)
    True
    """


class BooksUnusable(FinalError):
    """The books need repair: a wrong URL, no permission, tables of a later version.

    No record is at fault.

    >>> issubclass(BooksUnusable, FinalError)
    True
    """

    is_defect = False
    """Whether a method of books of one's own raised an exception that it must not: the cause."""


class BooksFileError(FaultyInputError):
    """A file to be loaded into the books has faults; nothing of it was loaded.

    `faults` holds the first of them and `unlisted` counts the rest.

    >>> print(BooksFileError("products.csv", [Fault("name", "must not be empty", 2)], unlisted=7))
    products.csv has 8 faults, of which the first is listed:
      line 2, name: must not be empty
    """

    def __init__(self, source: str, faults: Sequence[Fault], unlisted: int = 0) -> None:
        super().__init__(source, faults)
        self.unlisted = unlisted
        if unlisted:
            listed = "the first is" if len(faults) == 1 else f"the first {len(faults)} are"
            head = f"{source} has {len(faults) + unlisted:,} faults, of which {listed} listed:"
            self.args = ("\n".join([head, *(f"  {fault}" for fault in faults)]),)

    def __reduce__(  # type: ignore[override]  # one argument more
        self,
    ) -> tuple[type[BooksFileError], tuple[str, tuple[Fault, ...], int]]:
        return type(self), (self.source, self.faults, self.unlisted)

"""Whether a store may import under its Import Source Code: what the books have decides."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from avbc.errors import Fault
from avbc.orchestrator.engine.integration import Integration
from avbc.text import quoted

SETTING = "order_status.import_source_code"


class CodeFault(NamedTuple):
    """What is wrong with an Import Source Code, and what to do about it."""

    found: str
    fix: str


def code_fault(
    sources: Collection[tuple[str, str]], code: str, store_hash: str
) -> CodeFault | None:
    """Find what is wrong with the Import Source Code of a store; None where nothing is.

    An Import ID is the code and the order's number. So no two stores have one code, and the orders
    of one store have one code: under a second one, each of them would be imported again. A code
    that the store shared with another one may be left. Codes compare as Import IDs do, letter by
    letter.

    Args:
        sources: The codes and stores of the orders in the books (`ImportGateway.order_sources`).
        code: The code of the settings.
        store_hash: The store of the settings.

    >>> code_fault({("WEB", "abc123")}, "WEB", "abc123") is None
    True
    >>> print(code_fault({("WEB", "abc123")}, "web", "abc123").fix)
    Set it back to 'WEB'. To begin under another code, give this store books of its own
    >>> print(code_fault({("WEB", "abc123")}, "WEB", "xyz789").fix)
    Give this store an Import Source Code that no other store has
    """
    others = sorted(store for used, store in sources if used == code and store != store_hash)
    own = {used for used, store in sources if store == store_hash}
    shared = {used for used, store in sources if store != store_hash}
    kept = " or ".join(map(repr, sorted(own - shared)))
    back = f"Set it back to {kept}. To begin under another code, give this store books of its own"
    if others:
        return CodeFault(
            f"the books have orders of the store {', '.join(others)} under {quoted(code)}: orders "
            f"of {store_hash} would get the same Import IDs",
            back if kept else "Give this store an Import Source Code that no other store has",
        )
    if kept and code not in own:
        return CodeFault(
            f"the books have the orders of this store ({store_hash}) under {kept}: "
            f"under {quoted(code)} they would be imported again, with second Import IDs",
            back,
        )
    return None


def code_faults(integration: Integration) -> list[Fault]:
    """Ask the books what is wrong with the Import Source Code, as faults of the settings."""
    code, store = integration.source_code, integration.store.store_hash
    if integration.right_code == (code, store):
        return []
    sources = integration.books.order_sources()
    if fault := code_fault(sources, code, store):
        return [Fault(SETTING, f"is {quoted(code)}, and {fault.found}. {fault.fix}")]
    integration.right_code = (code, store) if (code, store) in sources else None
    return []


def require_code(integration: Integration) -> None:
    """Make sure that what is said of an order is said of the one that the books have.

    Raises:
        SettingsError: The books have this store's orders under another Import Source Code.
    """
    if faults := code_faults(integration):
        raise integration.settings.origin.error(faults)

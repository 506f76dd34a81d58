"""The setup check: whether the books have what the settings ask of them."""

from __future__ import annotations

from collections.abc import Iterator

from avbc.acctvantage.gateway import FollowGateway, ImportGateway
from avbc.acctvantage.optional import StagingGateway
from avbc.documentation import see
from avbc.orchestrator.engine.parts import NEEDS, PARTS, Parts, methods_of, named
from avbc.orchestrator.reports import Check
from avbc.settings import Settings


def books_checks(parts: Parts, settings: Settings) -> Iterator[Check]:
    """Check for jobs that the books cannot do, and for parts of which they have some methods.

    Of a part that is there only partly, a method was probably forgotten.
    """
    books = type(parts.given).__name__
    for part in PARTS:
        missing = parts.missing(part)
        # Without ImportGateway there is no orchestrator.
        if not missing or part is ImportGateway:
            continue
        there = [name for name in methods_of(part) if name not in missing]
        asked = [
            job
            for job, need in NEEDS.items()
            if need.part is part and need.key and need.is_on(settings)
        ]
        them, they = ("it", "it was") if len(missing) == 1 else ("them", "they were")
        fix = f"Add {them} to {books} ({see('gateway')})"
        lacks = f"{books} lacks {named(missing)}"
        if asked and (row := NEEDS[asked[0]].row):
            fix += f", or set {row}"
        if there:
            yield Check(
                "books",
                part.__name__,
                "error" if asked else "warning",
                f"{lacks}, and has {named(there)}: {they} probably forgotten.",
                f"{fix}.",
            )
        elif asked:
            yield Check(
                "books",
                part.__name__,
                "warning",
                f"The settings ask for {asked[0]}, and {lacks}: the timer leaves it out.",
                f"{fix}.",
            )
        elif part is StagingGateway:
            if settings.order_status.import_error_when_acctvantage_refuses:
                yield Check(
                    "books",
                    part.__name__,
                    "warning",
                    "order_status.import_error_when_acctvantage_refuses does nothing: AcctVantage "
                    f"picks up no orders from {books}.",
                    "Set it to false, or use books that AcctVantage picks orders up from "
                    f"({see('handshake')}).",
                )
        elif part is FollowGateway:
            # No setting asks for it: follow_orders runs in any case.
            yield Check(
                "books",
                part.__name__,
                "warning",
                f"{lacks}: follow_orders writes nothing, and reports what to enter by hand.",
                f"{fix}.",
            )

"""What `import avbc` costs, in fresh interpreters, against importing httpx, on which it stands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from figure import Figure, compared, milliseconds, ratio

FLOOR = "import httpx"
_STATEMENTS = {
    "`import avbc`": "import avbc",
    "`avbc.BigCommerce`, first use": "import avbc; avbc.BigCommerce",
    "`avbc.Orchestrator`, first use": "import avbc; avbc.Orchestrator",
}


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    statements = dict(list(_STATEMENTS.items())[: 1 if quick else None])
    seconds: dict[str, list[float]] = {statement: [] for statement in [FLOOR, *statements.values()]}
    for number in range(1 if quick else 12):
        for statement, results in seconds.items():
            took = _once(statement)
            if number or quick:  # The first round fills the disk's cache and writes .pyc files.
                results.append(took)
    for name, statement in statements.items():
        aim = 1.0 if statement == "import avbc" else None
        floor = f"{FLOOR}: {milliseconds(seconds[FLOOR])}"
        yield compared(
            name,
            milliseconds(seconds[statement]),
            floor,
            ratio(seconds[statement], seconds[FLOOR]),
            aim,
        )


def _once(statement: str) -> float:
    program = (
        f"import time; began = time.perf_counter(); {statement}; print(time.perf_counter() - began)"
    )
    return float(
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=True, text=True
        ).stdout
    )


if __name__ == "__main__":
    for figure in figures():
        print(figure)

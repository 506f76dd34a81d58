"""A measured figure beside what it is measured against, and how to measure two things fairly."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import attrs


@attrs.frozen
class Figure:
    """One line of the table."""

    name: str
    ours: str
    peer: str
    """The peer or floor, with its own number."""
    ratio: float | None = None
    aim: str = ""
    met: bool | None = None
    """None where there is no aim."""
    share: float | None = None
    """The ratio as a share of the most that it should be, where it has such an aim."""

    def row(self) -> dict[str, str]:
        """The cells of its line."""
        met = "" if self.met is None else "yes" if self.met else "NO"
        ratio = (
            ""
            if self.ratio is None
            else f"{self.ratio:.2f}"
            if self.ratio >= 0.1
            else f"{self.ratio:.2g}"
        )
        return {
            "figure": self.name,
            "ours": self.ours,
            "peer or floor": self.peer,
            "ratio": ratio,
            "aim": self.aim,
            "met": met,
        }


def compared(name: str, ours: str, peer: str, ratio: float, aim: float | None = None) -> Figure:
    """A figure whose ratio should be at most `aim`, if one is given."""
    return Figure(
        name,
        ours,
        peer,
        ratio,
        "" if aim is None else f"<= {aim:.2f}",
        None if aim is None else ratio <= aim,
        None if aim is None else ratio / aim,
    )


@attrs.frozen
class Spent:
    """What a piece of work took in this process, in seconds."""

    wall: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """Do the work once.

    Garbage of earlier work is collected first, so that it is not counted here.
    """
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def interleaved(
    variants: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, list[Spent]]:
    """Measure every variant in every round, so that other load on the machine affects all alike."""
    names = list(variants)
    results: dict[str, list[Spent]] = {name: [] for name in names}
    for number in range(rounds):
        shift = number % len(names)
        for name in [*names[shift:], *names[:shift]]:
            results[name].append(spent(variants[name]))
    return results


def ratio(ours: Sequence[float], peer: Sequence[float]) -> float:
    """The median of the ratios of each round."""
    return statistics.median(own / other for own, other in zip(ours, peer, strict=True))


def walls(measured: Sequence[Spent]) -> list[float]:
    """The wall-clock seconds of each round."""
    return [one.wall for one in measured]


def cpus(measured: Sequence[Spent]) -> list[float]:
    """The CPU seconds of each round."""
    return [one.cpu for one in measured]


def milliseconds(seconds: Sequence[float]) -> str:
    """The median, for the table."""
    return f"{statistics.median(seconds) * 1000:,.0f} ms"

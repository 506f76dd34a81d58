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
    peer: str = ""
    """The peer or floor, with its own number."""
    ratio: float | None = None
    aim: str = ""
    share: float | None = None
    """What was measured as a share of the most that it should be; None without an aim."""
    is_of_ratio: bool = False
    """Whether the aim is one for the ratio, not for ours."""
    group: str = ""
    """The benchmark that it is of."""

    @property
    def met(self) -> bool | None:
        """Whether it meets its aim; None where there is none."""
        return None if self.share is None else self.share <= 1

    @property
    def ratio_text(self) -> str:
        """The ratio, for the table."""
        if self.ratio is None:
            return ""
        text = f"{self.ratio:.2f}" if self.ratio >= 0.1 else f"{self.ratio:.2g}"
        # One that just misses its aim must not look like it.
        return f"{self.ratio:.3f}" if self.met is False and self.aim.endswith(text) else text

    @property
    def value(self) -> str:
        """What its aim is for."""
        return self.ratio_text if self.is_of_ratio else self.ours

    def row(self) -> dict[str, str]:
        """The cells of its line."""
        return {
            "figure": self.name,
            "ours": self.ours,
            "peer or floor": self.peer,
            "ratio": self.ratio_text,
            "aim": self.aim,
            "met": "" if self.met is None else "yes" if self.met else "NO",
        }


def compared(name: str, ours: str, peer: str, ratio: float, aim: float | None = None) -> Figure:
    """A figure whose ratio should be at most `aim`, if one is given."""
    aim_text, share = ("", None) if aim is None else (f"<= {aim:.2f}", ratio / aim)
    return Figure(name, ours, peer, ratio, aim_text, share, is_of_ratio=True)


def limited(name: str, value: float, most: float, text: Callable[[float], str]) -> Figure:
    """A figure that should be at most `most`."""
    return Figure(name, text(value), aim=f"<= {text(most)}", share=value / most)


def counted(name: str, ours: int, floor: Mapping[str, int], *, most: int | None = None) -> Figure:
    """Requests, which should be no more than the floor, or than `most` where that is given.

    The floor is given by its parts: what is asked for, and how often.
    """
    least = sum(floor.values())
    most = least if most is None else most
    parts = ", ".join(f"{what} {count:,}" for what, count in floor.items() if count)
    return Figure(
        name,
        f"{ours:,}",
        f"floor: {least:,}" + (f" ({parts})" if parts else ""),
        ours / least if least else None,
        f"<= {most:,}",
        ours / most if most else float(ours and 1 + ours),
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


def microseconds(seconds: Sequence[float]) -> str:
    """The median, for the table."""
    return f"{statistics.median(seconds) * 1e6:,.0f} us"

"""Figures as SVG, for docs/performance.md.

`python benchmarks/plots.py figures.json plot.svg` draws what a run saved.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from figure import Figure
from matplotlib.figure import Figure as Plot

# Readable on a light page and on a dark one.
_TEXT, _MET, _MISSED = "#808080", "#0f7fbf", "#d9480f"
mpl.rcParams["svg.fonttype"] = "none"
# Otherwise names in the file are random, and each drawing differs from the last.
mpl.rcParams["svg.hashsalt"] = "avbc"


def shares(figures: Sequence[Figure], path: Path) -> None:
    """Draw each ratio as a share of the most that it should be: a bar past 1 misses its aim."""
    drawn = [(each, each.share) for each in reversed(figures) if each.share is not None]
    plot = Plot(figsize=(9, 0.8 + 0.55 * len(drawn)), layout="constrained")
    axes = plot.add_subplot()
    names = [textwrap.fill(each.name, 48) for each, _ in drawn]
    bars = axes.barh(
        names,
        [share for _, share in drawn],
        color=[_MET if share <= 1 else _MISSED for _, share in drawn],
        height=0.6,
    )
    axes.bar_label(
        bars,
        [f"{each.ratio:.2f} (aim {each.aim})" for each, _ in drawn],
        padding=4,
        color=_TEXT,
        fontsize=9,
    )
    axes.axvline(1, color=_TEXT, linestyle="--", linewidth=1)
    axes.set_xlabel("share of the aim: 1 is met exactly, less is better", color=_TEXT)
    axes.set_xlim(0, max(1.4, *(share * 1.25 for _, share in drawn)))
    axes.tick_params(colors=_TEXT, labelsize=9)
    for spine in axes.spines.values():
        spine.set_visible(False)
    plot.savefig(path, transparent=True, metadata={"Date": None})


def main(saved: str, path: str) -> None:
    """Draw what a run saved."""
    kept = json.loads(Path(saved).read_text())
    shares([Figure(**each) for each in kept["figures"]], Path(path))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The command `avbc`; what it does is in `avbc.command`."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    try:
        # It takes a moment to load, in which Ctrl-C is no error either.
        from avbc.command.app import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("avbc: interrupted\n")
        return 130
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())

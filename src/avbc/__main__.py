"""The command `avbc`; what it does is in `avbc.command`."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns its exit code."""
    if arguments is None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _end)
    try:
        # It takes a moment to load, in which Ctrl-C is no error either.
        from avbc.command.app import main as run  # noqa: PLC0415
    except KeyboardInterrupt:
        sys.stderr.write("avbc: interrupted\n")
        return 130
    return run(arguments)


def _end(number: int, _: FrameType | None) -> None:
    """Have SIGTERM end a process of the command as Ctrl-C does; a second one changes nothing."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

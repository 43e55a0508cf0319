"""What a copy costs at least: a process as large as a worker forks, and then writes to as many pages as a call does.

Prints the median in seconds.
"""

from __future__ import annotations

import mmap
import os
import signal
import statistics
import sys
import time

PAGE = mmap.PAGESIZE


def once(memory: mmap.mmap, step: int) -> float:
    """The seconds that a fork and the first writes after it take."""
    start = time.perf_counter()
    child = os.fork()
    if not child:
        signal.pause()
    for place in range(0, len(memory), step):
        memory[place] = 1
    seconds = time.perf_counter() - start
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return seconds


def main(pages: int, written: int, rounds: int) -> None:
    """Measure it.

    Args:
        pages: how many pages of memory the process has, besides Python's own.
        written: how many of them are written to.
        rounds: how many times.
    """
    with mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory[:] = b"\1" * len(memory)
        print(statistics.median(once(memory, pages // written * PAGE) for _ in range(rounds)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

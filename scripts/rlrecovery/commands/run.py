"""``make run``: Snakemake, with an interruption that ends in order and in one line.

Ctrl-C reaches every process in the foreground of a terminal: make, Snakemake and all jobs, each of
which would print a traceback. Here Snakemake and its jobs are in the background instead. On Ctrl-C,
Snakemake is interrupted first, so that it starts no more jobs, and then the jobs are ended. Their
unfinished files are made again by the next run. `rlrecovery.commands.job_lines` prints the line.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from rlrecovery.commands.end_screen import of_interruption
from rlrecovery.commands.sequential import (
    Ended,
    grow_by_command,
    growing_study,
    until_precise,
)

#: Seconds between the interruption of Snakemake and the end of jobs, and until jobs that were
#: started meanwhile are ended.
PATIENCE, AGAIN = 0.3, 1.0

#: Exit status after an interruption.
INTERRUPTED = 128 + signal.SIGINT

#: Signals that are passed on to Snakemake.
_HANDLED = (
    *(signal.SIGINT, signal.SIGHUP, signal.SIGALRM),
    *(signal.SIGTERM, signal.SIGTSTP, signal.SIGCONT),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run Snakemake with the arguments of the command line; return its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    study = growing_study(arguments)
    if study is not None:
        try:
            ended = until_precise(study, arguments, launch, grow_by_command)
        except KeyboardInterrupt:  # between two runs of Snakemake
            print(f"\n{of_interruption()}", flush=True)
            return 0 if _in_foreground() else INTERRUPTED
        if ended.status or ended.interrupted:
            return ended.status
    return launch(arguments).status


def launch(arguments: Sequence[str]) -> Ended:
    """Run Snakemake in the background, in a process of its own."""
    group = os.fork()
    if group == 0:
        os.setpgid(0, 0)
        sys.exit(_snakemake(arguments))
    handlers = {number: signal.getsignal(number) for number in _HANDLED}
    try:
        return _attend(group)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _snakemake(arguments: Sequence[str]) -> int:
    """Run Snakemake in this process."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # the background may write to the terminal
    # Ends jobs, which get the default again, but not Snakemake.
    signal.signal(signal.SIGHUP, lambda *_: None)
    # In place of Python's own handler, which asyncio replaces by one that cancels a task.
    _handle(signal.SIGINT, _raise_interrupt)
    sys.argv = ["snakemake", *arguments]
    try:
        runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:  # before the first job or after the last one
        print(f"\n{of_interruption()}", flush=True)
        return INTERRUPTED
    return 0


def _raise_interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _attend(group: int) -> Ended:
    """Pass signals on to Snakemake, the leader of a process group, until it has ended."""
    interruptions = 0

    def interrupt(*_: object) -> None:
        """Interrupt Snakemake in order; the second time, kill it with its jobs."""
        nonlocal interruptions
        interruptions += 1
        if interruptions > 1:
            os.killpg(group, signal.SIGKILL)
        else:
            os.kill(group, signal.SIGINT)
            signal.setitimer(signal.ITIMER_REAL, PATIENCE, AGAIN)

    def suspend(*_: object) -> None:
        """Stop Snakemake and its jobs, and then this process, until it is continued."""
        os.killpg(group, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)

    _handle(signal.SIGINT, interrupt)
    _handle(signal.SIGHUP, interrupt)
    _handle(signal.SIGALRM, lambda *_: os.killpg(group, signal.SIGHUP))
    _handle(signal.SIGTERM, lambda *_: os.kill(group, signal.SIGTERM))
    _handle(signal.SIGTSTP, suspend)
    _handle(signal.SIGCONT, lambda *_: os.killpg(group, signal.SIGCONT))
    status = os.waitstatus_to_exitcode(os.waitpid(group, 0)[1])
    signal.setitimer(signal.ITIMER_REAL, 0)
    if not interruptions:
        return Ended(status if status >= 0 else 128 - status)
    if status == -signal.SIGKILL:
        print(f"\n{of_interruption()}")
    # make got the signal of the terminal too and fails by itself; it would only add a line about
    # the exit status.
    return Ended(0 if _in_foreground() else INTERRUPTED, interrupted=True)


def _handle(number: int, action: Callable[[int, FrameType | None], None]) -> None:
    """Handle a signal unless it is ignored, as after ``nohup``."""
    if signal.getsignal(number) != signal.SIG_IGN:
        signal.signal(number, action)


def _in_foreground() -> bool:
    """Whether this process belongs to the foreground of a terminal."""
    try:
        with open("/dev/tty", "rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())

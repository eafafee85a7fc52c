"""Runs several programs as one: output side by side, the dead started again, all ended together.

    with Processes() as processes:
        processes.start(Program("web", ["uvicorn", ...], {"PORT": "8000"}))
        processes.wait_for("http://127.0.0.1:8000/")
        processes.run()          # until Ctrl-C, SIGTERM or SIGHUP

Leaving the block ends every program: SIGTERM, the last started first, and SIGKILL to those that
stay. If this process itself is killed, Linux ends its programs. Standard library only.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Self

PATIENCE = 10.0  # seconds a program may take to end
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a program that died is started again
STEADY = 30.0  # seconds after which a program's earlier deaths are forgotten
LOOK = 0.1  # seconds between looks
TEND_EVERY = 60.0  # seconds
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Program:
    """A program to keep running; `env` is added to ours."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)


class Ended(Exception):
    """Somebody asked us to end while we waited for something."""


class NotAnswering(Exception):
    """A URL did not answer in time."""


@dataclass(slots=True)
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    reader: threading.Thread
    began: float
    pause: float = FIRST_PAUSE
    due: float | None = None  # when to start it again


class Processes:
    """Programs that live and end with this block. Use it from the main thread."""

    def __init__(self) -> None:
        self._children: list[_Child] = []
        self._ending = threading.Event()
        self._printing = threading.Lock()
        self._handlers: dict[int, signal.Handlers | Callable[..., object] | int | None] = {}

    def start(self, program: Program) -> None:
        """Starts a program and keeps it running. Raises OSError if there is no such program."""
        process, reader = self._spawn(program)
        self._children.append(_Child(program, process, reader, time.monotonic()))

    def wait_for(self, url: str, *, seconds: float = 60.0) -> None:
        """Returns when the URL answers below 500. Raises NotAnswering, or Ended if told to end."""
        deadline = time.monotonic() + seconds
        while not _answers(url):
            self._look_after()
            if time.monotonic() > deadline:
                raise NotAnswering(f"{url} did not answer within {seconds:.0f} s")
            if self._ending.wait(LOOK):
                raise Ended

    def run(self, tend: Callable[[], None] | None = None) -> None:
        """Keeps all programs running until told to end; calls `tend` once a minute."""
        tended = time.monotonic()
        while not self._ending.wait(LOOK):
            self._look_after()
            if tend and time.monotonic() - tended > TEND_EVERY:
                tend()
                tended = time.monotonic()

    def stop(self) -> None:
        """Ends every program, and what each has started."""
        for child in reversed(self._children):
            _signal(child.process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        for child in reversed(self._children):
            try:
                child.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._say(child.program.name, "does not end; killed")
            _signal(child.process, signal.SIGKILL)  # also grandchildren that stayed
            child.process.wait()
            child.reader.join(1.0)
        self._children.clear()

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, self._end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        return kind is Ended

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ending.set()

    def _look_after(self) -> None:
        now = time.monotonic()
        for child in self._children:
            code = child.process.poll()
            if code is None:
                continue
            if child.due is None:
                if now - child.began > STEADY:
                    child.pause = FIRST_PAUSE
                child.due = now + child.pause
                self._say(child.program.name, f"ended ({code}); again in {child.pause:g} s")
                child.pause = min(LONGEST_PAUSE, child.pause * 2)
            elif now >= child.due:
                child.process, child.reader = self._spawn(child.program)
                child.began, child.due = now, None

    def _spawn(self, program: Program) -> tuple[subprocess.Popen[bytes], threading.Thread]:
        process = subprocess.Popen(  # noqa: S603 - the caller's own programs, no shell
            [sys.executable, __file__, str(os.getpid()), *program.argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.env},
            start_new_session=True,  # Ctrl-C reaches us alone, and we end the others in order
        )
        reader = threading.Thread(target=self._relay, args=(program.name, process), daemon=True)
        reader.start()
        return process, reader

    def _relay(self, name: str, process: subprocess.Popen[bytes]) -> None:
        if process.stdout is None:
            return
        with process.stdout:
            for line in process.stdout:
                self._say(name, line.decode(errors="replace").rstrip())

    def _say(self, name: str, text: str) -> None:
        with self._printing:
            print(f"{name:<8} | {text}", flush=True)


def _answers(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the program and all it started: it leads a process group of its own."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _become(parent: int, argv: Sequence[str]) -> None:
    """In the child: ask Linux to end us with our parent, then turn into the program."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    try:
        os.execvp(argv[0], list(argv))  # noqa: S606 - the caller's own programs, no shell
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])

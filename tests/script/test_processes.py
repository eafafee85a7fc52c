"""Several programs run as one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from script import processes
from script.processes import Ended, NotAnswering, Processes, Program

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in {"Z", "X"}


def eventually(done: Callable[[], object], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it never happened"
        threading.Event().wait(0.01)


def python(source: str) -> list[str]:
    return [sys.executable, "-c", source]


def test_prefixes_output_and_ends_all(capfd: pytest.CaptureFixture[str]) -> None:
    with Processes() as group:
        group.start(Program("one", python("import os; print(os.environ['WORD'])"), {"WORD": "hi"}))
        group.start(Program("two", python(SLEEPER)))
        pids = [child.process.pid for child in group._children]
        said = ""

        def all_said() -> bool:
            nonlocal said
            said += capfd.readouterr().out
            return "one      | hi\n" in said and "two      | up\n" in said

        eventually(all_said)
        assert alive(pids[1])
    assert not any(alive(pid) for pid in pids)


def test_starts_the_dead_again_with_longer_pauses(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "LOOK", 0.01)
    with Processes() as group:
        group.start(Program("weak", python("raise SystemExit(3)")))
        group._children[0].pause = 0.05
        threading.Timer(1.5, os.kill, [os.getpid(), signal.SIGTERM]).start()
        group.run()
    said = capfd.readouterr().out
    assert "weak     | ended (3); again in 0.05 s" in said
    assert "weak     | ended (3); again in 0.1 s" in said
    assert "weak     | ended (3); again in 0.2 s" in said


def test_waits_for_an_answer(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    source = (
        "import http.server as h, pathlib, sys; s = h.HTTPServer(('127.0.0.1', 0), "
        "h.SimpleHTTPRequestHandler); pathlib.Path(sys.argv[1]).write_text(str(s.server_port));"
        "s.serve_forever()"
    )
    port = tmp_path / "port"
    with Processes() as group:
        group.start(Program("web", [*python(source), str(port)]))
        eventually(lambda: port.exists() and port.read_text())
        group.wait_for(f"http://127.0.0.1:{port.read_text()}/")
        group.wait_for(f"http://127.0.0.1:{port.read_text()}/missing")
    with Processes() as group, pytest.raises(NotAnswering):
        group.wait_for(f"http://127.0.0.1:{port.read_text()}/", seconds=0.2)


def test_a_signal_ends_the_waiting() -> None:
    before = signal.getsignal(signal.SIGTERM)
    reached = False
    with Processes() as group:
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGTERM]).start()
        with pytest.raises(Ended):
            group.wait_for("http://127.0.0.1:9/", seconds=20)
        reached = True
        raise Ended
    assert reached
    assert signal.getsignal(signal.SIGTERM) == before


def test_kills_what_does_not_end(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
    with Processes() as group:
        group.start(Program("deaf", python(deaf)))
        child = group._children[0]
        eventually(lambda: "up" in capfd.readouterr().out)
    assert child.process.returncode == -signal.SIGKILL


def test_a_program_that_is_not_there_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with Processes() as group:
        group.start(Program("gone", ["/no/such/program"]))
        eventually(lambda: "/no/such/program: No such file" in capfd.readouterr().out)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux keeps this promise")
def test_programs_end_with_a_killed_parent(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    child = (
        "import os, pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
    )
    source = (
        "import sys; from script.processes import *\n"
        "with Processes() as group:\n"
        "    group.start(Program('child', [sys.executable, '-c', *sys.argv[1:]])); group.run()"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([*python(source), child, str(note)], cwd=root) as parent:
        eventually(lambda: note.exists() and note.read_text())
        pid = int(note.read_text())
        assert alive(pid)
        parent.kill()
    eventually(lambda: not alive(pid))

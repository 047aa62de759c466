"""Starting and stopping: thread, process, command line, pytest fixtures."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

import mock_pi
from mock_pi import Fault, MockPI, PISystem, speed

pytest_plugins = ["pytester"]

_ROOT = str(Path(mock_pi.__file__).resolve().parent.parent)
_ENVIRONMENT = {**os.environ, "PYTHONPATH": _ROOT}


@pytest.mark.parametrize("process", [False, True])
def test_same_in_thread_and_process(process: bool) -> None:
    """Control and statistics work the same either way; after the end nobody listens."""
    with MockPI(PISystem.demo(3), now="2026-01-02T00:00:00Z", process=process, max_count=7) as pi:
        pi.faults.add(Fault(status=500))
        assert requests.get(pi.url, timeout=30).status_code == 500
        assert pi.faults.fired == 1
        pi.faults.clear()
        assert pi.faults.fired == 0
        assert requests.get(pi.url + "/system/status", timeout=30).json()["ServerTime"] == "2026-01-02T00:00:00Z"
        assert pi.stats().requests == 2
        pi.set(version="2017")
        assert "ServerTime" not in requests.get(pi.url + "/system/status", timeout=30).json()
        with pytest.raises(ValueError, match="unknown switch"):
            pi.set(nonsense=1)
    with pytest.raises(requests.ConnectionError):
        requests.get(pi.url, timeout=30)


def test_two_at_once_and_again() -> None:
    """Any number of servers, each on a port of its own; a stopped one starts again."""
    with MockPI(tags=1) as one, MockPI(tags=1) as other:
        assert one.port != other.port
    one.start()
    assert requests.get(one.url, timeout=30).status_code == 200
    one.stop()
    one.stop()


def test_not_running() -> None:
    """Asking a server that does not run says what to do."""
    with pytest.raises(RuntimeError, match="with MockPI"):
        MockPI(tags=1).stats()


def test_wrong_switch() -> None:
    """A misspelt switch is found at once."""
    with pytest.raises(TypeError, match="maxcount"):
        MockPI(tags=1, maxcount=3)


def test_import_is_light() -> None:
    """`import mock_pi` loads no server and no JSON library."""
    code = "import sys, mock_pi; print({'uvicorn', 'msgspec', 'pytest', 'asyncio'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_ENVIRONMENT, check=True)
    assert found.stdout.strip() == "set()"


def test_without_uvicorn() -> None:
    """Only starting a server needs uvicorn, and then says how to get it."""
    code = (
        "import sys; sys.modules['uvicorn'] = None\n"
        "from mock_pi import MockPI, PISystem\n"
        "print(len(PISystem.demo(3).expected_recorded('SINUSOID', '2026-01-01', '2026-01-02')))\n"
        "MockPI(tags=1).start()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_ENVIRONMENT, check=False)
    assert found.stdout.strip() == "8640"
    assert 'pip install "pi-datasource[mock]"' in found.stderr


def test_command_line() -> None:
    """Prints its URL and a hint, serves, and ends cleanly at Ctrl-C."""
    command = [sys.executable, "-m", "mock_pi", "--port", "0", "--tags", "20"]
    began = time.monotonic()
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=_ENVIRONMENT) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        url = child.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/piwebapi", url)
        assert requests.get(url + "/dataservers", timeout=30).json()["Items"][0]["Name"] == "MOCKPI"
        assert time.monotonic() - began < 60
        child.send_signal(signal.SIGINT)
        assert child.wait(20) == 0
        assert "Ctrl-C" in child.stdout.read()
        assert child.stderr.read() == ""


def test_help() -> None:
    """--help tells the options."""
    command = [sys.executable, "-m", "mock_pi", "--help"]
    found = subprocess.run(command, capture_output=True, text=True, env=_ENVIRONMENT, check=True)
    assert "--tags" in found.stdout


def test_speed(capsys: pytest.CaptureFixture[str]) -> None:
    """The script that measures runs; what it measures is for a quiet machine."""
    assert speed.main(["--seconds", "0.001", "--streams", "2"]) == 0
    assert capsys.readouterr().out.count("M values/s") == 6


def test_pytest_fixtures(pytester: pytest.Pytester) -> None:
    """The fixtures as a user's test meets them."""
    pytester.makeconftest('pytest_plugins = ["mock_pi.pytest_plugin"]')
    pytester.makepyfile("""
        import requests
        from mock_pi import Fault, PISystem, Point

        def test_shared(mock_pi):
            assert len(requests.get(mock_pi.url + "/dataservers", timeout=30).json()["Items"]) == 1
            mock_pi.faults.add(Fault(status=500, count=None))

        def test_fault_is_gone(mock_pi):
            assert requests.get(mock_pi.url, timeout=30).status_code == 200

        def test_own(mock_pi_factory, mock_pi):
            pi = mock_pi_factory(PISystem([Point("A")]), max_count=5)
            assert pi.url != mock_pi.url
            assert len(pi.system.points) == 1
    """)
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=3)

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.webapi import throttle as module
from pi_datasource.webapi.throttle import SPARK_PROPERTIES, JobLimits, Throttle, task_share
from tests.unit.webapi.fakes import Clock

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(module.fcntl is None, reason="no locks between processes here")


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that processes share go into a folder of the test."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def processes() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python processes that make turns, and ends them."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, limits: JobLimits) -> subprocess.Popen[str]:
        head = f"import sys, time, threading\nfrom pi_datasource.webapi.throttle import *\nlimits = {limits!r}\n"
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", head + code],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ},
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def most_in_a_second(times: list[float]) -> int:
    """The largest number of these times in any second, wherever it begins."""
    times = sorted(times)
    return max(sum(begin <= at < begin + 1.0 for at in times) for begin in times)


def most_at_once(spans: list[tuple[float, float]]) -> int:
    """The largest number of these spans that overlap."""
    moments = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    at_once, most = 0, 0
    for _, step in moments:
        at_once += step
        most = max(most, at_once)
    return most


class TestRate:
    @pytest.mark.parametrize("rate", [0.5, 1, 2, 3, 7, 10, 19.5, 50, 333])
    def test_no_second_ever_holds_more_than_the_ceiling(self, rate: float) -> None:
        clock = Clock()
        throttle = Throttle(JobLimits.new(rate, None), clock, clock.sleep)
        begun = []
        for number in range(int(rate * 5) + 5):
            with throttle.turn():
                begun.append(clock())
            if number % 7 == 3:
                clock.now += 0.9 / rate  # a slow answer
        assert most_in_a_second(begun) <= max(1, rate)
        assert len(begun) / (begun[-1] - begun[0]) > rate * 0.8, "far slower than allowed"

    def test_what_was_not_used_is_not_saved_up(self) -> None:
        clock = Clock()
        throttle = Throttle(JobLimits.new(5, None), clock, clock.sleep)
        begun = []
        for pause in (0, 100, 100):
            clock.now += pause
            for _ in range(8):
                with throttle.turn():
                    begun.append(clock())
        assert most_in_a_second(begun) <= 5

    def test_threads_share_one_rate(self) -> None:
        limits = JobLimits.new(100, None)
        begun: list[float] = []

        def work() -> None:
            # The clock stands still, so that a turn's time is just what it was told to wait.
            throttle = Throttle(limits, lambda: 0.0, begun.append)
            for _ in range(25):
                with throttle.turn():
                    pass

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # The very first turn waits for nothing.
        times = [0.0, *begun]
        assert len(times) == len(set(times)) == 100
        assert most_in_a_second(times) <= 100

    def test_processes_share_one_rate(self, processes) -> None:
        code = (
            "waits = []\n"
            "throttle = Throttle(limits, lambda: 0.0, waits.append)\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "for _ in range(40):\n"
            "    waits.append(None)\n"
            "    with throttle.turn(): pass\n"
            "print(*[0.0 if b is None else b for a, b in zip(waits, waits[1:] + [None]) if a is None])\n"
        )
        limits = JobLimits.new(30, None)
        some = [processes(code, limits) for _ in range(3)]
        for process in some:
            assert process.stdout.readline() == "ready\n"
        for process in some:
            process.stdin.write("\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=20)[0].split() for process in some]
        times = [float(text) for output in outputs for text in output]
        assert len(times) == len(set(times)) == 120
        assert most_in_a_second(times) <= 30

    def test_real_requests_of_threads_take_the_time_that_the_rate_says(self) -> None:
        throttle = Throttle(JobLimits.new(40, None))
        begun = []

        def work() -> None:
            for _ in range(7):
                with throttle.turn():
                    begun.append(time.monotonic())

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(begun) == 21
        assert max(begun) - min(begun) >= 20 / 40

    def test_no_ceiling_waits_for_nothing(self) -> None:
        clock = Clock()
        throttle = Throttle(JobLimits("none"), clock, clock.sleep)
        for _ in range(1000):
            with throttle.turn():
                pass
        assert clock.waits == []


class TestPause:
    def test_every_thread_waits_until_the_pause_is_over(self) -> None:
        clock = Clock()
        throttle = Throttle(JobLimits("none"), clock, clock.sleep)
        throttle.pause(7.0)
        throttle.pause(2.0)  # shorter: does not take back the first
        with throttle.turn():
            assert clock.waits == [7.0]
        with throttle.turn():
            assert clock.waits == [7.0]


class TestPlaces:
    def test_threads_are_never_more_than_the_places(self) -> None:
        throttle = Throttle(JobLimits.new(None, 3))
        spans = []

        def work() -> None:
            for _ in range(5):
                with throttle.turn():
                    begin = time.monotonic()
                    time.sleep(0.004)
                    spans.append((begin, time.monotonic()))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(spans) == 40
        assert 1 < most_at_once(spans) <= 3

    def test_processes_are_never_more_than_the_places(self, processes) -> None:
        code = (
            "throttle, spans = Throttle(limits), []\n"
            "def work():\n"
            "    for _ in range(6):\n"
            "        with throttle.turn():\n"
            "            begin = time.monotonic(); time.sleep(0.02); end = time.monotonic()\n"
            "        spans.append(f'{begin} {end}')\n"
            "print('ready', flush=True); sys.stdin.readline()\n"
            "threads = [threading.Thread(target=work) for _ in range(2)]\n"
            "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
            "print(*spans, sep='\\n')\n"
        )
        limits = JobLimits.new(None, 3)
        some = [processes(code, limits) for _ in range(3)]
        for process in some:
            assert process.stdout.readline() == "ready\n"
        for process in some:
            process.stdin.write("\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=20)[0] for process in some]
        lines = "".join(outputs).split("\n")
        spans = [(float(line.split()[0]), float(line.split()[1])) for line in lines if line]
        assert len(spans) == 36
        assert 1 < most_at_once(spans) <= 3

    def test_a_killed_process_gives_its_place_back(self, processes) -> None:
        limits = JobLimits.new(None, 1)
        holder = processes("with Throttle(limits).turn():\n    print('held', flush=True); time.sleep(60)\n", limits)
        assert holder.stdout.readline() == "held\n"
        waits = 0

        def sleep(seconds: float) -> None:
            nonlocal waits
            waits += 1
            if waits == 20:
                holder.send_signal(signal.SIGKILL)
            time.sleep(seconds)

        with Throttle(limits, sleep=sleep).turn():
            assert waits >= 20
        assert holder.wait(5) == -signal.SIGKILL

    def test_a_place_is_given_back_after_an_error(self) -> None:
        throttle = Throttle(JobLimits.new(None, 1))
        for _ in range(3):
            with pytest.raises(ValueError, match="mine"), throttle.turn():
                raise ValueError("mine")
        with throttle.turn():
            pass

    def test_another_job_has_its_own_places(self) -> None:
        with Throttle(JobLimits.new(None, 1)).turn(), Throttle(JobLimits.new(None, 1)).turn():
            pass


class TestFolders:
    def test_are_private_and_old_ones_are_removed(self, tmp_path: Path) -> None:
        Throttle(JobLimits("old", 1.0))
        [base] = tmp_path.iterdir()
        assert base.stat().st_mode & 0o777 == 0o700
        old = base / "old-machine"
        long_ago = time.time() - 2 * module.FORGET_AFTER
        os.utime(old, (long_ago, long_ago))
        Throttle(JobLimits("new", 1.0))
        assert [folder.name for folder in base.iterdir()] == ["new-machine"]

    @pytest.mark.parametrize("trap", ["link", "file", "open", "another's"])
    def test_others_cannot_lay_a_trap(self, trap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its name can be guessed: nothing is counted in, nor removed from, what somebody else has put there."""
        Throttle(JobLimits("job", 1.0))
        [base] = tmp_path.iterdir()
        shutil.rmtree(base)
        there = tmp_path / "there"
        (there / "old").mkdir(parents=True)
        os.utime(there / "old", (0, 0))
        words = "is no folder"
        if trap == "link":
            there.chmod(0o700)
            base.symlink_to(there)
        elif trap == "file":
            base.write_text("")
        else:
            base = there.rename(base)
            base.chmod(0o777 if trap == "open" else 0o700)
            words = "may be written to by others"
        if trap == "another's":
            owner = base.stat().st_uid
            monkeypatch.setattr(os, "getuid", lambda: owner + 1)
            base = base.rename(tmp_path / f"osipi-{owner + 1}")
            words = "belongs to another user"
        with pytest.raises(PIOptionError, match=f"maxInFlight.*{re.escape(repr(str(base)))}.*{words}.*TMPDIR"):
            Throttle(JobLimits("job", 1.0))
        if trap != "file":
            assert [folder.name for folder in base.iterdir()] == ["old"]

    def test_are_not_made_without_ceilings(self, tmp_path: Path) -> None:
        Throttle(JobLimits("none"))
        assert list(tmp_path.iterdir()) == []


class TestTaskShare:
    LIMITS = JobLimits("job", 100.0, 12, partitions=20)
    YARN = {"spark.master": "yarn"}  # noqa: RUF012

    def test_jobs_have_names_of_their_own(self) -> None:
        assert JobLimits.new(1, 1).job != JobLimits.new(1, 1).job
        assert JobLimits.new(None, None).are_none
        assert not JobLimits.new(None, 1).are_none

    @pytest.mark.parametrize("master", ["local", "local[4]", "local[*]", None])
    def test_on_one_machine_all_tasks_share_the_whole(self, master: str | None) -> None:
        properties = {} if master is None else {"spark.master": master}
        assert task_share(self.LIMITS, properties, 3) == self.LIMITS

    def test_no_ceilings_stay_none(self) -> None:
        none = JobLimits("job", partitions=20)
        assert task_share(none, {**self.YARN, "spark.executor.instances": "4"}, 0) is none

    def test_fixed_executors_share_by_executor(self) -> None:
        share = task_share(self.LIMITS, {**self.YARN, "spark.executor.instances": "4"}, 3)
        assert (share.requests_per_second, share.max_in_flight) == (25.0, 3)
        assert share.group == f"executor-{os.getppid()}"
        assert share == task_share(self.LIMITS, {**self.YARN, "spark.executor.instances": "4"}, 7)

    def test_dynamic_allocation_counts_the_most_executors_there_may_be(self) -> None:
        properties = {
            **self.YARN,
            "spark.executor.instances": "2",
            "spark.dynamicAllocation.enabled": "true",
            "spark.dynamicAllocation.maxExecutors": "10",
        }
        assert task_share(self.LIMITS, properties, 3).requests_per_second == 10.0
        properties["spark.dynamicAllocation.enabled"] = "false"
        assert task_share(self.LIMITS, properties, 3).requests_per_second == 50.0

    @pytest.mark.parametrize(
        "properties",
        [
            {},
            {"spark.executor.instances": "0"},
            {"spark.executor.instances": "many"},
            {"spark.dynamicAllocation.enabled": "true", "spark.executor.instances": "2"},
            {"spark.dynamicAllocation.enabled": "true", "spark.dynamicAllocation.maxExecutors": "infinity"},
        ],
        ids=repr,
    )
    def test_an_unknown_number_of_executors_shares_by_task(self, properties: dict[str, str]) -> None:
        share = task_share(self.LIMITS, {**self.YARN, **properties}, 3)
        assert (share.requests_per_second, share.max_in_flight) == (5.0, 1)
        assert share.group == f"task-3-{os.getpid()}"

    def test_speculation_halves_the_share_of_a_task(self) -> None:
        share = task_share(self.LIMITS, {**self.YARN, "spark.speculation": "true"}, 3)
        assert (share.requests_per_second, share.max_in_flight) == (2.5, 1)

    def test_a_missing_ceiling_stays_missing(self) -> None:
        rate_only = task_share(JobLimits("job", 10.0, None, partitions=2), self.YARN, 0)
        assert (rate_only.requests_per_second, rate_only.max_in_flight) == (5.0, None)
        places_only = task_share(JobLimits("job", None, 10, partitions=2), self.YARN, 0)
        assert (places_only.requests_per_second, places_only.max_in_flight) == (None, 5)

    def test_every_property_it_looks_at_is_asked_of_spark(self) -> None:
        looked_at = set()

        class Properties(dict):
            def get(self, name: str, default: str | None = None) -> str | None:
                looked_at.add(name)
                return super().get(name, default)

        task_share(self.LIMITS, Properties(self.YARN), 0)
        task_share(self.LIMITS, Properties({**self.YARN, "spark.dynamicAllocation.enabled": "true"}), 0)
        assert looked_at == set(SPARK_PROPERTIES)

"""
The sampler, on real processes of known behavior.
"""

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from hasten.errors import NoData
from hasten.model import Measurement
from hasten.observe.process import ProcessSampler
from hasten.world.processes import core_count

GROW = (
    "import sys\nsys.stdin.readline()\nblock = bytearray(b'x' * 50_000_000)\nprint(1, flush=True)\nsys.stdin.readline()"
)
BURN = "import sys\nprint(1, flush=True)\nwhile True: pass"


@pytest.fixture
def burning() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-S", "-c", BURN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def find(measurements: list[Measurement], metric: str, kind: str) -> Measurement:
    return next(found for found in measurements if found.metric == metric and found.where.kind == kind)


def test_the_cpu_share_is_what_the_kernel_counted(burning: subprocess.Popen[bytes]) -> None:
    """
    The share of a busy process over the window agrees with its CPU time, and so does the pooled share.
    """
    seen = psutil.Process(burning.pid)
    sampler = ProcessSampler({"web": ("application", burning.pid)}, application="shop", every_s=0.1)
    begun, before = time.monotonic(), seen.cpu_times()
    with sampler:
        time.sleep(1.0)
    ended, after = time.monotonic(), seen.cpu_times()

    measurements, (profile,) = sampler.result()

    used_s = after.user + after.system - before.user - before.system
    expected = used_s / (ended - begun) / core_count()
    assert profile.cpu_share == pytest.approx(expected, abs=0.08)
    assert profile.cpu_share > 0
    pooled = find(measurements, "process.cpu.utilization", "application")
    assert "shop" == pooled.where.name
    assert pooled.distribution.mean == pytest.approx(profile.cpu_share)
    assert len(profile.series) == pooled.distribution.count >= 2


def test_growth_is_seen() -> None:
    """
    A process that takes 50 MB while it is watched has them at the end, and its largest size is at least that.
    """
    with subprocess.Popen([sys.executable, "-S", "-c", GROW], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        with ProcessSampler({"db": ("database", process.pid)}, every_s=0.1) as sampler:
            process.stdin.write(b"\n")
            process.stdin.flush()
            process.stdout.readline()
        process.communicate()

    measurements, (profile,) = sampler.result()
    assert profile.memory_last_bytes - profile.memory_first_bytes > 45_000_000
    assert profile.memory_max_bytes >= profile.memory_last_bytes
    usage = find(measurements, "process.memory.usage", "process")
    assert ("By", "db", "database") == (usage.unit, usage.where.name, usage.conditions.notes["role"])


def test_a_process_that_ends_is_noted(burning: subprocess.Popen[bytes]) -> None:
    """
    What was seen of a process that ends meanwhile is kept, with a note that it ended.
    """
    with ProcessSampler({"web": ("application", burning.pid)}, every_s=0.05) as sampler:
        time.sleep(0.3)
        burning.kill()
        burning.wait()
        time.sleep(0.2)

    measurements, _ = sampler.result()
    assert find(measurements, "process.memory.usage", "process").conditions.notes["ended"] is True


def test_without_a_process_there_is_no_data() -> None:
    """
    Processes that are not there give no numbers, but an error that names them.
    """
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as gone:
        pass
    with ProcessSampler({"web": ("application", gone.pid)}, every_s=0.05) as sampler:
        time.sleep(0.1)

    with pytest.raises(NoData, match="web"):
        sampler.result()


def test_a_missing_process_is_not_counted_as_idle(burning: subprocess.Popen[bytes]) -> None:
    """
    When one of the named processes is not there, no pooled share is given: it would be too low.
    """
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as gone:
        pass
    watched = {"web": ("application", burning.pid), "db": ("database", gone.pid)}
    with ProcessSampler(watched, every_s=0.05) as sampler:
        time.sleep(0.2)

    measurements, profiles = sampler.result()
    assert ["web"] == [profile.name for profile in profiles]
    assert [] == [found for found in measurements if found.where.kind == "application"]

"""
Counts and traces of a real server, pushed to a collector by the program itself.
"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.real.test_server_matrix import CASES, ask, serving
from tests.story import CONFIG
from tests.world.metrics.collecting import collecting
from tests.world.metrics.protocol import metrics_request, texts, traces_request

pytestmark = pytest.mark.real

REQUESTS = 12


def test_a_server_is_seen_by_a_collector(tmp_path: Path) -> None:
    """
    Its requests are in the histogram, and the traced ones among them are spans of the same route.
    """
    (tmp_path / "hasten.toml").write_text(CONFIG)
    program = Path(sys.executable).with_name("hasten")
    with serving(CASES["uvicorn"], tmp_path) as port, collecting() as server:
        for _ in range(REQUESTS):
            assert 200 == ask(port).status
            time.sleep(0.1)  # about ten requests per second are traced
        time.sleep(2.5)  # until the worker has written what it counted
        words = ["telemetry", "push", "--endpoint", server.url, "--traces", "--config", str(tmp_path / "hasten.toml")]
        said = subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=False)
    assert 0 == said.returncode, said.stderr
    (counts,), (spans,) = (
        metrics_request(server.taken[0].body).resource_metrics,
        traces_request(server.taken[1].body).resource_spans,
    )
    durations = next(each for each in counts.scope_metrics[0].metrics if each.name == "http.server.request.duration")
    roots = [each for each in spans.scope_spans[0].spans if each.kind == 2]

    assert {"service.name": "shop"} == texts(counts.resource.attributes) == texts(spans.resource.attributes)
    assert REQUESTS <= sum(point.count for point in durations.histogram.data_points)
    assert roots and {"GET /"} == {each.name for each in roots}
    assert all(0 < each.end_time_unix_nano - each.start_time_unix_nano < 60e9 for each in roots)

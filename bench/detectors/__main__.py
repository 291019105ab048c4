"""
Slowdesk and its healthy twin, with the agent in them, on real PostgreSQL under the same traffic.

Every fault that traces should show must be found where it is, the twin must have none of these symptoms and answer as
slowdesk does, and the time picture of every route of slowdesk that has enough traces must add up to what the load
generator measured. Of the twin it is told only: most of its answers take a millisecond, and the few that are computed
anew may be among those that were not traced.

usage: python -m bench detectors [--scale 0.25] [--rate 1.5] [--seconds 360] [--keep FOLDER]
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench.detectors.answers import differing
from bench.detectors.desk import Load, Seen, look
from bench.detectors.faults import FAULTS, SYMPTOMS, named
from bench.tables import finish, show
from hasten.model import Finding
from hasten.noun import to_json
from hasten.picture import TOLERANCE, RoutePicture, pictures
from hasten.slowdesk import find_slowdesk


def main() -> int:
    """
    Both desks were loaded; 1 if a fault was missed, a healthy thing blamed, an answer differs, or a picture is off.
    """
    options = _options()
    load = Load(options.rate, options.seconds)
    with tempfile.TemporaryDirectory(prefix="hasten-detectors-") as temporary:
        folder = Path(options.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # PostgreSQL runs as another user where this is root
        slow = _looked(folder, "slowdesk", load, options.scale)
        twin = _looked(folder, "twin", load, options.scale)
    result = _judged(slow, twin)
    finish(result)
    good = result["found"] == result["faults"] and result["picture_error_max"] <= TOLERANCE
    is_false = result["false_on_twin"] or result["false_on_slowdesk"] or result["different_answers"]
    return 0 if good and not is_false else 1


def _judged(slow: Seen, twin: Seen) -> dict[str, float]:
    """
    The tables, and the numbers for programs.
    """
    found = _faults(slow)
    of_faults = {fault.symptom for fault in FAULTS}
    strange = [each for each in slow.findings if each.symptom in SYMPTOMS - of_faults]
    for each in strange:
        print(f"  slowdesk does not have this fault: {each.symptom} at {each.where.name}: {each.says}")
    false = [each for each in twin.findings if each.symptom in SYMPTOMS]
    _twin(twin, false)
    different = differing(slow.answers, twin.answers)
    for question in different:
        print(f"  the twin answers otherwise: {question}")
    print(f"\n{len(slow.answers) - len(different)} of {len(slow.answers)} answers are the same on both desks")
    worst, of_twin = _picture("slowdesk", slow), _picture("healthy twin", twin)
    return {
        "faults": len(FAULTS),
        "found": found,
        "false_on_twin": len(false),
        "false_on_slowdesk": len(strange),
        "picture_error_max": round(worst, 4),
        "picture_routes": sum(each.adds_up is not None for each in pictures(slow.observation)),
        "picture_error_max_twin": round(of_twin, 4),
        "different_answers": len(different),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench detectors", description="Are the faults found, and nothing else?")
    parser.add_argument("--scale", type=float, default=0.25, help="of the seeded data")
    parser.add_argument("--rate", type=float, default=Load.rate_per_s, help="requests per second")
    parser.add_argument("--seconds", type=float, default=Load.seconds, help="of the day's traffic, for each desk")
    parser.add_argument("--keep", default="", help="a folder for what was observed")
    return parser.parse_args()


def _looked(folder: Path, name: str, load: Load, scale: float) -> Seen:
    print(f"loading {name} for {load.seconds + load.steady_seconds:.0f} s …", flush=True)
    seen = look(folder / name, load, scale, is_healthy=name == "twin")
    (folder / f"{name}.json").write_bytes(to_json(seen.observation))
    (folder / f"{name}-steady.json").write_bytes(to_json(seen.steady))
    traces = seen.observation.traces
    print(f"  {traces.read if traces else 0} requests followed; missing: {seen.observation.missing}", flush=True)
    return seen


def _faults(slow: Seen) -> int:
    """
    How many of the faults were found; a line for each, with the place that its evidence names.
    """
    pages = named(find_slowdesk() / "FAULTS.md")
    rows, found = [], 0
    for fault in FAULTS:
        proof = fault.proof(slow.findings)
        is_named = pages.get(fault.id) == fault.symptom
        found += proof is not None and is_named
        text = to_json(proof).decode() if proof else ""
        place = next((each for each in fault.places if each in text), None)
        where = proof.where.name[:44] if proof else None
        rows.append([fault.id, fault.symptom, "yes" if proof else "no", where, place, _cost(proof)])
    show("slowdesk: each fault must be found", ["fault", "symptom", "found", "at", "names", "s/day"], rows)
    for finding in slow.findings:
        if finding.symptom in SYMPTOMS:
            print(f"  {finding.symptom}: {finding.says[:230]}")
    return found


def _cost(finding: Finding | None) -> float | None:
    return round(finding.cost_s_per_day, 1) if finding else None


def _twin(twin: Seen, false: list[Finding]) -> None:
    rows = [[symptom, sum(each.symptom == symptom for each in false)] for symptom in sorted(SYMPTOMS)]
    show("healthy twin: nothing may be found", ["symptom", "findings"], rows)
    for each in false:
        print(f"  {each.symptom} at {each.where.name}: {each.says}")
    for symptom, why in twin.diagnoses[0].silent.items():
        # Under health checks alone many are silent; what judges neither there nor by day would be no proof.
        if symptom in SYMPTOMS and all(symptom in each.silent for each in twin.diagnoses):
            print(f"  silent: {symptom}: {why}")


def _picture(name: str, seen: Seen) -> float:
    """
    The largest error of a route that has enough traces.
    """
    found = pictures(seen.observation)
    rows = [[each.route, each.traces, each.requests, *_times(each), each.why or "adds up"] for each in found]
    show(
        f"{name}: where the time goes, ms",
        ["route", "traces", "requests", "parts", "measured", "error", ""],
        rows,
    )
    return max((abs(each.error or 0.0) for each in found if each.adds_up is not None), default=1.0)


def _times(picture: RoutePicture) -> list[float | str | None]:
    measured = picture.measured_s and picture.measured_s * 1000
    return [picture.total_s * 1000, measured, None if picture.error is None else f"{picture.error:+.1%}"]


if __name__ == "__main__":
    sys.exit(main())

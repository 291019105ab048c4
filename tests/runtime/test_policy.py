"""
Reading a policy: wholly understood, or refused.
"""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.driving import RULE, trial

from hasten.world import policy_file
from hasten_runtime import POLICY_VERSION
from hasten_runtime.policy import SETTINGS, Policy, RefusedPolicy, path_pattern, read_policy

GOOD: dict[str, Any] = {"version": 1, "revision": 4, "rules": [RULE]}


def read(document: Any) -> Policy:
    """
    The policy that a document holds.
    """
    return read_policy(json.dumps(document).encode())


def test_what_is_left_out_has_its_default() -> None:
    """
    A rule needs an id, a kind and paths; everything else is as documented.
    """
    (rule,) = read(GOOD).rules

    assert ({"GET", "HEAD"}, ()) == (rule.methods, rule.content_types)
    assert {name: tuple(d) if isinstance(d, list) else d for name, (*_, d) in SETTINGS["compression"].items()} == (
        rule.settings
    )


def test_a_setting_may_be_paths() -> None:
    """
    They are patterns like those that a rule is for.
    """
    given = {"short": ["/a/{file}"], "short_s": 60}
    (rule,) = read({**GOOD, "rules": [{**RULE, "kind": "cache_headers", "settings": given}]}).rules

    assert (("/a/b", None), 60, ()) == (
        tuple((found := rule.settings["short"][0].fullmatch(path)) and found.group() for path in ("/a/b", "/a/b/c")),
        rule.settings["short_s"],
        rule.settings["immutable"],
    )


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"not JSON",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"version": 1, "version": 1, "revision": 1, "rules": []}',
        b"x" * (5 * 1024 * 1024),
    ],
)
def test_what_is_no_document_is_refused(broken: bytes) -> None:
    """
    Whatever is in the file, the reader says that it is no policy and nothing else happens.
    """
    with pytest.raises(RefusedPolicy):
        read_policy(broken)


@pytest.mark.parametrize(
    "changed",
    [
        {"version": 2},
        {"version": True},
        {"version": "1"},
        {"revision": -1},
        {"revision": 1.5},
        {"rules": {}},
        {"rules": [RULE, RULE]},
        {"rules": [{**RULE, "kind": "teleport"}]},
        {"rules": [{**RULE, "more": 1}]},
        {"rules": [{**RULE, "id": ""}]},
        {"rules": [{**RULE, "match": {}}]},
        {"rules": [{**RULE, "match": {"paths": "/"}}]},
        {"rules": [{**RULE, "match": {"paths": ["assets/"]}}]},
        {"rules": [{**RULE, "match": {"paths": ["/{a:int}"]}}]},
        {"rules": [{**RULE, "match": {"paths": ["/{a"]}}]},
        {"rules": [{**RULE, "settings": {"levle": 1}}]},
        {"rules": [{**RULE, "settings": {"level": 10}}]},
        {"rules": [{**RULE, "settings": {"level": True}}]},
        {"rules": [{**RULE, "settings": {"dynamic": 1}}]},
        {"rules": [{**RULE, "settings": {"codings": ["lzma"]}}]},
        {"rules": [{**RULE, "kind": "cache_headers", "settings": {"level": 1}}]},
        {"rules": [{**RULE, "kind": "cache_headers", "settings": {"short": "/a"}}]},
        {"rules": [{**RULE, "kind": "cache_headers", "settings": {"immutable": ["a"]}}]},
        {"rules": [{**RULE, "kind": "cache_headers", "settings": {"short_s": 0}}]},
        {"unknown": 1},
        {"trial": trial(share=1.1)},
        {"trial": trial(share=float("nan"))},
        {"trial": trial(split="coin")},
        {"trial": trial(key="short")},
        {"trial": trial(key="with a space and long enough")},
        {"trial": {**trial(), "more": 1}},
        {"trial": {key: value for key, value in trial().items() if key != "lease_s"}},
        {"trial": trial(rules=[{**RULE, "kind": "teleport"}])},
    ],
)
def test_what_is_not_wholly_understood_is_refused(changed: dict[str, Any]) -> None:
    """
    An unknown key, another type or a value out of bounds, anywhere, refuses the whole document.
    """
    with pytest.raises(RefusedPolicy):
        read({**GOOD, **changed})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: (
    st.lists(inner) | st.dictionaries(st.sampled_from(["version", "revision", "rules", "trial", "id", "match"]), inner)
)))  # fmt: skip
def test_no_document_is_too_odd(document: Any) -> None:
    """
    Any JSON is a policy or is refused, and nothing else.
    """
    try:
        read(document)
    except RefusedPolicy as refused:
        assert str(refused)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/", ()),
        ("/", "/a", None),
        ("/items/{id}", "/items/7", ("7",)),
        ("/items/{id}", "/items/7/more", None),
        ("/items/{id}", "/items/", None),
        ("/assets/{rest:path}", "/assets/a/b.js", ("a/b.js",)),
        ("/assets/{rest:path}", "/assets/", ("",)),
        ("/a.js", "/abjs", None),
        ("/{a}/x/{b:path}", "/1/x/2/3", ("1", "2/3")),
        ("/{a}", "/line\nbreak", ("line\nbreak",)),
    ],
)
def test_a_path_matches_wholly(pattern: str, path: str, expected: tuple[str, ...] | None) -> None:
    """
    A placeholder is one segment, `:path` is the rest, and all other characters stand for themselves.
    """
    found = path_pattern(pattern).fullmatch(path)

    assert expected == (found.groups() if found else None)


def test_the_control_plane_writes_what_the_agent_reads() -> None:
    """
    Both sides of the format agree: what one encodes with every field set the other reads, of the same version.
    """
    rule = policy_file.Rule(
        id="a", kind="compression",
        match=policy_file.Match(paths=["/a"], methods=["GET"], content_types=["text/css"]), settings={"level": 2},
    )  # fmt: skip
    candidate = policy_file.Candidate(
        id="t", key="k" * 32, share=0.5, split="block", block_s=5.0, seed=3, lease_s=6.0, expires_at=1e9, rules=[rule]
    )
    written = policy_file.Policy(version=1, revision=2, rules=[rule], trial=candidate)
    found = read_policy(msgspec.json.encode(written))

    assert policy_file.VERSION == POLICY_VERSION
    assert (2, "a", 2) == (found.revision, found.rules[0].id, found.rules[0].settings["level"])
    assert found.trial is not None
    assert ("block", 6.0, found.rules) == (found.trial.split, found.trial.lease_s, found.trial.rules)


RECORD: dict[str, Any] = {
    "id": "r1", "key": "0f" * 32, "share": 0.1, "per_s": 20, "most_bytes": 1 << 20, "for_s": 300.0, "expires_at": 2e9,
}  # fmt: skip


def test_what_is_recorded_is_read() -> None:
    """
    With its bounds; what is left out is the narrowest.
    """
    found = read({**GOOD, "record": RECORD}).record
    assert found is not None

    assert ("r1", b"\x0f" * 32, 0.1, 300.0) == (found.id, found.key, found.share, found.for_s)
    assert (False, frozenset(), frozenset()) == (found.uuids, found.parameters, found.cookies)
    assert read(GOOD).record is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "../r1"}, {"id": ""}, {"id": "-r"}, {"key": "short"}, {"key": "zz" * 32}, {"share": 1.5},
        {"share": True},
        {"share": float("nan")}, {"per_s": 0}, {"per_s": 1e6}, {"most_bytes": 10}, {"most_bytes": 1 << 40},
        {"for_s": 7200}, {"for_s": -1}, {"expires_at": "soon"}, {"uuids": 1}, {"parameters": "q"}, {"cookies": [1]},
        {"methods": ["POST"]},
    ],
)  # fmt: skip
def test_a_recording_out_of_bounds_is_refused(changed: dict[str, Any]) -> None:
    """
    As every policy is that says something else than it may: as a whole.
    """
    with pytest.raises(RefusedPolicy, match="record"):
        read({**GOOD, "record": {**RECORD, **changed}})


@pytest.mark.parametrize("left_out", sorted(RECORD))
def test_a_recording_without_a_bound_is_refused(left_out: str) -> None:
    """
    Nothing of it goes without saying.
    """
    with pytest.raises(RefusedPolicy, match=left_out):
        read({**GOOD, "record": {key: value for key, value in RECORD.items() if key != left_out}})

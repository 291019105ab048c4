"""
The policy that the application's agents obey, as a file: replaced atomically, every revision kept, a candidate leased.

`<state>/policy/` holds `policy.json`, the kept `revisions/`, the `workers/` that report, and `STOP` while nothing is to
be obeyed. The agents read these files and nothing else, so going back needs no control plane. docs/policy.md describes
the document; what it says of a rule's settings is the agent's to check.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from hasten.errors import HastenError, Unreachable
from hasten.log import event
from hasten.model import Noun
from hasten.world import durable

VERSION = 1
#: A candidate that nobody renews for so long is over; it is renewed three times in that time.
LEASE_S = 6.0
#: So many revisions are kept.
MOST_REVISIONS = 100
#: Agents may run as another user than Hasten; the folder of the state decides who gets as far as here.
MODE = 0o644


class Match(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Which requests, and which of their answers, a rule is for.
    """

    paths: list[str]
    methods: list[str] = msgspec.field(default_factory=lambda: ["GET", "HEAD"])
    content_types: list[str] = []


class Rule(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    One rule of the policy.
    """

    id: str
    kind: str
    match: Match
    settings: dict[str, Any] = {}


class Candidate(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    The section `trial`: what the candidate's requests obey instead of `rules`, and until when.
    """

    id: str
    key: str
    share: float
    split: Literal["request", "identity", "block"]
    block_s: float
    seed: int
    lease_s: float
    expires_at: float
    rules: list[Rule]


class Record(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    The section `record`: requests of visitors are recorded for a while. docs/policy.md says what each bound is.
    """

    id: str
    key: str
    share: float
    per_s: float
    most_bytes: int
    for_s: float
    expires_at: float
    uuids: bool = False
    parameters: list[str] = []
    cookies: list[str] = []


class Policy(Noun, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    The whole document.
    """

    version: Literal[1]
    revision: int
    rules: list[Rule]
    trial: Candidate | None = None
    record: Record | None = None

    def has(self, rule: Rule) -> bool:
        """
        Whether this very rule is in force, outside of any trial.
        """
        return rule in self.rules

    def named(self, rule_id: str) -> bool:
        """
        Whether a rule of this id is anywhere in the document.
        """
        on_trial = self.trial.rules if self.trial else []
        return any(rule.id == rule_id for rule in [*self.rules, *on_trial])


NOTHING = Policy(version=1, revision=0, rules=[])


class PolicyFile:
    """
    The policy of one state folder.

    Args:
        folder: `<state>/policy`.
        wall: Seconds since 1970.
    """

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.path = folder / "policy.json"
        self.stop_path = folder / "STOP"
        self.revisions_dir = folder / "revisions"
        self.workers_dir = folder / "workers"
        self._wall = wall

    def read(self) -> Policy:
        """
        The policy as it stands; the empty one where there is no file.

        Raises:
            HastenError: the file is there and is no policy; the agents obey the last good one meanwhile.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Policy)
        except FileNotFoundError:
            return NOTHING
        except (msgspec.MsgspecError, OSError) as error:
            raise HastenError(
                f"{self.path} is no policy: {error}",
                hint="`hasten policy rollback` puts the last good revision there; agents obey it meanwhile",
            ) from error

    def put(self, rule: Rule) -> Policy:
        """
        The rule is in force, in place of another of its id; the next revision says so. No candidate is left.

        Raises:
            Unreachable: the file cannot be written; the policy is as before.
        """
        found = self.read()
        return self._next(with_rule(found.rules, rule), found)

    def remove(self, rule_id: str) -> Policy:
        """
        No rule has that id, in force or on trial; nothing is written where none had.

        Raises:
            Unreachable: the file cannot be written; the policy is as before.
        """
        found = self.read()
        if not found.named(rule_id):
            return found
        return self._next([rule for rule in found.rules if rule.id != rule_id], found)

    def go_back(self, revision: int | None = None) -> Policy:
        """
        The rules are those of an earlier revision (None: of the one before the present), under a new number.

        Raises:
            HastenError: that revision was not kept.
            Unreachable: the file cannot be written.
        """
        _, latest, rules = self.earlier(revision)
        return self._next(rules, Policy(version=1, revision=latest, rules=[]))

    def earlier(self, revision: int | None = None) -> tuple[int, int, list[Rule]]:
        """
        What `go_back` would put in force: the revision whose rules they are, the latest there is, and the rules.

        Raises:
            HastenError: that revision was not kept.
        """
        kept = self.revisions()
        latest = max(kept, default=0)
        try:
            latest = max(latest, self.read().revision)
            wanted = max((each for each in kept if each < latest), default=0) if revision is None else revision
        except HastenError:
            # What stands there is no policy: the last good one is the way back.
            wanted = latest if revision is None else revision
        if wanted and wanted not in kept:
            names = ", ".join(map(str, sorted(kept))) or "none"
            raise HastenError(f"revision {wanted} of the policy was not kept", hint=f"kept: {names}; 0 is no rule")
        return wanted, latest, kept[wanted].rules if wanted else []

    def record(self, section: Record | None) -> None:
        """
        This is what is recorded from now on, under the same revision; None: nothing.

        Raises:
            Unreachable: the file cannot be written; the policy is as before.
        """
        self._write(self.path, msgspec.json.encode(msgspec.structs.replace(self.read(), record=section)))
        event("record", id=section.id if section else None)

    def stop(self) -> None:
        """
        No agent obeys any rule, from its next look on (a quarter of a second).

        Raises:
            Unreachable: the file cannot be made.
        """
        self._write(self.stop_path, b"Nothing of the policy is obeyed while this file is here.\n")

    def go_on(self) -> None:
        """
        The policy is obeyed again.
        """
        self.stop_path.unlink(missing_ok=True)

    @property
    def is_stopped(self) -> bool:
        """
        Whether the file that switches everything off is there.
        """
        return self.stop_path.exists()

    def revisions(self) -> dict[int, Policy]:
        """
        The kept revisions that can be read, by number.
        """
        found = {}
        for path in sorted(self.revisions_dir.glob("*.json")):
            policy = _revision(path)
            if policy is not None:
                found[policy.revision] = policy
        return found

    @contextmanager
    def candidate(self, rules: list[Rule], *, name: str, seed: int, lease_s: float = LEASE_S) -> Iterator[Candidate]:
        """
        Requests that ask for it obey `rules`, for the block; all others the policy as it is (share 0).

        The candidate is a lease: a thread renews it, and where nobody does it ends by itself in every worker.

        Raises:
            Unreachable: it could not be put there, or was lost during the block because it could not be renewed.
        """
        before = self.read()
        trial = Candidate(
            id=name, key=secrets.token_urlsafe(24), share=0.0, split="request", block_s=5.0, seed=seed,
            lease_s=lease_s, expires_at=0.0, rules=rules,
        )  # fmt: skip
        lease = _Lease(lambda: self._renew(before, trial), lease_s / 3)
        lease.renew()
        lease.start()
        try:
            yield trial
        finally:
            lease.end()
            # The same revision without its trial: nothing was changed for good.
            after = msgspec.structs.replace(before, trial=None, record=self._recorded())
            self._write(self.path, msgspec.json.encode(after))
        if lease.lost is not None:
            raise Unreachable(
                f"the candidate could not be renewed, so part of the trial ran without it: {lease.lost}",
                hint=f"look at the disk that {self.folder} is on",
            ) from lease.lost

    def _renew(self, before: Policy, trial: Candidate) -> None:
        until = self._wall() + trial.lease_s
        leased = msgspec.structs.replace(trial, expires_at=until)
        renewed = msgspec.structs.replace(before, trial=leased, record=self._recorded())
        self._write(self.path, msgspec.json.encode(renewed))

    def _next(self, rules: list[Rule], after: Policy) -> Policy:
        made = Policy(version=1, revision=max([after.revision, *self.revisions()]) + 1, rules=rules)
        # First the policy, then its copy: what is kept as a revision has been in force. A recording is none of it.
        self._write(self.path, _readable(msgspec.structs.replace(made, record=self._recorded())))
        self._write(self.revisions_dir / f"{made.revision:08d}.json", _readable(made))
        for path in sorted(self.revisions_dir.glob("*.json"))[:-MOST_REVISIONS]:
            path.unlink(missing_ok=True)
        event("policy", revision=made.revision, rules=[rule.id for rule in rules])
        return made

    def _recorded(self) -> Record | None:
        """
        What is recorded as the file has it now: it may have been ended meanwhile, and its key is not to come back.
        """
        try:
            found = self.read().record
        except HastenError:
            return None
        return found if found is not None and found.expires_at > self._wall() else None

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            durable.write(path, data, mode=MODE)
        except OSError as error:
            raise Unreachable(
                f"{path} cannot be written: {error.strerror}",
                hint="free some disk space or mend the permissions; the policy is as before",
            ) from error


class _Lease(threading.Thread):
    """
    Renews something every so often until it is ended; what went wrong is in `lost`, and nothing is tried after it.
    """

    def __init__(self, renew: Callable[[], None], every_s: float) -> None:
        super().__init__(name="hasten-lease", daemon=True)
        self.renew = renew
        self.lost: HastenError | None = None
        self._every_s = every_s
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self.renew()
            except HastenError as error:
                self.lost = error
                return

    def end(self) -> None:
        self._over.set()
        self.join()


def with_rule(rules: list[Rule], rule: Rule) -> list[Rule]:
    """
    The rules with this one in place of another of its id, or at the end.
    """
    if any(each.id == rule.id for each in rules):
        return [rule if each.id == rule.id else each for each in rules]
    return [*rules, rule]


def _readable(policy: Policy) -> bytes:
    return msgspec.json.format(msgspec.json.encode(policy), indent=2) + b"\n"


def _revision(path: Path) -> Policy | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Policy)
    except (msgspec.MsgspecError, OSError):
        return None

"""
Files of the application are changed, and go back: bytes, mode and owner, from the change's JSON alone.

A file is replaced by a new one that was whole on the disk before, so each file is in its before or its after version
at any moment. Which of them are in which is read from the files themselves, so a run that was killed between two files
needs no journal but the change, which is in the ledger before the first file. All files are looked at before one is
touched: where a person has edited one meanwhile nothing is done, and nothing of the edit is lost.
"""

import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path
from typing import Any

import msgspec

from hasten.errors import ApplyFailed, HastenError, NotAllowed, RevertFailed, Unreachable
from hasten.log import operation
from hasten.model import Change
from hasten.world import durable, versions
from hasten.world.saved import Saved
from hasten.world.versions import Patch, Version

Refuse = Callable[[str, str], HastenError]


@dataclass(frozen=True)
class Files:
    """
    The files below the application's folder.

    Args:
        root: That folder.
        state_dir: `.hasten`; the bytes are saved below it.
    """

    root: Path
    state_dir: Path

    @property
    def saved(self) -> Saved:
        """
        Where the bytes of both sides are.
        """
        return Saved(self.state_dir)

    def prepare(self, wanted: Mapping[str, bytes | None]) -> dict[str, dict[str, Any]] | None:
        """
        `before`, `after` and `inverse` of a Change that gives these files these bytes (None: removes them).

        None if all of them are like that already. No file is touched; the bytes of both sides are saved.

        Raises:
            NotAllowed: a path leads out of the application's folder, or is no regular file.
            Unreachable: a file cannot be read, or its bytes cannot be saved.
        """
        for path in wanted:
            if why := versions.refusal(self.root, self.state_dir, path):
                raise NotAllowed(f"files cannot be changed: {why}", hint="name regular files inside of the folder")
        before = [self._saved_version(path) for path in sorted(wanted)]
        after = [self._wanted_version(was, wanted[was.path]) for was in before]
        pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
        if not pairs:
            return None
        made = versions.missing_folders(self.root, [new.path for _, new in pairs if not new.is_absent])
        place = relpath(self.saved.folder.resolve(), self.root.resolve())
        old_side = Patch(files=[old for old, _ in pairs])
        return {
            "before": old_side.as_data(),
            "after": Patch(files=[new for _, new in pairs], folders=made).as_data(),
            "inverse": msgspec.structs.replace(old_side, folders=made, saved=place).as_data(),
        }

    def apply(self, change: Change) -> None:
        """
        Every file is in its after version. Done twice is done once.

        Raises:
            ApplyFailed: a file is not as it was when this was planned, or there was no room; all are as before.
        """
        before, after = _sides(change, _apply_failed)
        with operation("files.apply", change=change.id, files=[each.path for each in after.files]):
            self._look(before, after, _apply_failed)
            self._need_bytes([*before.files, *after.files], _apply_failed)
            try:
                self._go(change, before, after, after.folders)
            except (OSError, HastenError) as error:
                with suppress(OSError):
                    self._clear(change, after)
                said = error.strerror if isinstance(error, OSError) else str(error)
                raise _apply_failed(
                    f"the files could not be changed: {said}", "make room, or mend the permissions"
                ) from error

    def revert(self, change: Change) -> None:
        """
        Every file is in its before version, and what was made for the change is gone. Done twice is done once.

        Raises:
            RevertFailed: a person has edited a file, saved bytes are gone, or a file cannot be written; all files are
                as they were.
        """

        def failed(why: str, hint: str) -> HastenError:
            return RevertFailed(why, hint=hint, by_hand=by_hand(change))

        after, before = _sides(change, failed, back=True)
        with operation("files.revert", change=change.id, files=[each.path for each in before.files]):
            self._look(before, after, failed)
            self._need_bytes([each for each in before.files if self._now(each) != each], failed)
            try:
                self._go(change, after, before)
                self._clear(change, before)
            except (OSError, Unreachable) as error:
                said = error.strerror if isinstance(error, OSError) else str(error)
                raise failed(f"the files could not be changed back: {said}", "mend that, then run it again") from error

    def is_applied(self, change: Change) -> bool:
        """
        Whether each file is in its after version.
        """
        return all(self._now(each) == each for each in msgspec.convert(change.after, Patch).files)

    def has_remains(self, change: Change) -> bool:
        """
        Whether a file is in its after version, or something that was made on the way is there.
        """
        after = msgspec.convert(change.after, Patch)
        if any(self._now(each) == each for each in after.files):
            return True
        staged = any(self._staged(change, each).exists() for each in after.files)
        return staged or any(self._is_empty(self.root / folder) for folder in after.folders)

    def _go(self, change: Change, here: Patch, there: Patch, folders: Sequence[str] = ()) -> None:
        """
        From one side to the other: first all bytes, which may fail for want of room, then name by name; or not at all.
        """
        moves = [(old, new) for old, new in zip(here.files, there.files, strict=True) if self._now(new) != new]
        done: list[tuple[Version, Version]] = []
        try:
            for folder in folders:
                versions.make_folder(self.root / folder)
            for _, new in moves:
                self._stage(change, new)
            for old, new in moves:
                # Looked at once more: staging takes its time, and a person may have saved the file meanwhile.
                if self._now(old) != old:
                    raise Unreachable(f"{old.path} was changed by somebody at this very moment", hint="run it again")
                self._put(change, new)
                done.append((old, new))
        except (OSError, HastenError):
            for old, new in reversed(done):
                if self._now(new) == new:
                    self._stage(change, old)
                    self._put(change, old)
            raise

    def _stage(self, change: Change, version: Version) -> None:
        if not version.is_absent:
            data, owner = self.saved.read(version.digest), (version.uid, version.gid)
            durable.stage(self._staged(change, version), data, mode=version.mode, owner=owner)

    def _put(self, change: Change, version: Version) -> None:
        path = self.root / version.path
        if version.is_absent:
            durable.remove(path)
        else:
            durable.settle(self._staged(change, version), path)

    def _clear(self, change: Change, side: Patch) -> None:
        for each in side.files:
            staged = self._staged(change, each)
            # Looked for first: on a read-only disk even removing nothing is an error.
            if staged.is_symlink() or staged.exists():
                staged.unlink()
        for folder in reversed(side.folders):
            # What a person put there stays, and so does the folder.
            with suppress(OSError):
                (self.root / folder).rmdir()

    def _look(self, before: Patch, after: Patch, refuse: Refuse) -> None:
        for old, new in zip(before.files, after.files, strict=True):
            if why := versions.refusal(self.root, self.state_dir, old.path):
                raise refuse(f"files cannot be changed: {why}", "put back what was there, then run it again")
            if self._now(old) not in (old, new):
                raise refuse(
                    f"{old.path} is neither as before the change nor as after it: somebody edited or removed it",
                    "nothing was touched; look at the file, and keep a copy of what is worth keeping",
                )

    def _need_bytes(self, needed: list[Version], refuse: Refuse) -> None:
        for each in needed:
            if not each.is_absent and not self.saved.has(each.digest):
                raise refuse(
                    f"the saved bytes of {each.path} are gone from {self.saved.folder}",
                    f"restore the file whose SHA-256 is {each.digest}; nothing was touched",
                )

    def _now(self, like: Version) -> Version:
        try:
            return versions.version_of(self.root, like.path)
        except OSError as error:
            raise Unreachable(
                f"{self.root / like.path} cannot be read: {error.strerror}", hint="check its permissions"
            ) from error

    def _saved_version(self, path: str) -> Version:
        found = self._now(Version(path=path))
        if not found.is_absent and self.saved.keep((self.root / path).read_bytes()) != found.digest:
            raise Unreachable(f"{path} was changed by somebody at this very moment", hint="plan again")
        return found

    def _wanted_version(self, was: Version, data: bytes | None) -> Version:
        return versions.version_from(was, self.root, "" if data is None else self.saved.keep(data))

    def _staged(self, change: Change, version: Version) -> Path:
        # Beside the file, for only within a folder is a rename one step; of a name that no pattern of the application
        # (conf.d/*.conf) takes, and that a later run knows.
        path = self.root / version.path
        return path.with_name(f".{path.name}.hasten-{change.id}")

    @staticmethod
    def _is_empty(folder: Path) -> bool:
        return folder.is_dir() and not any(folder.iterdir())


def by_hand(change: Change) -> list[str]:
    """
    The commands with which a person puts the files back; in the application's folder.
    """
    try:
        inverse = msgspec.convert(change.inverse, Patch)
    except msgspec.ValidationError:
        return [f"# the change {change.id} has lost its inverse: restore its files from a backup"]
    lines = ["# in the application's folder (`root` of hasten.toml):"]
    for each in inverse.files:
        path = shlex.quote(each.path)
        if each.is_absent:
            lines.append(f"rm -f {path}")
        else:
            source = shlex.quote(f"{inverse.saved}/{each.digest}")
            owner = f"{each.uid}:{each.gid}"
            lines.append(f"cp {source} {path} && chmod {each.mode:o} {path} && chown {owner} {path}")
    return [*lines, *(f"rmdir {shlex.quote(folder)}" for folder in reversed(inverse.folders))]


def _apply_failed(why: str, hint: str) -> HastenError:
    return ApplyFailed(why, hint=hint)


def _sides(change: Change, refuse: Refuse, *, back: bool = False) -> tuple[Patch, Patch]:
    """
    Where the files come from and where they go to.
    """
    try:
        there = msgspec.convert(change.inverse if back else change.after, Patch)
        here = msgspec.convert(change.after if back else change.before, Patch)
    except msgspec.ValidationError as error:
        why = f"the change {change.id} does not say what its files were: {error}"
        raise refuse(why, "restore them from a backup") from error
    if [each.path for each in here.files] != [each.path for each in there.files]:
        raise refuse(f"the two sides of {change.id} are not the same files", "restore them from a backup")
    return here, there

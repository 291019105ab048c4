"""
Bytes that a way forward or a way back needs, each under its own digest in `<state>/saved`.

They are on the disk before a change is planned, and are never removed: a change that was kept long ago can go back.
"""

import hashlib
from pathlib import Path

from hasten.errors import Unreachable
from hasten.world import durable


def digest_of_bytes(data: bytes) -> str:
    """
    SHA-256 in hex: the name under which bytes are saved.
    """
    return hashlib.sha256(data).hexdigest()


class Saved:
    """
    What was saved for a state folder.
    """

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "saved"

    def keep(self, data: bytes) -> str:
        """
        The bytes are on the disk; their digest.

        Raises:
            Unreachable: the disk is full, or the folder cannot be written.
        """
        digest = digest_of_bytes(data)
        if self.has(digest):
            return digest
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            durable.write(self.folder / digest, data)
        except OSError as error:
            raise Unreachable(
                f"{self.folder} cannot take {len(data)} bytes that the way back needs: {error.strerror}",
                hint="free some disk space or mend the permissions; nothing was changed",
            ) from error
        return digest

    def has(self, digest: str) -> bool:
        """
        Whether the bytes are there, and are those that their name says.
        """
        try:
            return digest_of_bytes((self.folder / digest).read_bytes()) == digest
        except OSError:
            return False

    def read(self, digest: str) -> bytes:
        """
        The bytes of that digest.

        Raises:
            Unreachable: they are gone, or were changed.
        """
        if not self.has(digest):
            raise Unreachable(
                f"the saved bytes {self.folder / digest} are gone or were changed",
                hint=f"restore {self.folder} from a backup; the right file has this SHA-256",
            )
        return (self.folder / digest).read_bytes()

    def sweep(self) -> int:
        """
        What a killed run had begun to save is gone; how many files.
        """
        begun = list(self.folder.glob(".*.new"))
        for path in begun:
            path.unlink(missing_ok=True)
        return len(begun)

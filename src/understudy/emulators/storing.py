"""What an emulator remembers: records by kind and id, files by their SHA-256; in memory, or also in a folder."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from ..errors import UnderstudyError
from ..files import read_file, write_file

Record = dict[str, Any]


class Store:
    """Records and files. Ids follow from the seed and the order of requests: the same requests give the same ids."""

    def __init__(self, name: str, seed: int = 0, folder: Path | None = None) -> None:
        """folder: where the state is kept over a restart (created if need be); None for memory only.

        Raises UnderstudyError for a folder that holds another emulator's state.
        """
        self._name, self._seed, self._folder = name, seed, folder
        self._tables: dict[str, dict[str, Record]] = {}
        self._counts: dict[str, int] = {}
        self._blobs: dict[str, bytes] = {}
        if folder is not None and (folder / "state.json").exists():
            self._load(folder)

    def table(self, kind: str) -> dict[str, Record]:
        """id -> record, in the order in which they were made; to be changed in place."""
        return self._tables.setdefault(kind, {})

    def number(self, kind: str, digits: int) -> str:
        """A new id of so many digits; later ones are greater."""
        count = self._count(kind)
        start = 10 ** (digits - 1) + int.from_bytes(self._hash(kind), "big") % (5 * 10 ** (digits - 1))
        return str(start + 997 * count)

    def letters(self, kind: str, length: int) -> str:
        """A new id of so many URL-safe letters and digits."""
        count = self._count(kind)
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        value = int.from_bytes(hashlib.sha512(self._hash(f"{kind}/{count}")).digest(), "big")
        return "".join(alphabet[value // 62**i % 62] for i in range(length))

    def secret(self, purpose: str) -> bytes:
        """32 bytes for signatures; they follow from the seed, so they keep nothing secret."""
        return self._hash(f"secret/{purpose}")

    def keep(self, data: bytes) -> str:
        """Keeps a file; its SHA-256, 64 hex digits."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self._blobs:
            self._blobs[digest] = data
            if self._folder is not None:
                write_file(self._folder / "blobs" / digest, data)
        return digest

    def file(self, digest: str) -> bytes:
        """A kept file. Raises KeyError."""
        return self._blobs[digest]

    def save(self) -> None:
        """Writes the records to the folder, if there is one, in one piece."""
        if self._folder is not None:
            state = {"emulator": self._name, "tables": self._tables, "counts": self._counts}
            write_file(self._folder / "state.json", json.dumps(state, indent=1).encode())

    def _load(self, folder: Path) -> None:
        """Raises UnderstudyError for what `save` did not write."""
        place = folder / "state.json"
        try:
            state = json.loads(read_file(place))
            if state["emulator"] != self._name:
                raise UnderstudyError(
                    f"state of the emulator {state['emulator']!r}", place=str(place), expected=self._name
                )
            self._tables, self._counts = state["tables"], state["counts"]
        except (ValueError, KeyError, TypeError):
            raise UnderstudyError("not an emulator's state", place=str(place), expected="what --state wrote") from None
        for path in sorted((folder / "blobs").glob("*")):
            if re.fullmatch("[0-9a-f]{64}", path.name):
                self._blobs[path.name] = read_file(path)

    def _count(self, kind: str) -> int:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self._counts[kind]

    def _hash(self, what: str) -> bytes:
        return hashlib.sha256(f"{self._name}/{self._seed}/{what}".encode()).digest()

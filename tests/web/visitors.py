"""What the tests of the page share: a visitor with the secret, one without, and pictures made here."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from oracles import scene
from understudy.web.app import Page, make
from understudy.web.limits import Limits

BASE = "http://127.0.0.1:8000"
SMALL = Limits(file=200_000, request=600_000, files=8, unpacked=400_000, directory=4_000, pixels=100_000, kept=3)
"""Limits that a test reaches."""


class Visitor(TestClient):
    """A browser that has been let in: it keeps the cookie and says where its forms come from."""

    def __init__(self, page: Page, enters: bool = True) -> None:
        super().__init__(page.app, base_url=BASE, headers={"origin": BASE}, follow_redirects=False)
        self.page = page
        if enters:
            assert self.get(page.entrance).status_code == 200

    def give(self, path: str, files: Any = (), **fields: str) -> Any:
        """A form, sent as the page's script does. files: (field, (name, bytes)) or a mapping."""
        listed = list(files.items()) if isinstance(files, Mapping) else list(files)
        return self.post(
            path, files=listed or [("none", ("", b""))], data=fields, headers={"accept": "application/json"}
        )

    def done(self, answer: Any, seconds: float = 60) -> Any:
        """The job that an answer leads to, when it is finished."""
        assert answer.status_code == 200, answer.text
        job = self.page.desk.find(answer.json()["job"].rpartition("/")[2])
        assert job is not None
        end = time.monotonic() + seconds
        while not job.finished:
            assert time.monotonic() < end, f"{job.state}: {job.text}"
            time.sleep(0.02)
        return job


@contextmanager
def visited(limits: Limits | None = None) -> Iterator[Visitor]:
    """A page and its visitor; afterwards nothing is left of either."""
    page = make(limits)
    try:
        yield Visitor(page)
    finally:
        page.desk.close()
        assert not page.desk.folder.exists()


def jpeg(width: int = 96, height: int = 72, seed: int = 0, **save: Any) -> bytes:
    """A JPEG by Pillow."""
    return saved(Image.fromarray(scene(width, height, seed=seed)), "JPEG", **{"quality": 80, **save})


def saved(image: Image.Image, format: str, **save: Any) -> bytes:
    """An image as a file."""
    out = io.BytesIO()
    image.save(out, format, **save)
    return out.getvalue()


def pairs(count: int = 2, width: int = 150, height: int = 101, **save: Any) -> dict[str, tuple[bytes, bytes]]:
    """Name -> (sent PNG, received JPEG) of a channel that is Pillow."""
    images = {f"picture {i}": Image.fromarray(scene(width + 7 * i, height + 4 * i, seed=i)) for i in range(count)}
    return {n: (saved(i, "PNG"), saved(i, "JPEG", **{"quality": 77, **save})) for n, i in images.items()}


def zipped(files: Mapping[str, bytes], **options: Any) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def files_below(folder: Path) -> list[str]:
    """Every file, as seen from the folder."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def words(html: str) -> str:
    """A page's text."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())

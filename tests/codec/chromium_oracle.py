"""Chromium's canvas as an oracle: headless, without a GPU. A browser that is missing is an error, never a skip.

Debian: `chromium`. Pictures travel as data URLs, so nothing is fetched and no canvas is tainted. Each picture of a
call should differ from the others: Chromium draws a picture that it has at another size already from that.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    raise RuntimeError("chromium is not installed; these tests need it (Debian: chromium)")

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage")
_PAGE = """<html><body>%s<pre id="out"></pre><script>
window.onload = () => {
  const sizes = %s, quality = %s, out = [];
  document.querySelectorAll('img').forEach((image, i) => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = sizes[i];
    const context = canvas.getContext('2d');
    context.imageSmoothingQuality = quality;
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    let text = '';
    for (let k = 0; k < data.length; k += 8192) text += String.fromCharCode.apply(null, data.subarray(k, k + 8192));
    out.push(btoa(text));
  });
  document.querySelectorAll('img').forEach((image) => image.remove());
  document.getElementById('out').textContent = '[[' + out.join(' ') + ']]';
};</script></body></html>"""

Job = tuple[bytes, int, int]
"""A PNG or JPEG file, and the width and height that it is drawn to."""


def _kind(data: bytes) -> str:
    return "jpeg" if data.startswith(b"\xff\xd8") else "png"


def drawn(jobs: Sequence[Job], quality: str = "high") -> list[Any]:
    """What getImageData gives for each job, uint8 `[height, width, 4]`, not premultiplied."""
    images = "".join(
        f"<img src='data:image/{_kind(data)};base64,{base64.b64encode(data).decode()}'>" for data, *_ in jobs
    )
    sizes = json.dumps([[width, height] for _, width, height in jobs])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page = Path(folder) / "page.html"
        page.write_text(_PAGE % (images, sizes, json.dumps(quality)))
        command = [str(CHROMIUM), *_FLAGS, f"--user-data-dir={folder}/profile", "--dump-dom", page.as_uri()]
        done = subprocess.run(command, capture_output=True, timeout=120)
    found = re.search(rb"\[\[([^\]]*)\]\]", done.stdout)
    assert found, done.stderr.decode(errors="replace")[-2000:]
    texts = found[1].split(b" ")
    assert len(texts) == len(jobs), f"{len(texts)} pictures of {len(jobs)}"
    return [
        np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)
        for text, (_, width, height) in zip(texts, jobs, strict=True)
    ]

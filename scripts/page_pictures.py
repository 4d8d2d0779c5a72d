"""The pictures of the local page in the documentation, made on a picture that is made here too.

`python scripts/page_pictures.py` starts the page, uses it in Debian's Chromium, and writes docs/figures/page-*.png.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Page, sync_playwright

HILLS = ((0.5, 0.07, (0.42, 0.5, 0.6)), (0.58, 0.05, (0.26, 0.38, 0.42)), (0.66, 0.03, (0.14, 0.26, 0.24)))
"""Height of a ridge, how far it swings, its colour; from the back to the front."""
FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"


def landscape(width: int = 960, height: int = 640) -> Image.Image:
    """Hills, a sun, water and a sail: slopes, edges, texture, no photographer."""
    rng = np.random.default_rng(4)
    y, x = np.mgrid[:height, :width] / height
    sky = np.stack([0.95 - 0.25 * y, 0.72 + 0.1 * y, 0.55 + 0.35 * y], -1)
    sun = np.exp(-((x - 1.0) ** 2 + (y - 0.28) ** 2) * 60)[..., None] * np.array([0.3, 0.25, 0.1])
    picture = np.clip(sky + sun, 0, 1)
    for base, swing, colour in HILLS:
        ridge = base + swing * sum(np.sin(x * f + rng.uniform(0, 6)) / f**0.7 for f in (2.1, 5.3, 11.7, 31.0, 73.0))
        picture = np.where((y > ridge)[..., None], np.array(colour) * rng.normal(1, 0.06, (height, width, 1)), picture)
    wave = 0.5 + 0.5 * np.sin(y**2 * 330 + 3 * np.sin(x * 9 + y * 30))
    water = np.stack([0.2 + 0.25 * wave, 0.36 + 0.2 * wave, 0.46 + 0.14 * wave], -1)
    water = water * rng.normal(1, 0.04, (height, width, 1))
    picture = np.where((y > 0.74)[..., None], water, picture)
    image = Image.fromarray((255 * np.clip(picture, 0, 1)).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.6))
    draw = ImageDraw.Draw(image)
    draw.polygon([(250, 330), (250, 520), (170, 520)], fill=(250, 244, 230))
    draw.polygon([(258, 350), (258, 520), (330, 520)], fill=(196, 52, 40))
    draw.polygon([(160, 530), (345, 530), (315, 562), (190, 562)], fill=(60, 40, 34))
    return image


def keep(page: Page, name: str, height: int) -> None:
    """The upper part of the page, as a picture of few colours, so that the repository stays small."""
    page.wait_for_load_state("networkidle")
    clip: Any = {"x": 0, "y": 0, "width": 960, "height": height}
    shot = Image.open(io.BytesIO(page.screenshot(clip=clip, full_page=True)))
    shot.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(FIGURES / f"page-{name}.png", optimize=True)


def main() -> None:
    """Starts the page, uses it, writes the pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("chromium is not installed")
    served = subprocess.Popen(
        [sys.executable, "-m", "understudy", "serve", "--no-browser"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert served.stderr is not None
        address = served.stderr.readline().strip()
        with sync_playwright() as playwright:
            sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
            browser = playwright.chromium.launch(executable_path=chromium, args=sandbox)
            page = browser.new_page(viewport={"width": 960, "height": 900})
            page.goto(address)
            page.wait_for_selector("#compare-picture")
            keep(page, "start", 1280)
            picture = io.BytesIO()
            landscape().save(picture, "JPEG", quality=92)
            sent = {"name": "sail.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
            page.set_input_files("#compare-picture", [sent])
            page.check("input[value='facebook/classic-2014']")
            page.select_option("select[name=second]", "facebook/web-2024")
            page.click("form[action='/compare'] button")
            page.wait_for_selector("[data-look]", timeout=60_000)
            keep(page, "comparison", 1400)
            browser.close()
    finally:
        served.terminate()
        served.wait()


if __name__ == "__main__":
    main()

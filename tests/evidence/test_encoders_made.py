"""Files by real encoders, made here: their family, law and quality are found, and no platform is claimed.

Oracles: Pillow, OpenCV, libvips, simplejpeg, jpeglib (libjpeg 6b to 9f, turbo, mozjpeg 1.0 to 4.0.3), pyjpegli;
and what third-party software made in the battery.
"""

from __future__ import annotations

import accuracy
import made_files
import pytest
from fake_scan_search import chosen

from shared_folder import battery_files
from understudy.codec.mozjpeg.scan_search import DcScans
from understudy.codec.scans import SCRIPTS
from understudy.evidence._scripts import LUMA_FIRST, LUMA_LAST, MOZJPEG, _mozjpeg, kinds_of
from understudy.inspection import inspect

MAKERS = {
    "Pillow": made_files.by_pillow,
    "OpenCV": made_files.by_opencv,
    "libvips": made_files.by_libvips,
    "simplejpeg": made_files.by_simplejpeg,
    "jpeglib": made_files.by_jpeglib,
    "pyjpegli": made_files.by_pyjpegli,
}

BATTERY = {
    "chromium_canvas1600_080": ("libjpeg-sequential", "annex-k", 80),
    "cjpeg_qtables_scans": ("libjpeg-progressive", None, None),
    "cv_area1280_q88p": ("libjpeg-progressive", "annex-k", 88),
    "gd_resampled1200_q85i": ("libjpeg-progressive", "annex-k", 85),
    "go_nfnt1280_q80": ("one-dqt-one-dht", "annex-k", 80),
    "im6_lanczos1600_float82": ("libjpeg-sequential", "annex-k", 82),
    "im6_q85_plane420": ("libjpeg-progressive", "annex-k", 85),
    "jpegli_py_q80": ("one-dqt-one-dht", "jpegli", 80),
    "jsquash_mozjpeg_default": ("mozjpeg", "mozjpeg-3", 75),
    "nginx_gd_1024_q75": ("libjpeg-sequential", "annex-k", 75),
    "pil_default": ("libjpeg-sequential", "annex-k", 75),
    "pil_social1600": ("libjpeg-progressive", "annex-k", 85),
    "sharp_default": ("libjpeg-sequential", "annex-k", 80),
    "sharp_moz1080_q75": ("mozjpeg-apart", "mozjpeg-3", 75),
    "thumbor_fit1280": ("libjpeg-progressive", "annex-k", 80),
    "vips_thumb2048": ("libjpeg-progressive", "annex-k", 80),
}
"""Channel -> family, law and quality, by truth.yaml and its software's documentation; cjpeg's tables are its own."""


@pytest.mark.parametrize("maker", MAKERS)
def test_family_law_and_quality_of_files_from_wheels(maker: str) -> None:
    for encoder, found in accuracy.made(MAKERS[maker]()).items():
        assert found.family == found.law == found.files > 0, (encoder, found.misses)
        assert found.claimed == 0, encoder


@pytest.mark.shared
@pytest.mark.parametrize("channel", BATTERY)
def test_family_law_and_quality_of_the_battery(channel: str) -> None:
    files = [p for p in battery_files() if p.parent.parent.name == channel]
    assert files
    for path in files[:3]:
        seen = inspect(path.read_bytes())
        if len(seen.value("frame", "component_ids")) == 1:
            continue
        assert (accuracy.family_id(seen), seen.value("quality", "law"), seen.value("quality", "quality")) == BATTERY[
            channel
        ], path.name


@pytest.mark.parametrize("dc", DcScans)
@pytest.mark.parametrize("n_components", [1, 3])
def test_mozjpegs_search_ends_in_the_listed_scripts(dc: DcScans, n_components: int) -> None:
    """The real search, fed scans of random sizes, never leaves the list, and reaches a good part of it."""
    reached = {chosen(n_components, dc, seed) for seed in range(400)}
    assert reached <= _mozjpeg()
    assert len(reached) > (10 if n_components == 1 else 60)


def test_the_list_has_as_many_scripts_as_said() -> None:
    sizes = [sum(len({c for scan in s for c in scan[0]}) == n for s in _mozjpeg()) for n in (1, 3)]
    assert sizes == [24, 1296]


def test_kinds_of_named_scripts() -> None:
    """A script with a name may be of a kind as well; a kind is not given to what libjpeg or a platform fixes."""
    kinds = {
        name: kinds_of([[list(s.components), s.Ss, s.Se, s.Ah, s.Al] for s in script])
        for name, script in SCRIPTS.items()
    }
    assert {name for name, found in kinds.items() if LUMA_LAST in found} == {"facebook-30", "facebook-30-b"}
    for name in ("simple10", "baseline", "facebook-0f", "facebook-23", "whatsapp-8", "jpegli-2"):
        assert kinds[name] == (), name


@pytest.mark.shared
def test_kinds_of_the_measured_scripts() -> None:
    found: dict[str, set[str]] = {MOZJPEG: set(), LUMA_FIRST: set(), LUMA_LAST: set()}
    for row, told in accuracy.facts():
        for kind in found:
            if kind in told["script"].split(" or "):
                found[kind].add(row["fbmd"][:6] or row["icc_desc"] or row["platform"])
        if row["fbmd"].startswith("FBMD30"):
            assert LUMA_LAST in told["script"]
    assert found[LUMA_LAST] == {"FBMD30"}
    assert found[LUMA_FIRST] == {"uRGB"}


def test_hostile_scripts_have_no_kind() -> None:
    for script in ([], [[[0], 0, 0, 0, 0]], [[[-1], 0, 0, 0, 0]] * 3, [[[0] * 300, 0, 0, 0, 0], [[1, 2], 0, 0, 0, 0]],
                   [[[0], 0, 0, 0, 0], [[1, 2], 0, 0, 0, 0]] + [[[0], 64, 255, 0, 13]] * 198):  # fmt: skip
        assert kinds_of(script) == ()

"""The shipped profiles as a library: which one a name means, what they explain of real deliveries, how they differ."""

from __future__ import annotations

import io
import json
import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import understudy as us
from oracles import cjpeg, pillow, scene
from shared_folder import shared
from test_cli import Ran, failed
from understudy.errors import ProfileError, UnderstudyError
from understudy.jpeg import parse
from understudy.profile import load_profile, shipped_profiles
from understudy.profile_diff import diff
from understudy.rewriting import rewrite
from understudy.terminal.profiles import show_diff, show_one

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

NAMES = {
    "facebook": "facebook/web-2024",
    "facebook@2014": "facebook/classic-2014",
    "facebook@2016": "facebook/classic-2014",
    "facebook@2021": "facebook/classic-2014",
    "facebook@2022": "facebook/web-2022",
    "facebook@2023": "facebook/web-2022",
    "facebook@2025": "facebook/web-2024",
    "facebook@2026": "facebook/web-2024",
    "instagram": "instagram/2023",
    "instagram@2015": "instagram/2014",
    "linkedin": "linkedin/2023",
    "mastodon": "mastodon/2024",
    "mastodon@2020": "mastodon/2019",
    "messenger": "messenger/android",
    "whatsapp": "whatsapp/2024",
    "whatsapp@2018": "whatsapp/2018",
    "whatsapp@2021": "whatsapp/2021",
    "whatsapp@2023": "whatsapp/2023",
    "twitter": "twitter/2023",
    "telegram": "telegram/2025",
    "signal": "signal/android",
    "imgur": "imgur/2015",
    "weibo": "weibo/2021",
    "generic": "generic/libjpeg-turbo",
}
REWRITTEN = {
    "golden/facebook-2015-black": "facebook/classic-2014",
    "golden/facebook-2015-image": "facebook/classic-2014",
    "golden/facebook-2015-white": "facebook/classic-2014",
    "golden/facebook-2021": "facebook/classic-2014",
    "golden/gphotos-2015-image": "",
    "golden/imgur-2015-image": "imgur/2015",
    "golden/weibo-2021": "weibo/2021",
    "real/facebook-00e523be": "facebook/reencoded-2018",
    "real/facebook-02477c77": "facebook/reencoded-2018",
    "real/facebook-093d105d": "facebook/classic-2014",
    "real/facebook-28eada52": "facebook/cdn-2022-annex-k",
    "real/facebook-40e30152": "facebook/reencoded-2018",
    "real/facebook-6d745a46": "facebook/reencoded-2018",
    "real/facebook-8a0ed821": "facebook/reencoded-2018",
    "real/facebook-a1d4238c": "facebook/reencoded-2018",
    "real/facebook-aafb3446": "facebook/reencoded-2018",
    "real/facebook-e2ec351e": "facebook/reencoded-2018",
    "real/whatsapp-02474b43": "whatsapp/2024",
    "real/whatsapp-18df4b5f": "whatsapp/2024",
    "real/whatsapp-579cd2d9": "whatsapp/2024",
    "real/whatsapp-8953d706": "whatsapp/2024",
    "real/whatsapp-a7ccebe7": "whatsapp/2024",
    "real/whatsapp-c95ecd60": "whatsapp/windows",
    "real/whatsapp-d1d88e23": "whatsapp/2024",
}
"""Delivered file -> the profile that rewrites it byte for byte from its coefficients; "" where no profile does.
Google Photos' tables are of no law."""

ROWS = {
    "facebook/android-2016": 23,
    "facebook/cdn-2022": 13,
    "facebook/cdn-2022-annex-k": 13,
    "facebook/classic-2014": 25,
    "facebook/reencoded-2018": 12,
    "facebook/web-2022": 5,
    "instagram/2014": 10,
    "instagram/2023": 19,
    "linkedin/2023": 13,
    "messenger/android": 9,
    "messenger/ios": 8,
    "telegram/2025": 6,
    "twitter/2023": 7,
    "twitter/2023-encoded": 4,
    "weibo/2021": 1,
    "whatsapp/2018": 3,
    "whatsapp/2021": 5,
    "whatsapp/2023": 10,
    "whatsapp/2024": 20,
    "whatsapp/windows": 2,
}
"""Rows of deliveries.csv whose header facts a profile explains. 2 of twitter/2023's are also twitter/2023-encoded's:
a transcoder explains any tables."""


@pytest.mark.parametrize("name", NAMES)
def test_a_platform_means_its_main_path(name: str) -> None:
    assert load_profile(name).name == NAMES[name]


def test_every_platform_has_a_main_path() -> None:
    assert {p.when.platform for p in shipped_profiles().values()} == {name.split("@")[0] for name in NAMES}


@pytest.mark.shared
@pytest.mark.parametrize("name", REWRITTEN)
def test_real_deliveries_are_rewritten_from_their_coefficients(name: str) -> None:
    path = shared(f"{name}/received.jpg") if name.startswith("golden") else shared(f"{name}.jpg")
    platform = Path(name).name.split("-")[0]
    data, identical = path.read_bytes(), set()
    for profile in shipped_profiles().values():
        if profile.when.platform != platform or profile.name.endswith("-resized"):
            continue
        try:
            made = rewrite(data, profile)
        except ProfileError:
            continue
        assert made.identical == (made.data == data)
        if made.identical:
            identical.add(profile.name)
    assert identical == ({REWRITTEN[name]} if REWRITTEN[name] else set())


@pytest.mark.shared
def test_the_list_of_real_files_is_whole() -> None:
    import rewrite as benchmark

    files = {p.parent if p.stem == "received" else p.with_suffix("") for p, _ in benchmark.delivered_files()}
    assert {f"{p.parent.name}/{p.name}" for p in files} == set(REWRITTEN)


@pytest.mark.shared
@pytest.mark.parametrize("name", ROWS)
def test_the_header_facts_that_a_profile_explains(name: str) -> None:
    import rewrite as benchmark

    profile = load_profile(name)
    rows = [row for row in benchmark.rows() if row["platform"] == profile.when.platform]
    assert sum(not benchmark.unexplained(row, profile) for row in rows) == ROWS[name]


# --- rewrite


def test_a_file_of_the_profile_is_what_it_writes() -> None:
    for profile in shipped_profiles().values():
        data = us.mimic(pillow(scene(83, 61), quality=97), profile).data
        made = rewrite(data, profile)
        assert (made.differences, made.data) == ((), data), profile.name


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-quality", "75"), "segments: SOI APP0 DQT x2 SOF2"),
        (("-quality", "75", "-sample", "1x1"), "sampling: 4:4:4; the profile writes 4:2:0"),
        (("-quality", "75", "-grayscale"), "components: one; the profile writes three"),
        (("-quality", "75", "-restart", "1"), "segments"),
    ],
)
def test_what_differs_is_told(arguments: tuple[str, ...], words: str) -> None:
    data = cjpeg(scene(40, 40), "-progressive", *arguments)
    made = rewrite(data, "facebook/web-2022")
    assert not made.identical
    told = "\n".join(map(str, made.differences))
    assert words in told
    assert len(made.data) == sum(e.size for e in made.stream.elements)


def test_other_bits_and_other_tables_are_told_apart() -> None:
    data = us.mimic(pillow(scene(64, 64)), "whatsapp/2024").data
    longer = data[:-2] + b"\0" + data[-2:]
    assert {d.what for d in rewrite(longer, "whatsapp/2024").differences} == {"entropy-coded data"}
    fixed = replace(load_profile("whatsapp/2024"), free={})
    other = us.mimic(pillow(scene(64, 64)), "whatsapp/2024", quality=80).data
    (only,) = rewrite(other, fixed).differences
    assert str(only) == (
        "quantisation tables: 0: annex-k 80; 1: annex-k 80; the profile writes 0: annex-k 75; 1: annex-k 75"
    )
    assert rewrite(data + b"xy", "whatsapp/2024").differences[-1].what == "after the end"
    with pytest.raises(ProfileError, match=r"does not show encode\.quality"):
        rewrite(us.mimic(pillow(scene(64, 64)), "messenger/ios").data, "whatsapp/2024")


def test_hostile_bytes_give_one_line() -> None:
    rng = random.Random(5)
    files = [us.mimic(pillow(scene(40, 24)), name).data for name in ("whatsapp/2024", "facebook/web-2024")]
    for data in files:
        for _ in range(150):
            out = bytearray(data)
            for _ in range(rng.choice((1, 3, 9))):
                out[rng.randrange(2, len(out) if rng.random() < 0.3 else 400)] = rng.choice(
                    (0, 1, 255, rng.randrange(256))
                )
            for name in ("whatsapp/2024", "facebook/web-2024", "twitter/2023"):
                try:
                    told = list(map(str, rewrite(bytes(out), name).differences))
                except UnderstudyError as error:
                    told = [str(error)]
                assert not any("\n" in line for line in told)


def test_mozjpegs_merged_dht_is_there_before_every_scan() -> None:
    """What 3 files named WhatsApp of 2018 have: 6 DHT segments with 5 tables, the two DC refinements' being empty."""
    data = us.mimic(pillow(scene(64, 64)), "whatsapp/2018").data
    names = [e.name for e in parse(data).elements]
    assert [name for name in names if name in ("DHT", "SOS")] == ["DHT", "SOS"] * 6
    assert parse(data).anomalies == ()


# --- show and diff


def page(show: object, *arguments: object, **named: object) -> str:
    out = io.StringIO()
    show(*arguments, Console(file=out, width=80, highlight=False), **named)  # type: ignore[operator]
    assert all(len(line) <= 80 for line in out.getvalue().splitlines())
    return out.getvalue()


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_profile_is_shown_in_80_columns(name: str) -> None:
    profile = load_profile(name)
    short, long = page(show_one, profile), page(show_one, profile, every=True)
    assert all(step.name in short for step in profile.steps)
    assert len(long) > len(short)
    assert "trellis_num_loops" not in short


def test_diff_tells_only_what_differs() -> None:
    found = diff(load_profile("linkedin/2023"), load_profile("linkedin/2023-feed"))
    assert [(s.step, s.only_in) for s in found.steps] == [("resize", "linkedin/2023-feed")]
    assert found.steps[0].parameters["limit"] == (None, 752)
    assert found.when["surface"] == ("posts", "feed")
    assert list(found.free) == ["encode.quality"]
    told = page(show_diff, found)
    assert "resize  only in linkedin/2023-feed" in told
    assert "encode ─" not in told


def test_diff_of_a_profile_with_itself_and_both_ways() -> None:
    a, b = load_profile("facebook@2016"), load_profile("facebook/classic-2014-resized")
    same = diff(a, a)
    assert (same.when, same.steps, same.free, same.proof) == ({}, (), {}, ((), ()))
    assert "No difference" in page(show_diff, same)
    there, back = diff(a, b), diff(b, a)
    assert [s.step for s in there.steps] == [s.step for s in back.steps]
    assert {s.step for s in there.steps if s.only_in} == {"generation", "resize", "sharpen"}
    assert all(there.when[key] == back.when[key][::-1] for key in there.when)


def test_diff_on_the_command_line() -> None:
    document = json.loads(Ran("profiles", "diff", "facebook@2016", "facebook", "--json").out)
    (encode,) = [s for s in document["steps"] if s["step"] == "encode"]
    assert encode["parameters"]["engine"] == ["libjpeg", "jpegli"]
    assert encode["parameters"]["quality"][0] == {"by": "longest_side", "up_to": [[960, 71]], "otherwise": 85}
    assert "jpegli" in Ran("profiles", "diff", "facebook@2016", "facebook").out
    assert len(Ran("profiles", "show", "weibo", "--all").out) > len(Ran("profiles", "show", "weibo").out)
    failed(Ran("profiles", "diff", "facebook", "nobody"), "'nobody'")

"""Probes: each says what it is for, holds what it says, comes out the same again, and its downloads find back."""

from __future__ import annotations

import io
from dataclasses import replace
from hashlib import sha256
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

import understudy as us
from shared_folder import shared
from understudy.learning.guesses import OF_GREY_FILES
from understudy.probes import choosing, drawing, icc, manifest, saving
from understudy.probes.asks import WITHOUT_PROBE, asked, known_as
from understudy.probes.base import Probe, randomness
from understudy.probes.making import make
from understudy.probes.mark import Mark, read_mark
from understudy.probes.matching import match, missing
from understudy.profile import Answer, LearnedPair, Learning

EVERY = choosing.every()
NAMED = {p.name: (family, p) for family, p in EVERY}


def test_names_are_unique_and_a_mark_can_number_them() -> None:
    assert len(NAMED) == len(EVERY) <= 256
    assert len(choosing.named("compact")) < 10


@pytest.mark.parametrize(("family", "probe"), EVERY, ids=[p.name for _, p in EVERY])
def test_a_probe_says_what_it_is_for(family: str, probe: Probe) -> None:
    assert family in choosing.families()
    assert probe.why
    assert set(probe.settles) | set(probe.also)
    assert set(probe.settles) | set(probe.also) <= set(asked())
    assert not set(probe.settles) & set(probe.also)
    assert probe.name == probe.name.lower()


def test_every_question_has_its_probe() -> None:
    """What `learn` may ask and a picture can tell is settled by some probe."""
    settled = {q for _, p in EVERY for q in p.settles} | {"sent format"}
    assert set(asked()) - settled == WITHOUT_PROBE
    assert set(OF_GREY_FILES.values()) <= settled
    assert known_as("sent APP1 segments") == "sent metadata"
    assert known_as("order") == "order"


CHECKED = ["size-100x75", "size-7x11", "kept-alpha", "kept-grey", "kept-turned", "kept-p3", "deep-rgb", "deep-grey",
           "alpha-grey", "alpha-palette", "alpha-webp", "format-gif-animated", "format-webp-animated",
           "format-png-animated", "format-bmp", "format-tiff-alpha", "inks", "orient-6-webp", "orient-3-png",
           "restarts", "progressive", "tables-flat"]  # fmt: skip


def test_files_hold_what_they_say() -> None:
    made = make([NAMED[name] for name in CHECKED], 0)
    for file in made:
        with Image.open(io.BytesIO(file.data)) as image:
            assert image.size == file.size, file.name
            kind = {".jpg": "JPEG", ".tif": "TIFF", ".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".bmp": "BMP"}
            assert image.format == kind["." + file.name.rpartition(".")[2]]
            assert getattr(image, "n_frames", 1) == (4 if "animated" in file.name else 1)
        mark = read_mark(file.data)
        assert (mark is not None) == file.marked, file.name
        assert mark is None or mark.number == file.number
        assert file.marked or min(file.size) < 408
    by_name = {f.name: f.data for f in made}
    turned = Image.open(io.BytesIO(by_name["kept-turned.jpg"]))
    assert turned.getexif()[0x0112] == 6
    assert turned.getexif()[0x013B] == f"{saving.CANARY}-exif"
    assert turned.info["dpi"] == (300, 300)
    assert turned.info["comment"] == f"{saving.CANARY}-comment".encode()
    assert f"{saving.CANARY}-iptc".encode() in by_name["kept-turned.jpg"]
    assert f"{saving.CANARY}-xmp".encode() in turned.info["xmp"]
    assert Image.open(io.BytesIO(by_name["deep-grey.png"])).mode == "I;16"
    assert Image.open(io.BytesIO(by_name["orient-6-webp.webp"])).getexif()[0x0112] == 6


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    rows = [NAMED[name] for name in ("size-100x75", "chroma-mosaic", "kept-p3")]
    first, again, other = (make(rows, seed) for seed in (0, 0, 1))
    assert [f.data for f in first] == [f.data for f in again]
    assert all(a.data != b.data for a, b in zip(first, other, strict=True))
    alone = make(rows[:1], 0)
    assert alone[0].data == first[0].data  # an unmarked probe does not depend on its set


def test_samples_do_not_depend_on_the_machine() -> None:
    """Hashes of scenes made on Linux x86-64 with numpy 2 and Pillow 13."""
    found = {
        "photograph": drawing.photograph(randomness(0, "x"), 160, 120),
        "ramps": drawing.ramps(160, 160),
        "rings": drawing.zone_plate(121, 99),
        "edges": drawing.slanted_edges(200, 150),
        "text": drawing.text(150, 90),
    }
    assert {name: sha256(pixels.tobytes()).hexdigest()[:16] for name, pixels in found.items()} == SCENES


SCENES = {
    "photograph": "b224d409aff2c4c8",
    "ramps": "e946ad162346661d",
    "rings": "16931f17b709a648",
    "edges": "05a4b0e0dbf87c9b",
    "text": "30597f56429d4114",
}


@pytest.mark.parametrize("shape", [(9, 7, 1), (9, 7, 2), (9, 7, 3), (9, 7, 4), (1, 1, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_holds_the_samples(shape: tuple[int, int, int], dtype: Any) -> None:
    pixels = np.random.RandomState(1).randint(0, np.iinfo(dtype).max + 1, shape).astype(dtype)
    data = saving.png(notes=True)(pixels)
    read = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    read = read[:, :, None] if read.ndim == 2 else read
    if shape[2] == 2:
        expected = np.dstack([pixels[:, :, :1]] * 3 + [pixels[:, :, 1]])
    else:
        expected = pixels[:, :, {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[shape[2]]]
    assert np.array_equal(read, expected)


def test_profiles_are_what_littlecms_takes_them_for() -> None:
    for space in (icc.SRGB, icc.DISPLAY_P3, icc.ADOBE_RGB):
        data = icc.profile(space)
        assert int.from_bytes(data[:4], "big") == len(data)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        assert ImageCms.getProfileDescription(profile).strip() == space.title
    cube = Image.fromarray(drawing.patches(216, 216))
    ours = ImageCms.profileToProfile(
        cube, ImageCms.ImageCmsProfile(io.BytesIO(icc.profile(icc.SRGB))), ImageCms.createProfile("sRGB")
    )
    assert np.abs(np.asarray(ours, int) - np.asarray(cube, int)).max() <= 1


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "space"), [("p10_displayp3.jpg", icc.DISPLAY_P3), ("p11_adobergb.jpg", icc.ADOBE_RGB)]
)
def test_profiles_agree_with_their_makers(name: str, space: icc.Space) -> None:
    """The same colours, to two levels, as Apple's Display P3 and Adobe's Adobe RGB in real files."""
    with Image.open(shared(f"photos/{name}")) as image:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    cube = Image.fromarray(drawing.patches(216, 216))
    srgb = ImageCms.createProfile("sRGB")
    ours = ImageCms.ImageCmsProfile(io.BytesIO(icc.profile(space)))
    a, b = (np.asarray(ImageCms.profileToProfile(cube, p, srgb), int) for p in (ours, theirs))
    assert np.abs(a - b).max() <= 2


# --- choosing -------------------------------------------------------------------------------------------------------


def learned(*guesses: str, sent: tuple[str, ...] = (), like: str = "telegram/2025") -> us.Profile:
    answers = (*(Answer(q, "some", guess=True) for q in guesses), Answer("encoder", "libjpeg, islow"))
    pairs = tuple(LearnedPair(name, "0" * 64, "0" * 64) for name in sent)
    return replace(us.load_profile(like), learned=Learning("a test", "2026-01-01", pairs, answers))


def test_steps_and_questions_choose_their_probes() -> None:
    turned = choosing.settling(choosing.questions_of(["orient"]))
    assert [p.name for _, p in turned] == [f"orient-{n}" for n in range(1, 9)]
    one = choosing.settling(choosing.questions_of(["16-bit samples"]))
    assert {p.name for _, p in one} == {"deep-rgb", "deep-grey"}
    every = choosing.settling(choosing.questions_of(["flatten", "ICC profile"]))
    assert all({"transparency", "transparency of resized pictures", "ICC profile"} & set(p.settles) for _, p in every)
    with pytest.raises(us.UnderstudyError, match="'nonsense'; expected a step"):
        choosing.questions_of(["nonsense"])


def test_a_learned_profile_chooses_what_it_left_open_and_nothing_that_was_sent() -> None:
    open_ = learned("16-bit samples", "software", "sent APP1 segments", sent=("deep-rgb",))
    assert choosing.left_open(open_) == ("16-bit samples", "sent metadata")
    names = {p.name for _, p in choosing.for_profile(open_)}
    assert names == {"deep-grey", "notes-all", "notes-none"}
    with pytest.raises(us.UnderstudyError, match="not learned"):
        us.probe(us.load_profile("telegram"))
    with pytest.raises(us.UnderstudyError, match="no probe is left"):
        us.probe(learned())


def test_sizes_are_asked_around_the_limit_that_was_learned() -> None:
    names = {p.name for _, p in choosing.for_profile(learned("size rule", like="telegram/2025"))}  # 1280 pixels
    assert {"size-1280x855", "size-1281x961", "size-600x2400", "size-6000x4000"} <= names
    assert not names & {"size-720x480", "size-1080x720", "size-2049x1537", "size-4097x3073"}


@pytest.mark.parametrize("like", ["linkedin/2023-feed", "telegram/2025", "mastodon/2019"])
def test_sizes_fit_the_limit_that_was_learned(like: str) -> None:
    profile = learned("resampling", "filter at own size", like=like)
    resize = next(s for s in profile.steps if s.name == "resize")
    chosen = [p for _, p in choosing.for_profile(profile)]
    assert {p.reach for p in chosen} == {"kept", "large"}
    for probe in chosen:
        target = resize.target(*probe.size)
        if probe.reach == "kept":
            assert (target.width, target.height) == probe.size
        else:
            assert target.width * 1.2 < probe.size[0]


# --- manifest and downloads -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def some() -> us.Probes:
    return us.probe("orient")


def test_the_manifest_ties_each_file_to_its_questions(some: us.Probes) -> None:
    found = manifest.read(manifest.to_bytes(some.manifest))
    assert found == some.manifest
    assert [row["sha256"] for row in found["files"]] == [sha256(d).hexdigest() for d in some.by_name.values()]
    assert all("orient" in row["steps"] and "EXIF orientation" in row["settles"] for row in found["files"])
    for bad in (b"", b"{}", b"[]", b'{"schema": "understudy-probes/1", "files": [{}], "id": 1}'):
        with pytest.raises(us.UnderstudyError, match="no manifest"):
            manifest.read(bad)


def test_renamed_downloads_find_their_probes(some: us.Probes) -> None:
    sent = some.by_name
    delivered = {name: us.mimic(data, "facebook/classic-2014").data for name, data in sent.items()}
    downloads = [(f"IMG_{i}.jpeg", data) for i, (_, data) in enumerate(reversed(delivered.items()))]
    other = us.probe("16-bit samples")
    stranger = Image.fromarray(drawing.photograph(randomness(0, "y"), 500, 400))
    buffer = io.BytesIO()
    stranger.save(buffer, "JPEG")
    extra = [("other.png", other.files[0].data), ("photo.jpg", buffer.getvalue()), ("again.jpg", downloads[0][1])]
    found = match(some.manifest, [*downloads[:-1], *extra])
    assert [m.probe for m in found[:7]] == list(reversed(sent))[:7]
    assert [m.received for m in found[:2]] == ["orient-8.jpg", "orient-7.jpg"]
    assert [m.probe for m in found[7:]] == ["", "", ""]
    assert [m.reason.split(" (")[0] for m in found[7:]] == [
        "its mark is of another set of probes", "no mark can be read, and its name is not that of a probe without one",
        "IMG_0.jpeg is the same probe",
    ]  # fmt: skip
    assert missing(some.manifest, found) == ("orient-1.jpg",)


def test_unmarked_pictures_and_photographs_of_ones_own_go_by_name() -> None:
    made = us.probe("16-bit samples", photographs={"Cat.JPG": b"not even a picture", "deep-rgb.png": b"taken"})
    assert list(made.by_name)[2:] == ["Cat.JPG", "photograph-deep-rgb.png"]
    assert [f.marked for f in made.files] == [True, True, False, False]
    found = match(made.manifest, [("cat.webp", b"RIFF1234WEBP"), ("dog.jpg", b"")])
    assert [(m.probe, m.how, m.received) for m in found] == [("Cat.JPG", "name", "Cat.webp"), ("", "", "")]


def test_marks_of_two_sets_differ() -> None:
    a, b = (us.probe("16-bit samples", seed=s) for s in (0, 1))
    assert a.manifest["id"] != b.manifest["id"]
    assert read_mark(a.files[1].data) == Mark(a.manifest["id"], 1)

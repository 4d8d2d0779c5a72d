"""Matching: every kind of file that people put into a folder gets a clear answer, and nothing is guessed over."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from learning.pictures import grey, jpeg, opened, picture, png, saved
from shared_folder import shared
from understudy.errors import PairsError
from understudy.jpeg.compose import DhtLayout, Huffman
from understudy.jpeg.parse import parse, write
from understudy.jpeg.syntax import Opaque
from understudy.learning.headers import headers
from understudy.learning.likeness import detail, likeness, look_at, look_through
from understudy.learning.lossless import lossless
from understudy.learning.matching import Matched, match
from understudy.learning.observed import Observed
from understudy.steps import Context, Raster, Source
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope
from understudy.steps.transcode import Transcode

SENT = [png(picture(seed)) for seed in range(4)]


def platform(data: bytes, **options: Any) -> bytes:
    return jpeg(opened(data), **{"quality": 80, **options})


GOOD: list[tuple[Any, bytes]] = [(data, platform(data)) for data in SENT]


def kinds(found: Matched) -> dict[str, str]:
    return {s.name: s.kind for s in found.set_aside}


def with_one(sent: Any, received: bytes) -> tuple[str, str]:
    """(kind, reason) with which a fifth pair is set aside; the four good ones must remain."""
    found = match([*GOOD, (sent, received)])
    assert len(found.observed) == 4
    (left,) = found.set_aside
    assert left.name == "pair 5"
    return left.kind, left.reason


def folder(place: Path, sent: dict[str, bytes], received: dict[str, bytes]) -> Path:
    for side, files in (("sent", sent), ("received", received)):
        (place / side).mkdir(parents=True)
        for name, data in files.items():
            (place / side / name).write_bytes(data)
    return place


def test_pairs_that_belong_together() -> None:
    found = match(GOOD)
    assert (len(found.observed), found.set_aside, found.notes, found.lossless) == (4, (), (), ())
    assert [p.sent for p in found.observed] == SENT


def test_a_sent_picture_may_be_a_path_an_image_or_an_array(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(SENT[0])
    image = opened(SENT[0])
    found = match([(given, GOOD[0][1]) for given in (tmp_path / "a.png", image, np.asarray(image))])
    assert len(found.observed) == 3
    for pair in found.observed:
        assert (pair.as_sent.pixels == np.asarray(image)).all()


# --- what is wrong with one pair


@pytest.mark.parametrize(
    ("received", "kind", "words"),
    [
        (b"", "unreadable", "empty"),
        (SENT[0][:2000], "not a jpeg", "a PNG, no JPEG"),
        (b"<html>too many requests</html>", "not a jpeg", "HTML"),
        (b"\xff\xd8", "unsupported", "frame header"),
        (b"\xff\xd8\xff\xd9", "unsupported", "frame header"),
        (GOOD[0][1][: len(GOOD[0][1]) // 2], "damaged", "damaged"),
        (GOOD[0][1][:-40], "damaged", "damaged"),
        (jpeg(picture(0).convert("CMYK")), "unsupported", "4 components"),
        (SENT[0], "untouched", "byte for byte"),
        (GOOD[1][1], "other picture", "another one"),
        (jpeg(grey(1)), "other picture", "another one"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_received_file_that_is_nothing_to_learn_from(received: bytes, kind: str, words: str) -> None:
    found, reason = with_one(SENT[0], received)
    assert (found, words in reason) == (kind, True), reason


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", "unreadable"),
        (b"nothing that is a picture", "damaged"),
        (SENT[0][: len(SENT[0]) // 2], "damaged"),
        (jpeg(picture(0))[:-200], "damaged"),
        (12, "unreadable"),
        (Path("no such file"), "unreadable"),
        (np.zeros((4, 4, 7), np.uint8), "unreadable"),
    ],
    ids=str,
)
def test_a_sent_file_that_is_nothing_to_learn_from(sent: Any, kind: str) -> None:
    assert with_one(sent, GOOD[0][1])[0] == kind


def test_a_crop_is_told_with_its_place() -> None:
    kind, reason = with_one(SENT[0], jpeg(opened(SENT[0]).crop((20, 0, 140, 120)), quality=80))
    assert kind == "cropped"
    assert "75 % of the width" in reason
    kind, _ = with_one(SENT[0], jpeg(opened(SENT[0]).crop((40, 30, 120, 90)), quality=80))
    assert kind == "cropped"


@pytest.mark.parametrize("colour", ["white", "black", (90, 120, 200)], ids=str)
@pytest.mark.parametrize("centering", [(0.5, 0.5), (0.0, 0.0), (1.0, 1.0)], ids=str)
def test_a_border_is_told_with_its_sides(colour: Any, centering: tuple[float, float]) -> None:
    sent = opened(SENT[0])
    for box, sides in (((220, 120), ("left", "right")), ((150, 200), ("top", "bottom"))):
        made = ImageOps.pad(sent, box, color=colour, centering=centering)
        kind, reason = with_one(SENT[0], jpeg(made, quality=80))
        assert kind == "padded", (box, reason)
        wanted = {0.5: " and ".join(sides), 0.0: sides[1], 1.0: sides[0]}[centering[0]]
        assert reason.endswith(f"at its {wanted}"), reason


def test_a_stretched_picture_is_no_crop() -> None:
    found = match([*GOOD, (SENT[0], jpeg(opened(SENT[0]).resize((128, 128)), quality=80))])
    assert len(found.observed) == 5


def test_turns_that_exif_asks_for_are_none_of_our_business_others_are() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = jpeg(picture(0), quality=92, exif=exif)
    raw = opened(stored)
    upright = raw.transpose(Image.Transpose.ROTATE_270)
    for delivered in (raw, upright):
        found = match([*GOOD, (stored, jpeg(delivered, quality=80))])
        assert len(found.observed) == 5, found.set_aside
    kind, reason = with_one(stored, jpeg(raw.transpose(Image.Transpose.ROTATE_180), quality=80))
    assert (kind, "orientation 3" in reason) == ("turned", True)


def test_flat_pictures_are_told_apart_by_brightness_only() -> None:
    black, white = (png(Image.new("RGB", (64, 64), c)) for c in ("black", "white"))
    assert len(match([*GOOD, (black, platform(black)), (white, platform(white))]).observed) == 6
    assert with_one(black, platform(white))[0] == "other picture"


def test_swapped_pairs() -> None:
    """A sent PNG in the place of what was received; two JPEGs, told by how others were written, or by Exif."""
    assert with_one(GOOD[0][1], SENT[0]) == (
        "swapped", "swapped: it is the sent file that is written as the others were received; swap the two"
    )  # fmt: skip
    original = jpeg(picture(0), quality=97, subsampling=0, progressive=True)
    assert with_one(platform(original), original)[0] == "swapped"
    exif = Image.Exif()
    exif[0x010F], exif[0x829A] = "a maker", 0.01
    camera = jpeg(picture(0), quality=80, exif=exif)
    assert with_one(jpeg(opened(camera), quality=70), camera)[0] == "swapped"


def test_a_file_saved_again_after_facebook_delivered_it() -> None:
    raster = Raster(np.asarray(picture(0)))
    encoded = Encode(script="simple10", huffman=Huffman.OPTIMAL).exact(raster, Context())
    delivered = Envelope(iptc=("fbmd",)).exact(encoded, Context()).data
    assert len(match([(SENT[0], delivered)]).observed) == 1
    stream = parse(delivered)
    longer = write(
        replace(stream, elements=(stream.elements[0], Opaque(code=0xE5, data=b"more"), *stream.elements[1:]))
    )
    (left,) = match([(SENT[0], longer)]).set_aside
    assert (left.kind, "re-saved" in left.reason) == ("resaved", True)
    # The same note in the sent file: the platform kept what was sent.
    assert (
        len(match([(longer, write(replace(parse(platform(SENT[0])), elements=parse(longer).elements)))]).observed) == 0
    )


# --- what passes without being encoded


def test_untouched_files_are_found_with_their_limit() -> None:
    small = [png(picture(seed, 64, 48)) for seed in (7, 8, 9)]
    found = match([*GOOD, *((data, data) for data in small)])
    assert [s.kind for s in found.set_aside] == ["untouched"] * 3
    (note,) = found.notes
    assert "3 of 7 files came back byte for byte" in note
    assert "all others have a longest side above 64" in note


def test_files_written_anew_without_loss_are_found_and_learned() -> None:
    sent = [jpeg(picture(seed), quality=90, comment=b"gone") for seed in range(3)]
    step, envelope = Transcode(script="simple10", huffman=Huffman.OPTIMAL), Envelope()
    received = [envelope.exact(step.exact(Source(d), Context(d)), Context(d)).data for d in sent]
    found = match(list(zip(sent, received, strict=True)))
    assert (found.observed, [s.kind for s in found.set_aside]) == ((), ["rewritten"] * 3)
    learned = lossless(found.lossless)
    assert (learned.transcode, learned.envelope, learned.reproduced) == (step, envelope, 3)
    assert not learned.decisions[0].guess


# --- several platforms


def test_the_largest_cluster_is_learned_and_the_others_say_why_not() -> None:
    others = [(SENT[i], platform(SENT[i], progressive=True)) for i in (0, 1)]
    found = match([*GOOD, *others])
    assert len(found.observed) == 4
    assert kinds(found) == {"pair 5": "other platform", "pair 6": "other platform"}
    assert "scans simple10, not baseline" in found.set_aside[0].reason
    assert any("of 4, 2 files" in note for note in found.notes)


def test_what_a_rule_explains_does_not_split_a_platform() -> None:
    """Quality, sampling, comment and profile differ; a law of tables, ids and a scan script would split."""
    options: Sequence[dict[str, Any]] = ({"quality": 60}, {"subsampling": 0}, {"comment": b"hello"}, {"quality": 91})
    found = match([(d, platform(d, **o)) for d, o in zip(SENT, options, strict=True)])
    assert (len(found.observed), found.set_aside) == (4, ())


def test_a_search_for_scans_does_not_split_though_the_scans_differ() -> None:
    step = Encode(quality=60, script="mozjpeg-optimised", huffman=Huffman.OPTIMAL)
    pictures = [picture(1), picture(2), Image.effect_noise((200, 120), 90).convert("RGB"), picture(3, 240, 200)]
    sent = [png(p) for p in pictures]
    made = [Envelope().exact(step.exact(Raster(np.asarray(p)), Context()), Context()).data for p in pictures]
    assert len({tuple(str((s.Ss, s.Se, s.Ah, s.Al)) for s in parse(m).scans) for m in made}) > 1
    found = match(list(zip(sent, made, strict=True)))
    assert len(found.observed) == 4, found.set_aside


def test_ways_of_writing_that_go_by_size_are_told_so() -> None:
    small = [png(picture(seed, 48, 40)) for seed in (7, 8)]
    found = match([*GOOD, *((d, platform(d, progressive=True)) for d in small)])
    assert "all pictures up to a longest side of about 48 are such" in found.set_aside[0].reason


def test_as_many_files_of_each() -> None:
    layout = Envelope(jfif="none", merge_dqt=True, dht=DhtLayout.MERGED)
    encoded = Encode(quality=80).exact(Raster(np.asarray(opened(SENT[1]))), Context())
    found = match([GOOD[0], (SENT[1], layout.exact(encoded, Context()).data)])
    assert [p.sent for p in found.observed] == [SENT[0]]
    assert "two ways of writing have 1 files each" in found.notes[0]


def test_a_grey_picture_goes_with_those_in_colour() -> None:
    single = png(grey(5))
    assert len(match([*GOOD, (single, platform(single))]).observed) == 5


# --- names, folders, CSV


def test_names_pair_whatever_their_capitals(tmp_path: Path) -> None:
    place = folder(tmp_path, {"A.PNG": SENT[0], "b.png": SENT[1]}, {"a.jpg": GOOD[0][1], "B.JPG": GOOD[1][1]})
    assert len(match(place).observed) == 2


def test_renamed_files_are_paired_by_content(tmp_path: Path) -> None:
    sent = {f"{i}.png": data for i, data in enumerate(SENT)}
    received = {f"IMG-{7 * i}.jpg": pair[1] for i, pair in enumerate(GOOD)}
    found = match(folder(tmp_path, sent, received))
    assert [(p.sent, p.received) for p in found.observed] == GOOD
    assert (found.set_aside, len(found.notes)) == ((), 4)
    assert found.notes[0] == "IMG-0.jpg is paired with 0.png by content"


def test_exchanged_names_are_repaired_in_a_folder_only(tmp_path: Path) -> None:
    sent = {f"{i}.png": data for i, data in enumerate(SENT)}
    received = {f"{i}.jpg": GOOD[j][1] for i, j in enumerate((1, 0, 2, 3))}
    found = match(folder(tmp_path, sent, received))
    assert sorted(p.sent for p in found.observed) == sorted(SENT)
    assert all(p.received == dict(GOOD)[p.sent] for p in found.observed)
    (tmp_path / "pairs.csv").write_text(
        "sent,received\n" + "".join(f"sent/{i}.png,received/{i}.jpg\n" for i in range(4))
    )
    by_csv = match(tmp_path / "pairs.csv")
    assert kinds(by_csv) == {"0": "other picture", "1": "other picture"}


def test_files_without_a_partner_and_pictures_that_are_alike(tmp_path: Path) -> None:
    alike = png(picture(0), compress_level=1)  # the same picture twice, under two names
    sent = {"one.png": SENT[0], "two.png": alike, "three.png": SENT[1], "four.png": SENT[2]}
    received = {"x.jpg": GOOD[0][1], "y.jpg": GOOD[1][1], "z.jpg": GOOD[3][1]}
    found = match(folder(tmp_path, sent, received))
    assert [p.name for p in found.observed] == ["three"]
    told = kinds(found)
    assert (told["x.jpg"], told["z.jpg"], told["four.png"]) == ("ambiguous", "no partner", "no partner")


def test_two_received_files_of_one_picture(tmp_path: Path) -> None:
    received = {"x.jpg": GOOD[0][1], "y.jpg": platform(SENT[0], quality=60)}
    found = match(folder(tmp_path, {"one.png": SENT[0]}, received))
    assert found.observed == ()
    assert {kinds(found)[n] for n in received} == {"ambiguous"}


def test_pictures_of_one_scene_are_told_apart_by_detail(tmp_path: Path) -> None:
    """Two frames of a burst: the same forms, another noise and a shift by two pixels."""
    base = np.asarray(picture(0, 800, 600), np.float64)
    noise = np.random.default_rng(5).normal(0, 20, (150, 200, 1)).repeat(4, 0).repeat(4, 1)
    first, second = (Image.fromarray(np.clip(f, 0, 255).astype(np.uint8)) for f in (base, np.roll(base, 2, 1) + noise))
    sent = {"a.png": png(first), "b.png": png(second)}
    received = {"p.jpg": jpeg(second, quality=80), "q.jpg": jpeg(first, quality=80)}
    found = match(folder(tmp_path, sent, received))
    assert {(p.name, p.received) for p in found.observed} == {("a", received["q.jpg"]), ("b", received["p.jpg"])}


def test_names_that_several_files_share(tmp_path: Path) -> None:
    place = folder(tmp_path, {"a.png": SENT[0], "a.jpg": jpeg(picture(1), quality=95)}, {"a.jpg": GOOD[0][1]})
    assert [p.sent for p in match(place).observed] == [SENT[0]]


def test_one_pair_says_what_it_cannot_tell() -> None:
    found = match(GOOD[:1])
    assert len(found.observed) == 1
    assert "one pair alone" in found.notes[0]


def test_no_pairs(tmp_path: Path) -> None:
    for nothing in ([], folder(tmp_path / "empty", {}, {}), tmp_path / "nowhere"):
        with pytest.raises(PairsError):
            match(nothing)  # type: ignore[arg-type]


def test_all_set_aside_is_an_answer_too() -> None:
    found = match([(SENT[0], GOOD[1][1]), (b"", b"")])
    assert (found.observed, len(found.set_aside)) == ((), 2)


def test_progress_is_told() -> None:
    told: list[float] = []
    match(GOOD, lambda text, share: told.append(share))
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


# --- hostile files


def test_damage_anywhere_is_answered() -> None:
    """Cut at any length, and with bytes changed: an answer for each, and what is kept can be read by `headers`."""
    random.seed(4)
    small = picture(3, 40, 24)
    sent, whole = png(small), jpeg(small, quality=60, progressive=True)
    damaged = [whole[:n] for n in range(0, len(whole), 23)]
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(random.randint(1, 4)):
            data[random.randrange(2, len(data))] = random.randrange(256)
        damaged.append(bytes(data))
    damaged += [sent[:n] for n in range(0, len(sent), 500)]
    for data in damaged:
        found = match([(sent, data)])
        assert len(found.observed) + len(found.set_aside) == 1
        if found.observed:
            headers(found.observed)
        assert len(match([(data, whole)]).set_aside) <= 1


def test_a_header_that_claims_a_huge_picture_costs_nothing() -> None:
    data = bytearray(GOOD[0][1])
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    assert with_one(SENT[0], bytes(data))[0] == "unsupported"


# --- likeness


def raster_of(image: Image.Image) -> Raster:
    return Raster(np.asarray(image.convert("RGB")))


def test_likeness_of_deliveries_and_of_strangers() -> None:
    looks = [look_at(raster_of(picture(seed))) for seed in range(12)]
    theirs = [
        look_through(Observed("", b"", jpeg(picture(seed).resize((96, 72)), quality=40)).coefficients)
        for seed in range(12)
    ]
    same = [likeness(a, b).score for a, b in zip(looks, theirs, strict=True)]
    other = [likeness(a, b).score for i, a in enumerate(looks) for j, b in enumerate(theirs) if i != j]
    assert min(same) > 0.96
    assert max(other) < 0.9


def test_every_turn_is_recognised() -> None:
    image = picture(2, 160, 112)
    flips: dict[int, Callable[[Image.Image], Image.Image]] = {
        1: lambda i: i,
        2: lambda i: i.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda i: i.transpose(Image.Transpose.ROTATE_180),
        4: lambda i: i.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda i: i.transpose(Image.Transpose.TRANSPOSE),
        6: lambda i: i.transpose(Image.Transpose.ROTATE_270),
        7: lambda i: i.transpose(Image.Transpose.TRANSVERSE),
        8: lambda i: i.transpose(Image.Transpose.ROTATE_90),
    }
    seen = look_at(raster_of(image))
    for turn, flip in flips.items():
        theirs = look_through(Observed("", b"", jpeg(flip(image), quality=90)).coefficients)
        assert likeness(seen, theirs).turn == turn


def test_a_mark_on_the_picture_is_forgiven() -> None:
    image = picture(6, 320, 240)
    marked = image.copy()
    marked.paste((255, 255, 255), (230, 190, 310, 230))
    theirs = look_through(Observed("", b"", jpeg(marked, quality=80)).coefficients)
    assert likeness(look_at(raster_of(image)), theirs).score > 0.97


def test_what_is_transparent_does_not_count() -> None:
    image = picture(6, 320, 240).convert("RGBA")
    alpha = np.full((240, 320), 255, np.uint8)
    alpha[:, :140] = 0
    samples = np.dstack([np.asarray(image)[:, :, :3], alpha])
    shown = Image.new("RGB", image.size, "white")
    shown.paste(Image.fromarray(samples[:, :, :3]), mask=Image.fromarray(alpha))
    theirs = look_through(Observed("", b"", jpeg(shown, quality=80)).coefficients)
    seen = look_at(Raster(samples))
    assert likeness(seen, theirs).score > 0.97
    assert detail(look_at(raster_of(picture(6, 320, 240))), theirs, 1) < 0.9


@pytest.mark.shared
def test_golden_pairs_of_several_platforms() -> None:
    """Four of Facebook's classic encoder are learned; Imgur's is lossless, Google's and Weibo's are others'."""
    found = match(shared("golden"))
    assert sorted(p.name for p in found.observed) == [
        "facebook-2015-black", "facebook-2015-image", "facebook-2015-white", "facebook-2021",
    ]  # fmt: skip
    assert kinds(found) == {
        "imgur-2015-image": "rewritten", "gphotos-2015-image": "other platform", "weibo-2021": "other platform",
    }  # fmt: skip
    assert [p.name for p in found.lossless] == ["imgur-2015-image"]
    assert lossless(found.lossless).reproduced == 1


@pytest.mark.shared
def test_two_channels_of_the_battery_in_one_folder() -> None:
    """Of nginx and of Go: the same law and scans, another layout."""
    both = [*_battery("nginx_gd_1024_q75"), *_battery("go_nfnt1280_q80")[:2]]
    found = match(both)
    assert len(found.observed) == 4
    assert set(kinds(found).values()) == {"other platform"}
    assert "JFIF none, not 1.01" in found.set_aside[0].reason


def _battery(channel: str) -> list[tuple[Any, bytes]]:
    from understudy.pairs import find_pairs

    return [p.read() for p in find_pairs(shared(f"battery/{channel}/train.csv"))]


def test_a_tiff_is_a_sent_picture_as_any_other() -> None:
    data = saved(picture(0), "TIFF")
    assert len(match([(data, platform(data))]).observed) == 1
    assert io.BytesIO(data).read(2) in (b"II", b"MM")

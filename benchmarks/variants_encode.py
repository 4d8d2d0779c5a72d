"""Rows of benchmarks/variants.py: each encoder and decoder beside the code it is named after."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from common import SHARED
from PIL import Image
from variants import ENCODED, MAKERS, PICTURES, TESTS, Group, Pixels, Row, Tally

import understudy as us
from understudy.codec.variants import Upsampling

SAMPLINGS = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2), "4:4:0": (1, 2)}
QUALITIES = (5, 30, 75, 90, 100)


def factors(sampling: str) -> list[tuple[int, int]]:
    return [SAMPLINGS[sampling], (1, 1), (1, 1)]


def pictures(channels: int = 3) -> Iterator[Pixels]:
    for seed, size in enumerate(ENCODED):
        for make in MAKERS:
            yield make(*size, channels, seed)


def numbers(values: Any) -> str:
    return ", ".join(map(str, values))


# --- libjpeg


def turbo_by_pillow() -> Iterator[Row]:
    import PIL
    from PIL import features

    from oracles import pillow
    from test_libjpeg_turbo import CODINGS, SUBSAMPLING

    profile, tally = us.load_profile("generic/libjpeg-turbo"), Tally("files")
    for pixels in (*pictures(), *pictures(1)):
        for coding, (theirs, ours) in CODINGS.items():
            for quality in QUALITIES:
                for sampling, number in SUBSAMPLING.items():
                    given = {"quality": quality, "sampling": sampling, "grey_factors": pixels.shape[2] == 1, **ours}
                    made = us.mimic(pixels, profile, **given).data
                    tally.add(coding, made, pillow(pixels, quality=quality, subsampling=number, **theirs))
    version = f"Pillow {PIL.__version__}, libjpeg-turbo {features.version_feature('libjpeg_turbo')}"
    compared = (
        f"files: {numbers(CODINGS)}; qualities {numbers(QUALITIES)}; {numbers(SUBSAMPLING)}; RGB, grey; {PICTURES}"
    )
    yield Row("libjpeg-turbo (`generic/libjpeg-turbo`)", version, compared, str(tally))


def turbo_by_cjpeg() -> Iterator[Row]:
    from oracles import cjpeg

    version = _cjpeg_version()
    profile = us.load_profile("generic/libjpeg-turbo")
    for dct, option in (("islow", "int"), ("ifast", "fast"), ("float", "float")):
        tally = Tally("files")
        for pixels in pictures():
            for quality in QUALITIES:
                for sampling, (h, v) in SAMPLINGS.items():
                    made = us.mimic(pixels, profile, quality=quality, sampling=sampling, dct=dct).data
                    arguments = ("-baseline", "-quality", str(quality), "-dct", option, "-sample", f"{h}x{v},1x1,1x1")
                    tally.add(sampling, made, cjpeg(pixels, *arguments))
        compared = f"files, baseline; qualities {numbers(QUALITIES)}; {numbers(SAMPLINGS)}; {PICTURES}"
        yield Row(f"libjpeg-turbo, `dct = {dct}`", f"cjpeg: {version}", compared, str(tally))


def _cjpeg_version() -> str:
    from oracles import CJPEG

    told = subprocess.run([CJPEG, "-version"], capture_output=True, text=True)
    return (told.stderr or told.stdout).split("(")[0].strip()


def smoothed() -> Iterator[Row]:
    """`cjpeg -smooth`, and its table slots for R, G and B."""
    from oracles import cjpeg
    from understudy.codec.tables import quant_tables

    profile, tally, factors_ = us.load_profile("generic/libjpeg-turbo"), Tally("files"), (1, 20, 57, 100)
    for pixels in pictures():
        for sampling, (h, v) in SAMPLINGS.items():
            for smoothing in factors_:
                made = us.mimic(pixels, profile, quality=85, sampling=sampling, smoothing=smoothing).data
                words = ("-baseline", "-quality", "85", "-smooth", str(smoothing), "-sample", f"{h}x{v},1x1,1x1")
                tally.add(sampling, made, cjpeg(pixels, *words))
    compared = f"files, baseline; smoothing {numbers(factors_)}; {numbers(SAMPLINGS)}; {PICTURES}"
    yield Row("libjpeg-turbo, `smoothing`", f"cjpeg: {_cjpeg_version()}", compared, str(tally))
    chroma = [int(step) for step in quant_tables("annex-k", 70)[1]]
    given = {"encode.color": "rgb", "sampling": "4:4:4", "quality": 90, "chroma_tbl_no": 1, "chroma_steps": chroma,
             "jfif": "none", "adobe_transform": 0, "component_ids": [82, 71, 66, 75]}  # fmt: skip
    tally = Tally("files")
    for pixels in pictures():
        words = ("-baseline", "-rgb", "-quality", "90,70", "-qslots", "0,1,1")
        tally.add("R, G, B", us.mimic(pixels, profile, **given).data, cjpeg(pixels, *words))
    compared = f"files, R, G and B stored, -quality 90,70 -qslots 0,1,1; {PICTURES}"
    yield Row("libjpeg-turbo, `chroma_tbl_no`", f"cjpeg: {_cjpeg_version()}", compared, str(tally))


def _releases(names: Callable[[str], bool]) -> list[str]:
    from libjpeg_scaled import VERSIONS

    return [version for version in VERSIONS if names(version)]


def by_jpeglib(variant: str, chosen: Callable[[str], bool]) -> Iterator[Row]:
    """Coefficients against every libjpeg that jpeglib carries."""
    import jpeglib  # noqa: F401
    from test_libjpeg_7 import encoded

    from understudy.codec.encode import LIBJPEG, LIBJPEG_7, forward

    arithmetic = LIBJPEG_7 if "7" in variant else LIBJPEG
    versions, tally = _releases(chosen), Tally("pictures", "coefficients")
    with tempfile.TemporaryDirectory() as folder:
        for pixels in pictures():
            for sampling in SAMPLINGS:
                for version, quality in ((v, q) for v in versions for q in (30, 90)):
                    file = encoded(pixels, Path(folder), version, factors(sampling), quality)
                    made = forward(pixels, arithmetic, file.factors, *file.steps[:2])
                    cut = [a[: b.shape[0], : b.shape[1]] for a, b in zip(made, file.coefficients, strict=True)]
                    joined = [np.concatenate([part.ravel() for part in parts]) for parts in (cut, file.coefficients)]
                    tally.add(version, *joined)
    compared = f"coefficients; qualities 30, 90; {numbers(SAMPLINGS)}; {PICTURES}"
    yield Row(variant, f"jpeglib {importlib.metadata.version('jpeglib')}: {numbers(versions)}", compared, str(tally))


# --- mozjpeg


def mozjpeg_by_libvips() -> Iterator[Row]:
    import pyvips
    from mozjpeg_oracles import LIBVIPS, by_libvips, law, ours
    from test_mozjpeg import PARTS, SCRIPTS

    version = f"libvips {'.'.join(str(pyvips.version(i)) for i in range(3))} of pyvips-binary, its mozjpeg"
    for part, (theirs, here) in PARTS.items():
        tally = Tally("files")
        for script, flags in SCRIPTS.items():
            for pixels in (*pictures(), *pictures(1)):
                grey = pixels.shape[2] == 1
                for quality in QUALITIES:
                    settings = {"quality": quality, "law": law(3), "script": script, **here}
                    made = ours(pixels[:, :, 0].copy() if grey else pixels, LIBVIPS, sampling="4:2:0", **settings)
                    save = {**theirs, **flags, "Q": quality, "quant_table": 3, "optimize_coding": True}
                    tally.add(script, made, by_libvips(pixels, subsample_mode="on", **save))
        name = "trellis and deringing" if part == "both" else part
        compared = f"files: {numbers(SCRIPTS)}; qualities {numbers(QUALITIES)}; 4:2:0, grey; {PICTURES}"
        yield Row(f"mozjpeg, {name}", version, compared, str(tally))


def mozjpeg_by_jpeglib() -> Iterator[Row]:
    from mozjpeg_oracles import MOZJPEG, TRELLIS, by_jpeglib, law, ours

    scripts = {"mozjpeg403": "mozjpeg-optimised", "mozjpeg300": "mozjpeg-optimised-dc1"}
    with tempfile.TemporaryDirectory() as folder:
        for version, script in scripts.items():
            tally = Tally("files")
            for pixels in pictures():
                for sampling in SAMPLINGS:
                    for quality, preset in ((30, 3), (75, 3), (90, 0)):
                        encode = {**TRELLIS, "quality": quality, "law": law(preset), "sampling": sampling}
                        made = ours(pixels, MOZJPEG, script=script, force_baseline=False, **encode)
                        theirs = by_jpeglib(pixels, Path(folder), version, quality, preset, sampling, [])
                        tally.add(sampling, made, theirs)
            compared = f"files with its defaults; qualities 30, 75, 90; {numbers(SAMPLINGS)}; {PICTURES}"
            oracle = f"jpeglib {importlib.metadata.version('jpeglib')}: {version}"
            yield Row(f"mozjpeg, all of it, `{script}`", oracle, compared, str(tally))


def mozjpeg_recorded() -> Iterator[Row]:
    from mozjpeg_oracles import MOZJPEG, TRELLIS, drawn, law, ours

    rows = json.loads((TESTS / "codec" / "mozjpeg_goldens.json").read_text())
    for kind, version in (("cjpeg", "cjpeg of mozjpeg 5.0.0"), ("squoosh", "@jsquash/jpeg 1.6.0 (WebAssembly)")):
        tally, settings = Tally("files"), set()
        for row in (r for r in rows if r["by"].startswith(kind)):
            encode = {"script": "mozjpeg-optimised", "force_baseline": False, "law": law(3), **TRELLIS, **row["encode"]}
            made = ours(drawn(*row["size"]), MOZJPEG, quality=row["quality"], sampling="4:2:0", **encode)
            tally.add(row["by"], hashlib.sha256(made).digest(), bytes.fromhex(row["sha256"]))
            settings.add(row["by"])
        compared = (
            f"files, by recorded digests (`tests/codec/mozjpeg_goldens.json`); {len(settings)} settings, a drawing"
        )
        yield Row("mozjpeg, its switches", f"{version}, recorded", compared, str(tally))


# --- jpegli, Go, Facebook


def jpegli_by_pyjpegli() -> Iterator[Row]:
    import pyjpegli

    profile, tally = us.load_profile(TESTS / "battery" / "jpegli_py_q80.toml"), Tally("files")
    for pixels in pictures():
        for quality in (1, *QUALITIES, 97):
            theirs = pyjpegli.encode(pixels.tobytes(), pixels.shape[1], pixels.shape[0], quality)
            tally.add(f"quality {quality}", us.mimic(pixels, profile, quality=quality).data, theirs)
    version = f"pyjpegli {importlib.metadata.version('pyjpegli')}"
    compared = f"files, baseline; qualities 1, {numbers(QUALITIES)}, 97; 4:2:0; {PICTURES}"
    yield Row("jpegli", version, compared, str(tally))


def jpegli_recorded() -> Iterator[Row]:
    from jpegli_goldens import cases
    from test_jpegli_files import GOLDENS, made

    tally = Tally("files")
    for case in cases():
        size, digest = GOLDENS[case.name]
        data = made(case)
        tally.add(case.script, data if len(data) != size else hashlib.sha256(data).digest()[:8], bytes.fromhex(digest))
    compared = (
        f"files, by recorded digests (`tests/codec/jpegli_goldens.json`): {numbers(sorted(tally.cases))}; samplings, "
        "grey, adaptive quantisation on and off, restarts; a drawing"
    )
    yield Row(
        "jpegli, progressive and its switches", "libjpegli of pyjpegli 0.3.2's source, recorded", compared, str(tally)
    )


def by_go(operation: str, variant: str) -> Iterator[Row]:
    import test_resample_go as oracle

    jobs = [job for job in oracle.jobs() if job.split()[1] == operation]
    tally = Tally("files" if operation == "encode" else "pictures")
    for job, theirs in zip(jobs, oracle.asked(jobs), strict=True):
        tally.add(job.split("-")[0], hashlib.sha256(oracle.ours(job)).digest(), bytes.fromhex(theirs))
    version = subprocess.run(["go", "version"], capture_output=True, text=True).stdout.split()[2]
    sizes = numbers(f"{w}x{h}" for w, h in oracle.SIZES)
    settings = "files; qualities 1, 50, 80, 95, 100 (of a JPEG: 80)" if operation == "encode" else "samples"
    yield Row(
        variant, f"image/jpeg of {version}", f"{settings}; {numbers(tally.cases)}; a drawing, {sizes}", str(tally)
    )


def recorded(tool: str, variant: str, version: str) -> Iterator[Row]:
    """What other languages' encoders wrote, by the digests of tests/codec/recorded_encoders.json."""
    import test_recorded_encoders as oracle

    goldens, tally = json.loads(oracle.GOLDENS.read_text(encoding="ascii"))[tool], Tally("files")
    for job in oracle.jobs(tool):
        made = hashlib.sha256(oracle.ours(tool, job)).digest()[:8]
        tally.add(job[-1], made, bytes.fromhex(goldens[" ".join(map(str, job))]))
    compared = (
        f"files, by recorded digests (`tests/codec/recorded_encoders.json`): {numbers(tally.cases)}; qualities "
        f"{numbers(oracle.QUALITIES)}; {numbers(f'{w}x{h}' for w, h in oracle.SIZES)}; a drawing"
    )
    yield Row(variant, f"{version}, recorded", compared, str(tally))


def rust_image() -> Iterator[Row]:
    """What Rust's image crate wrote, by the digests of tests/codec/recorded_rust_image.json."""
    import test_rust_image as oracle

    goldens, tally = json.loads(oracle.GOLDENS.read_text(encoding="ascii")), Tally("files")
    for job in oracle.jobs():
        if len(job) == 3:
            made = bytes.fromhex(oracle.digest(oracle.ours(job)))
            tally.add("baseline", made, bytes.fromhex(goldens[" ".join(map(str, job))]))
    compared = (
        f"files, by recorded digests (`tests/codec/recorded_rust_image.json`); qualities {numbers(oracle.QUALITIES)}; "
        f"{numbers(f'{w}x{h}' for w, h in oracle.FILES)}; a drawing"
    )
    variant = "Rust's image crate, `dct` and `color = rust-image`"
    yield Row(variant, "photon (@cf-wasm/photon 0.4.0), recorded", compared, str(tally))


def ffmpeg() -> Iterator[Row]:
    import test_ffmpeg as oracle

    from understudy.codec import tables

    goldens, tally = json.loads(oracle.GOLDENS.read_text(encoding="ascii")), Tally()
    for job in oracle.jobs():
        steps, _ = tables.quant_tables("ffmpeg-mjpeg", job[3])
        tally.add(
            job[2], bytes.fromhex(oracle.told(oracle.ours(job), steps)), bytes.fromhex(goldens[" ".join(map(str, job))])
        )
    compared = (
        "coefficients and tables, by recorded digests (`tests/codec/recorded_ffmpeg.json`); Y, Cb, Cr given, 4:4:4 and "
        f"4:2:0; -q:v {numbers(oracle.QSCALES)}; a drawing"
    )
    yield Row("ffmpeg's mjpeg, `dct = ffmpeg`", "ffmpeg 5.1.9 on x86-64, recorded", compared, str(tally))


def facebook() -> Iterator[Row]:
    folders = sorted((SHARED / "golden").glob("facebook-*"))
    if not folders:
        raise RuntimeError("no shared folder with the golden pairs beside the checkout")
    tally, names = Tally("files"), []
    for folder in folders:
        received = (folder / "received.jpg").read_bytes()
        made = us.mimic(next(folder.glob("sent.*")), "facebook/classic-2014", like=received).data
        tally.add(folder.name, made, received)
        names.append(folder.name.removeprefix("facebook-"))
    compared = f"files: {numbers(names)}; quality and the random string taken from the delivery"
    yield Row(
        "Facebook classic (`facebook/classic-2014`)", "Facebook, deliveries of 2015 and 2021", compared, str(tally)
    )


# --- decoding


def scaled(variant: str, decoder: str, versions: dict[str, tuple[int, ...]]) -> Iterator[Row]:
    """versions: jpeglib's name of a libjpeg -> the eighths that it knows."""
    from codec_oracles import by_jpeglib as made_by
    from libjpeg_scaled import decode

    from understudy.codec.decode import to_rgb
    from understudy.codec.variants import Decoder

    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        for pixels in pictures():
            for sampling in SAMPLINGS:
                file = made_by(pixels, Path(name), factors(sampling), 90)
                for eighths in range(1, 17):
                    for fancy in (True, False) if eighths in (4, 8) else (True,):
                        ours = to_rgb(
                            file.coefficients, file.steps, file.factors, file.width, file.height,
                            Upsampling.FANCY if fancy else Upsampling.PLAIN, eighths=eighths, decoder=Decoder(decoder),
                        )  # fmt: skip
                        for version in (v for v, known in versions.items() if eighths in known):
                            tally.add(f"{version}, {sampling}", ours, decode(file.data, version, eighths, fancy))
    few = [v for v, known in versions.items() if len(known) < 16]
    compared = (
        f"samples at 1/8 to 16/8{f' ({numbers(few)}: 1, 2, 4, 8 eighths)' if few else ''}; fancy upsampling on, and "
        f"off at 4/8 and 8/8; {numbers(SAMPLINGS)}; {PICTURES}"
    )
    yield Row(variant, f"jpeglib {importlib.metadata.version('jpeglib')}: {numbers(versions)}", compared, str(tally))


def draft() -> Iterator[Row]:
    import PIL
    from codec_oracles import by_pillow
    from PIL import features

    from understudy.codec.decode import to_rgb

    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        for pixels in pictures():
            for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
                for progressive in (False, True):
                    file = by_pillow(pixels, Path(name), quality=85, subsampling=subsampling, progressive=progressive)
                    for shrink in (1, 2, 4, 8):
                        image = Image.open(io.BytesIO(file.data))
                        image.draft(None, (max(1, file.width // shrink), max(1, file.height // shrink)))
                        if image.size != (-(-file.width // shrink), -(-file.height // shrink)):
                            continue  # too small to be shrunk that far
                        size = file.width, file.height
                        ours = to_rgb(file.coefficients, file.steps, file.factors, *size, eighths=8 // shrink)
                        tally.add(f"1/{shrink}", ours, np.asarray(image))
    version = f"Pillow {PIL.__version__}, libjpeg-turbo {features.version_feature('libjpeg_turbo')} with SIMD"
    compared = f"samples at {numbers(tally.cases)}; 4:4:4, 4:2:2, 4:2:0; baseline and progressive; {PICTURES}"
    yield Row("libjpeg-turbo, `Image.draft`", version, compared, str(tally))


def fast_inverse() -> Iterator[Row]:
    """`djpeg -dct fast`, with and without smooth upsampling."""
    from oracles import cjpeg, djpeg
    from understudy.steps import Context, Source
    from understudy.steps.decode import Decode

    tally = Tally()
    for pixels in pictures():
        for sampling, (h, v) in SAMPLINGS.items():
            for quality in (30, 90, 100):
                data = cjpeg(pixels, "-quality", str(quality), "-sample", f"{h}x{v},1x1,1x1")
                for upsampling, words in ((Upsampling.FANCY, ()), (Upsampling.PLAIN, ("-nosmooth",))):
                    ours = Decode(dct_method="ifast", upsampling=upsampling).exact(Source(data), Context(data))
                    tally.add(f"{upsampling}, {sampling}", ours.pixels, djpeg(data, "-dct", "fast", *words))
    compared = f"samples; upsampling fancy and plain; qualities 30, 90, 100; {numbers(SAMPLINGS)}; {PICTURES}"
    yield Row("libjpeg-turbo, `dct_method = ifast`", f"djpeg: {_cjpeg_version()}", compared, str(tally))


EVERY, POWERS = tuple(range(1, 17)), (1, 2, 4, 8)
TURBO = {
    "6b": POWERS,
    "turbo120": POWERS,
    "turbo130": EVERY,
    "turbo150": EVERY,
    "turbo200": EVERY,
    "turbo210": EVERY,
    "mozjpeg403": EVERY,
}
SEVEN = dict.fromkeys(("7", "8", "8d", "9"), EVERY)
NINE = dict.fromkeys(("9a", "9d", "9f"), EVERY)

ENCODERS = (
    Group("libjpeg-turbo (`generic/libjpeg-turbo`)", "Pillow", turbo_by_pillow),
    Group("libjpeg-turbo, every `dct`", "cjpeg", turbo_by_cjpeg),
    Group("libjpeg-turbo, `smoothing` and table slots", "cjpeg", smoothed),
    Group("libjpeg 6b, libjpeg-turbo", "jpeglib", partial(
        by_jpeglib, "libjpeg 6b, libjpeg-turbo", lambda v: v == "6b" or v.startswith("turbo"))),
    Group("libjpeg 7 to 9", "jpeglib", partial(by_jpeglib, "libjpeg 7 to 9", lambda v: v[0] in "789")),
    Group("mozjpeg, part by part", "pyvips-binary", mozjpeg_by_libvips),
    Group("mozjpeg, all of it", "jpeglib", mozjpeg_by_jpeglib),
    Group("mozjpeg, its switches", "recorded digests", mozjpeg_recorded),
    Group("jpegli", "pyjpegli", jpegli_by_pyjpegli),
    Group("jpegli, progressive and its switches", "recorded digests", jpegli_recorded),
    Group("Go's image/jpeg", "Go", partial(by_go, "encode", "Go's image/jpeg")),
    Group("Java's ImageIO, `law = java-imageio`", "recorded digests", partial(
        recorded, "java", "Java's ImageIO, `law = java-imageio`", "OpenJDK 17.0.15 (Debian's, on libjpeg-turbo)")),
    Group("ffmpeg's mjpeg, `dct = ffmpeg`", "recorded digests", ffmpeg),
    Group("jpeg-js, `dct = jpeg-js`", "recorded digests", partial(
        recorded, "jpeg-js", "jpeg-js, `dct = jpeg-js`", "jpeg-js 0.4.4, Node 20")),
    Group("Rust's image crate, `dct` and `color = rust-image`", "recorded digests", rust_image),
    Group("Facebook classic (`facebook/classic-2014`)", "Facebook", facebook),
)  # fmt: skip
DECODERS = (
    Group("`libjpeg-turbo`", "jpeglib", partial(scaled, "`libjpeg-turbo`", "libjpeg-turbo", TURBO)),
    Group("libjpeg-turbo, `Image.draft`", "Pillow", draft),
    Group("libjpeg-turbo, `dct_method = ifast`", "djpeg", fast_inverse),
    Group("`libjpeg-7`", "jpeglib", partial(scaled, "`libjpeg-7`", "libjpeg-7", SEVEN)),
    Group("`libjpeg-9a`", "jpeglib", partial(scaled, "`libjpeg-9a`", "libjpeg-9a", NINE)),
    Group("`go`", "Go", partial(by_go, "decode", "`go`")),
    Group("`go`, `to_rgb`", "Go", partial(by_go, "rgb", "`go`, `to_rgb`")),
)

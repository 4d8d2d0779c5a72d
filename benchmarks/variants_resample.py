"""Rows of benchmarks/variants.py: each module of `codec.resample` beside the library it is named after."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from hashlib import sha256

from variants import MAKERS, PICTURES, RESIZED, Group, Pixels, Row, Tally

from understudy.codec import resample

NAMES = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGBA"}


def pictures(channels: tuple[int, ...], makers: tuple = MAKERS) -> Iterator[tuple[Pixels, tuple[int, int]]]:
    """(picture, size asked for); no two pictures are the same."""
    for seed, (size, new) in enumerate(RESIZED):
        for count in channels:
            for make in makers:
                yield make(*size, count, seed), new


def told(kernels: Iterable[str], channels: tuple[int, ...]) -> str:
    return f"{', '.join(kernels)}; {', '.join(NAMES[c] for c in channels)}; {PICTURES}"


def by_pillow() -> Iterator[Row]:
    import PIL
    import test_resample_pillow as oracle

    kernels, channels, tally = resample.kernels("pillow"), (1, 2, 3, 4), Tally()
    for kernel in kernels:
        for pixels, new in pictures(channels):
            ours = resample.resize("pillow", pixels, *new, kernel=kernel)
            tally.add(kernel, ours, oracle.by_pillow(pixels, new, kernel))
    yield Row("pillow", f"Pillow {PIL.__version__}", told(kernels, channels), str(tally))
    tally = Tally()
    for pixels, new in pictures((3,)):
        for gap in (1.0, 2.0, 3.0):
            ours = resample.resize("pillow", pixels, *new, kernel="bicubic", reducing_gap=gap)
            tally.add(f"gap {gap:g}", ours, oracle.by_pillow(pixels, new, "bicubic", reducing_gap=gap))
    yield Row(
        "pillow, `reducing_gap`", f"Pillow {PIL.__version__}", f"gaps 1, 2, 3; {told(['bicubic'], (3,))}", str(tally)
    )


def by_opencv() -> Iterator[Row]:
    import cv2
    import test_resample_opencv as oracle

    before = cv2.ipp.useIPP()
    try:
        for ipp in (True, False):
            cv2.ipp.setUseIPP(ipp)
            kernels = resample.kernels("opencv") if ipp else ("cubic",)
            channels, tally = (1, 2, 3, 4), Tally()
            for kernel in kernels:
                for pixels, new in pictures(channels):
                    ours = resample.resize("opencv", pixels, *new, kernel=kernel, ipp=ipp)
                    tally.add(kernel, ours, oracle.by_opencv(pixels, new, kernel))
            name = "opencv" if ipp else "opencv, `ipp = false`"
            version = f"OpenCV {cv2.__version__}{'' if ipp else ', IPP switched off'}"
            yield Row(name, version, told(kernels, channels), str(tally))
    finally:
        cv2.ipp.setUseIPP(before)


_VIPS_VERSION = (
    "import sys; sys.modules['_libvips'] = None; import pyvips as v; print(*map(v.version, range(3)), sep='.')"
)


def by_vips(version: str) -> Iterator[Row]:
    from vips_oracle import ask

    if version == "8.18":
        import pyvips

        exact = ".".join(str(pyvips.version(i)) for i in range(3))
    else:
        exact = subprocess.run([sys.executable, "-c", _VIPS_VERSION], capture_output=True, text=True).stdout.strip()
    kernels = [k for k in resample.kernels("vips") if version == "8.18" or not k.startswith("mks")]
    channels, tally, cases = (1, 3), Tally(), []
    for kernel in kernels:
        for pixels, new in pictures(channels):
            scales = new[0] / pixels.shape[1], new[1] / pixels.shape[0]
            cases.append(("resize", pixels, (scales[0],), {"vscale": scales[1], "kernel": kernel}))
    for case, theirs in zip(cases, ask(version, cases), strict=True):
        height, width = theirs.shape[:2]
        ours = resample.resize("vips", case[1], width, height, kernel=case[3]["kernel"], version=version)
        tally.add(case[3]["kernel"], ours, theirs)
    vector = ", VIPS_NOVECTOR" if version.endswith("plain") else ""
    yield Row(f'vips, `version = "{version}"`', f"libvips {exact}{vector}", told(kernels, channels), str(tally))


def by_qt() -> Iterator[Row]:
    import json
    from hashlib import sha256

    import test_resample_qt as oracle

    goldens, tally = json.loads(oracle.GOLDENS.read_text(encoding="ascii")), Tally()
    for job in oracle.jobs():
        made = sha256(oracle.ours(job).tobytes()).digest()[:8]
        tally.add("smooth", made, bytes.fromhex(goldens[" ".join(map(str, job))]))
    sizes = ", ".join(f"{w}x{h}" for w, h in oracle.SIZES)
    compared = f"smooth; RGB, by recorded digests (`tests/codec/recorded_qt.json`); a drawing; {sizes} to 7 to 13 sizes"
    yield Row("qt", "Qt 6.8.3 (PySide6), recorded", compared, str(tally))


def by_digests(code: str, test: str, oracle: str, kinds: str) -> Iterator[Row]:
    """A library whose results are recorded: its test module's jobs, those that resize."""
    import json
    from importlib import import_module

    module, tally = import_module(test), Tally()
    goldens = json.loads(module.GOLDENS.read_text(encoding="ascii"))
    for job in module.jobs():
        if len(job) > 3:
            made = module.ours(job)
            found = module.digest(made if isinstance(made, bytes) else made.tobytes())
            tally.add(code, bytes.fromhex(found), bytes.fromhex(goldens[" ".join(map(str, job))]))
    sizes = ", ".join(f"{a[0]}x{a[1]} to {b[0]}x{b[1]}" for a, b in module.RESIZED)
    compared = (
        f"{', '.join(resample.kernels(code))}; {kinds}, by recorded digests (`tests/codec/{module.GOLDENS.name}`)"
    )
    yield Row(code, f"{oracle}, recorded", f"{compared}; a drawing; {sizes}", str(tally))


def by_gd_scale() -> Iterator[Row]:
    import ctypes

    import test_resample_gd as oracle

    oracle.LIBGD.gdVersionString.restype = ctypes.c_char_p
    version = oracle.LIBGD.gdVersionString().decode()
    kernels, channels, tally = resample.kernels("gd_scale"), (3,), Tally()
    for kernel in kernels:
        for pixels, new in pictures(channels):
            if kernel == "bicubic" and len(pixels) < 3:
                continue  # libgd crashes
            theirs = oracle.scaled_by_libgd(pixels, new, kernel)[:, :, :3]
            tally.add(kernel, resample.resize("gd_scale", pixels, *new, kernel=kernel), theirs)
    compared = f"{told(kernels, channels)}; bicubic from 3 rows on, of fewer libgd crashes"
    yield Row("gd_scale", f"libgd {version}: gdImageScale", compared, str(tally))


def by_graphicsmagick() -> Iterator[Row]:
    import test_resample_graphicsmagick as oracle

    told_version = subprocess.run([oracle.GM, "version"], capture_output=True, text=True).stdout
    version = " ".join(told_version.split()[:2] + told_version.split()[3:4])
    kernels, channels, tally = resample.kernels("graphicsmagick"), (1, 3), Tally()
    for kernel in kernels:
        for number, (pixels, new) in enumerate(pictures(channels)):
            if number % len(MAKERS) == number // len(MAKERS) % len(MAKERS):  # one kind a size and channel count
                ours = resample.resize("graphicsmagick", pixels, *new, kernel=kernel)
                tally.add(kernel, ours, oracle.resized(pixels, *new, kernel))
    compared = told(kernels, channels).replace(PICTURES, f"in turn {PICTURES}")
    yield Row("graphicsmagick", f"gm: {version}", compared, str(tally))


def by_imagemagick() -> Iterator[Row]:
    import test_resample_imagemagick as oracle

    version = subprocess.run([oracle.CONVERT, "-version"], capture_output=True, text=True).stdout.split("\n")[0]
    version = " ".join(version.removeprefix("Version: ").split()[:4])
    kernels, channels, tally = resample.kernels("imagemagick"), (1, 3, 4), Tally()
    for kernel in kernels:
        for number, (pixels, new) in enumerate(pictures((1, 3, 4))):
            if number % len(MAKERS) == number // len(MAKERS) % len(MAKERS):  # one kind a size and channel count
                ours = resample.resize("imagemagick", pixels, *new, kernel=kernel)
                tally.add(kernel, ours, oracle.resized(pixels, new, kernel))
    compared = told(kernels, channels).replace("; noise", "; in turn noise")
    yield Row("imagemagick", f"convert: {version}", compared, str(tally))
    tally, levels, supports = Tally(), (2, 17, 136), (("triangle", 2.0), ("lanczos", 2.0), ("hann", 3.0))
    for kernel, support in supports:
        for pixels, new in pictures((3,)):
            words = ("-filter", kernel, "-define", f"filter:support={support}", "-thumbnail", f"{new[0]}x{new[1]}!")
            theirs = oracle.from_pam(oracle.convert(oracle.pam(pixels), *words, "pam:-"))[:, :, :3]
            made = resample.resize("imagemagick", pixels, *new, kernel=kernel, thumbnail=True, support=support)
            tally.add(f"support {support:g} of {kernel}", made, theirs)
    for count in levels:
        for pixels, new in pictures((3,)):
            words = ("-filter", "triangle", "-resize", f"{new[0]}x{new[1]}!", "-dither", "None", "-posterize")
            theirs = oracle.from_pam(oracle.convert(oracle.pam(pixels), *words, str(count), "pam:-"))
            made = resample.resize("imagemagick", pixels, *new, kernel="triangle", posterize=count)
            colours = theirs if theirs.shape[2] == 3 else theirs[:, :, :1].repeat(3, axis=2)
            tally.add(f"{count} levels", made, colours)
    compared = f"RGB; {', '.join(tally.cases)}; {PICTURES}"
    yield Row("imagemagick, `thumbnail`, `support`, `posterize`", f"convert: {version}", compared, str(tally))


def by_gd() -> Iterator[Row]:
    import ctypes

    import test_resample_gd as oracle

    oracle.LIBGD.gdVersionString.restype = ctypes.c_char_p
    version = oracle.LIBGD.gdVersionString().decode()
    kernels, channels, tally = resample.kernels("gd"), (3, 4), Tally()
    for kernel in kernels:
        for pixels, new in pictures(channels):
            for blend in (True, False):
                ours = resample.resize("gd", pixels, *new, kernel=kernel, blend=blend)
                theirs = oracle.by_libgd(pixels, new, kernel, blend)[:, :, : pixels.shape[2]]
                tally.add(kernel, ours, theirs)
    yield Row("gd", f"libgd {version}", f"{told(kernels, channels)}; blending on and off", str(tally))


def by_skia() -> Iterator[Row]:
    import test_resample_skia as oracle
    from chromium_oracle import CHROMIUM, drawn

    from understudy.steps.orient import upright

    version = subprocess.run([str(CHROMIUM), "--version"], capture_output=True, text=True).stdout.split(" built")[0]
    kernels, tally = resample.kernels("skia"), Tally()
    for kernel in kernels:
        for orientation in (1, 6):
            cases = [(p, *(n if orientation == 1 else n[::-1])) for p, n in pictures((3, 4))]
            theirs = drawn([(oracle.png(p, orientation), w, h) for p, w, h in cases], kernel)
            for (pixels, width, height), made in zip(cases, theirs, strict=True):
                stored = (width, height) if orientation == 1 else (height, width)
                ours = resample.resize("skia", pixels, *stored, kernel=kernel, orientation=orientation)
                tally.add(
                    f"{kernel}, orientation {orientation}", upright(ours, orientation), made[:, :, : ours.shape[2]]
                )
    compared = f"{told(kernels, (3, 4))}; stored upright, and turned by EXIF orientation 6"
    yield Row("skia", f"{version.strip()}, canvas without a GPU", compared, str(tally))


def _debian(package: str) -> str:
    if not shutil.which("dpkg-query"):
        return "unknown version"
    return subprocess.run(["dpkg-query", "-Wf", "${Version}", package], capture_output=True, text=True).stdout


def by_go(operation: str, code: str, package: str, debian: str) -> Iterator[Row]:
    """operation: what tests/codec/go/main.go calls it."""
    import test_resample_go as oracle

    jobs = [job for job in oracle.jobs() if job.split()[1] == operation]
    answers, tally = oracle.asked(jobs), Tally()
    for job, theirs in zip(jobs, answers, strict=True):
        tally.add(job.split()[-1], sha256(oracle.ours(job)).digest(), bytes.fromhex(theirs))
    go = subprocess.run(["go", "version"], capture_output=True, text=True).stdout.split()[2]
    sizes = ", ".join(f"{a[0]}x{a[1]} to {b[0]}x{b[1]}" for a, news in oracle.RESIZED.items() for b in news)
    samplings = "" if operation == "resize" else " at 4:4:4, 4:2:2, 4:2:0"
    sent = f"RGB, RGBA and grey PNG, YCbCr of a JPEG{samplings}; a drawing"
    compared = f"{', '.join(resample.kernels(code))}; {sent}; {sizes}"
    yield Row(code, f"{package} {_debian(debian)}, {go}", compared, str(tally))


def unasked(code: str, instead: str) -> Iterator[Row]:
    """A module whose code cannot be run here."""
    yield Row(
        code, "**none that runs**", f"{', '.join(resample.kernels(code))}: {instead}", "not measured against a library"
    )


GROUPS = (
    Group("pillow", "Pillow", by_pillow),
    Group("opencv", "OpenCV", by_opencv),
    Group('vips, `version = "8.18"`', "pyvips-binary", partial(by_vips, "8.18")),
    Group('vips, `version = "8.14"`', "Debian's libvips42", partial(by_vips, "8.14")),
    Group('vips, `version = "8.14-plain"`', "Debian's libvips42, VIPS_NOVECTOR", partial(by_vips, "8.14-plain")),
    Group("graphicsmagick", "gm (Debian's graphicsmagick)", by_graphicsmagick),
    Group("imagemagick", "convert of ImageMagick 6 Q16", by_imagemagick),
    Group("gd", "libgd", by_gd),
    Group("gd_scale", "libgd", by_gd_scale),
    Group("nfnt", "Go's nfnt/resize", partial(by_go, "resize", "nfnt", "nfnt/resize", "golang-github-nfnt-resize-dev")),
    Group("imaging", "Go's disintegration/imaging", partial(
        by_go, "imaging", "imaging", "disintegration/imaging", "golang-github-disintegration-imaging-dev")),
    Group("go_draw", "Go's x/image/draw", partial(
        by_go, "draw", "go_draw", "golang.org/x/image/draw", "golang-golang-x-image-dev")),
    Group("qt", "recorded digests", by_qt),
    Group("rust_image", "recorded digests", partial(
        by_digests, "rust_image", "test_rust_image", "photon (@cf-wasm/photon 0.4.0)", "RGBA")),
    Group("java2d", "recorded digests", partial(
        by_digests, "java2d", "test_resample_java2d", "OpenJDK 17.0.15: drawImage",
        "RGB of two kinds of BufferedImage")),
    Group("jimp", "recorded digests", partial(
        by_digests, "jimp", "test_resample_jimp", "Jimp 1.6.1", "RGBA, opaque and not")),
    Group("skia", "Chromium", by_skia),
    Group("facebook", "Facebook", partial(
        unasked, "facebook", "Facebook's deliveries of 2015; the profile `facebook/classic-2014-resized` tells its "
        "proof, `tests/codec/test_facebook_resize.py` checks the arithmetic against the measured facts written out")),
    Group("spectrum", "facebookincubator/spectrum", partial(
        unasked, "spectrum", "its published source, read; `tests/codec/test_facebook_resize.py` checks the arithmetic "
        "against a plain reference, no build of Spectrum was run")),
    Group("magic_kernel", "J. Costella's publications", partial(
        unasked, "magic_kernel", "J. Costella's published pieces; `tests/codec/test_magic_kernel.py` checks them")),
)  # fmt: skip
"""Every module of `codec.resample`; tests/test_variants.py looks that none is forgotten."""

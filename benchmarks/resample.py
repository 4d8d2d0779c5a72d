"""Resizing, alone and with the encoding that follows, against the libraries whose samples it gives.

    python benchmarks/resample.py [--rounds 9]

CPU time (all threads), interleaved, medians. Each comparison first asserts that both give the same samples or bytes.
Needs the `oracles` extra; ImageMagick's rows need Debian's libmagickwand-6.q16 and are named as missing without it.
"""

from __future__ import annotations

import argparse
import ctypes
import ctypes.util
import io
import os
import statistics
from collections.abc import Callable

import cv2
import numpy as np
import PIL
import pyvips
from common import head, interleaved, photograph
from numpy.typing import NDArray
from PIL import Image

import understudy as us
from understudy.codec.resample import imagemagick, opencv, pillow, vips
from understudy.profile import Profile, loads

Pixels = NDArray[np.uint8]
FROM = (2304, 1536)
SIZES = ((1600, 1067), (1080, 720))
"""(width, height) of the picture that is made, whole photograph in, per-axis ratios."""
VIPS_VERSION = ".".join(str(pyvips.version(i)) for i in range(3))
PILLOW = ("lanczos", "bicubic", "bilinear", "box")
VIPS = ("lanczos3", "cubic", "linear")
OPENCV = {"area": cv2.INTER_AREA, "linear": cv2.INTER_LINEAR, "cubic": cv2.INTER_CUBIC}
MAGICK = {"lanczos": 22, "mitchell": 12, "triangle": 3}
"""Filters of ImageMagick 6 by their numbers in magick/resample.h."""


def profile(code: str, kernel: str, size: tuple[int, int], steps: str) -> Profile:
    """Resize into a box, then encode at quality 80."""
    text = f"""
        schema = 1
        name = "benchmark/{code}"
        [when]
        platform = "benchmark"
        [[steps]]
        step = "decode"
        [[steps]]
        step = "resize"
        fit = "longest_side"
        limit = {size[0]}
        code = "{code}"
        kernel = "{kernel}"
        [[steps]]
        step = "encode"
        quality = 80
        {steps}"""
    return loads("\n".join(line.strip() for line in text.splitlines()))


def compare(work: str, peer: str, theirs: Callable[[], object], ours: Callable[[], object], rounds: int) -> str:
    """A line of the table; the results are the same, or this stops."""
    a, b = theirs(), ours()
    same = a == b if isinstance(a, bytes) else np.array_equal(np.asarray(a), np.asarray(b))
    if not same:
        raise SystemExit(f"{work}: understudy and {peer} do not do the same work")
    times = interleaved({peer: theirs, "understudy": ours}, rounds)
    first, second = (statistics.median(values) for values in times.values())
    ratio = statistics.median(b / a for a, b in zip(*times.values(), strict=True))
    return f"| {work} | {peer} | {first:.1f} | {second:.1f} | {ratio:.2f} |"


def against_pillow(pixels: Pixels, rounds: int) -> list[str]:
    image, lines = Image.fromarray(pixels), []

    def saved(kernel: str, size: tuple[int, int]) -> bytes:
        out = io.BytesIO()
        image.resize(size, Image.Resampling[kernel.upper()]).save(out, "jpeg", quality=80)
        return out.getvalue()

    for size in SIZES:
        lines += [
            compare(
                f"{kernel} to {size[0]}x{size[1]}", f"Pillow {PIL.__version__}",
                lambda k=kernel, s=size: image.resize(s, Image.Resampling[k.upper()]),
                lambda k=kernel, s=size: pillow.resize(pixels, *s, kernel=k), rounds,
            )
            for kernel in PILLOW
        ]  # fmt: skip
        made = profile("pillow", "lanczos", size, 'sampling = "4:2:0"\n[[steps]]\nstep = "envelope"')
        lines.append(compare(
            f"lanczos to {size[0]}x{size[1]} and JPEG of quality 80", f"Pillow {PIL.__version__}",
            lambda s=size: saved("lanczos", s), lambda p=made: us.mimic(pixels, p).data, rounds,
        ))  # fmt: skip
    return lines


def against_vips(pixels: Pixels, rounds: int) -> list[str]:
    pyvips.cache_set_max(0)
    height, width = pixels.shape[:2]
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, 3, "uchar").copy(interpretation="srgb")

    def resized(kernel: str, size: tuple[int, int]) -> pyvips.Image:
        return image.resize(size[0] / width, vscale=size[1] / height, kernel=kernel)

    def samples(kernel: str, size: tuple[int, int]) -> Pixels:
        return np.frombuffer(resized(kernel, size).write_to_memory(), np.uint8).reshape(size[1], size[0], 3)

    lines = []
    for size in SIZES:
        lines += [
            compare(
                f"{kernel} to {size[0]}x{size[1]}", f"libvips {VIPS_VERSION}",
                lambda k=kernel, s=size: samples(k, s),
                lambda k=kernel, s=size: vips.resize(pixels, *s, kernel=k), rounds,
            )
            for kernel in VIPS
        ]  # fmt: skip
        end = 'sampling = "4:2:0"\n[[steps]]\nstep = "envelope"\njfif = "none"'
        made = profile("vips", "lanczos3", size, end)
        lines.append(compare(
            f"lanczos3 to {size[0]}x{size[1]} and JPEG of quality 80", f"libvips {VIPS_VERSION}",
            lambda s=size: bytes(resized("lanczos3", s).jpegsave_buffer(Q=80, keep="none")),
            lambda p=made: us.mimic(pixels, p).data, rounds,
        ))  # fmt: skip
    return lines


def against_opencv(pixels: Pixels, rounds: int) -> list[str]:
    cv2.ipp.setUseIPP(False)  # its cubic is 1 off in one sample of 100,000: not the same samples
    size, lines = SIZES[0], []
    for kernel, flag in OPENCV.items():
        lines.append(compare(
            f"{kernel} to {size[0]}x{size[1]}", f"OpenCV {cv2.__version__}, IPP off",
            lambda f=flag: cv2.resize(pixels, size, interpolation=f),
            lambda k=kernel: opencv.resize(pixels, *size, kernel=k, ipp=False), rounds,
        ))  # fmt: skip
    return lines


def against_imagemagick(pixels: Pixels, rounds: int) -> list[str]:
    """MagickResizeImage in this process, with one thread (OpenMP's idle threads would count)."""
    os.environ["MAGICK_THREAD_LIMIT"] = "1"
    try:
        wand = ctypes.CDLL("libMagickWand-6.Q16.so.6")
    except OSError as error:
        return [f"| ImageMagick 6 | **missing here**: {error} | | | |"]
    pointer, size_t = ctypes.c_void_p, ctypes.c_size_t
    for name in ("NewMagickWand", "CloneMagickWand", "DestroyMagickWand"):
        getattr(wand, name).restype = pointer
        getattr(wand, name).argtypes = [pointer] * (name != "NewMagickWand")
    wand.MagickConstituteImage.argtypes = [pointer, size_t, size_t, ctypes.c_char_p, ctypes.c_int, pointer]
    wand.MagickResizeImage.argtypes = [pointer, size_t, size_t, ctypes.c_int, ctypes.c_double]
    wand.MagickExportImagePixels.argtypes = [
        pointer, ctypes.c_ssize_t, ctypes.c_ssize_t, size_t, size_t, ctypes.c_char_p, ctypes.c_int, pointer
    ]  # fmt: skip
    wand.MagickWandGenesis()
    char, (width, height) = 1, SIZES[0]  # CharPixel
    source = pointer(wand.NewMagickWand())
    assert wand.MagickConstituteImage(source, *FROM, b"RGB", char, pixels.ctypes.data)

    def resized(number: int) -> Pixels:
        made = pointer(wand.CloneMagickWand(source))
        assert wand.MagickResizeImage(made, width, height, number, 1.0)
        out = np.empty((height, width, 3), np.uint8)
        assert wand.MagickExportImagePixels(made, 0, 0, width, height, b"RGB", char, out.ctypes.data)
        wand.DestroyMagickWand(made)
        return out

    lines = []
    for kernel, number in MAGICK.items():
        lines.append(compare(
            f"{kernel} to {width}x{height}", "ImageMagick 6, one thread",
            lambda n=number: resized(n),
            lambda k=kernel: imagemagick.resize(pixels, width, height, kernel=k), rounds,
        ))  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    pixels = photograph(*FROM)
    assert pixels.shape == (FROM[1], FROM[0], 3), "the photograph is not that large"
    lines = [
        line for part in (against_pillow, against_vips, against_opencv, against_imagemagick)
        for line in part(pixels, rounds)
    ]  # fmt: skip
    print(head("resample", f"photograph {FROM[0]}x{FROM[1]}; {rounds} rounds, interleaved"))
    print("| work, the same samples or bytes | peer | peer, CPU ms | understudy, CPU ms | ratio |")
    print("| --- | --- | ---: | ---: | ---: |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()

"""Third-party channels made on the spot, through the software's public interface, for `unseen.py`.

Each entry of CHANNELS says how a picture's file becomes a delivered one, and what is true of it in the parameters of
steps (only what the software's documentation or the call itself says). `learn` never sees any of it.
"""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageFilter, ImageOps
from trial import Truth

Deliver = Callable[[Path, Path], None]
"""Writes the delivered JPEG of the picture at the first path to the second."""


class NoDelivery(Exception):
    """The software does not take this picture, which says nothing against it."""


@dataclass(frozen=True)
class Channel:
    """A piece of software with its settings."""

    name: str
    what: str
    deliver: Deliver
    truth: Truth = field(default_factory=dict)
    known: bool = True
    """Whether understudy has all of its arithmetic; where not, an honest "unknown" or a fit is all to hope for."""
    refuses: str = ""
    """A word of the error that is the right answer: nothing that a profile can have."""


KEEP: frozenset[str] = frozenset({"keep", "drop"})
"""Of `color.icc`: samples are left alone. Whether the profile is embedded again is the envelope's matter."""
PIL: dict[str, object] = {
    "encode.engine": "libjpeg", "encode.dct": "islow", "encode.quantizer": "plain", "encode.law": "annex-k",
}  # fmt: skip
STORED: dict[str, object] = {"orient.apply": False, "color.icc": KEEP}
DROPPED: dict[str, object] = {"flatten.alpha": "drop"}
WHOLE: dict[str, object] = {"decode.draft": "none", "decode.scale": 8}
"""A JPEG is decoded at its own size, however much smaller it becomes."""
WHITE: dict[str, object] = {"flatten.alpha": "blend", "flatten.background": (255, 255, 255)}


def pillow(
    change: Callable[[Image.Image], Image.Image] = lambda image: image, *, upright: bool = False, white: bool = False,
    srgb: bool = False, keep_icc: bool = False, mode: str = "RGB", **save: Any,
) -> Deliver:  # fmt: skip
    """Pillow: open, turn, lay on white, convert the profile, `change`, save."""

    def deliver(path: Path, out: Path) -> None:
        with Image.open(path) as opened:
            image: Image.Image = ImageOps.exif_transpose(opened) if upright else opened
            profile = image.info.get("icc_profile")
            if white and image.mode == "RGBA":
                ground = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(ground, image)
            if image.mode != mode:
                image = image.convert(mode)
            if srgb and profile:
                image = ImageCms.profileToProfile(
                    image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
                )  # type: ignore[assignment]
            image = change(image)
            kept = {"icc_profile": profile} if keep_icc and profile else {}
            image.save(out, "JPEG", **kept, **save)

    return deliver


def thumbnail(side: int, **options: Any) -> Callable[[Image.Image], Image.Image]:
    """Image.thumbnail, which does nothing to a picture that fits."""

    def change(image: Image.Image) -> Image.Image:
        image.thumbnail((side, side), **options)  # in place; on a file that is not read yet it also calls draft()
        return image

    return change


def to_width(width: int, kernel: Image.Resampling) -> Callable[[Image.Image], Image.Image]:
    """The commonest hand-written form: a width, the height cut to an integer."""

    def change(image: Image.Image) -> Image.Image:
        if image.width <= width:
            return image
        return image.resize((width, int(image.height * width / image.width)), kernel)

    return change


def to_longest(side: int, kernel: Image.Resampling, sharpen: Any = None) -> Callable[[Image.Image], Image.Image]:
    """The longest side, the other rounded, a filter behind it."""

    def change(image: Image.Image) -> Image.Image:
        scale = side / max(image.size)
        if scale >= 1:
            return image
        image = image.resize((round(image.width * scale), round(image.height * scale)), kernel)
        return image.filter(sharpen) if sharpen else image

    return change


def opencv(side: int = 0, kernel: str = "", *, flags: Sequence[int] = (), factors: bool = True) -> Deliver:
    """OpenCV: imread (EXIF applied, alpha dropped), resize, imwrite."""

    def deliver(path: Path, out: Path) -> None:
        import cv2

        cv2.setNumThreads(1)
        image = cv2.imread(str(path))
        height, width = image.shape[:2]
        scale = side / max(height, width) if side else 1.0
        if scale < 1:
            how = getattr(cv2, f"INTER_{kernel.upper()}")
            if factors:
                image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=how)
            else:
                image = cv2.resize(image, (int(width * scale), int(height * scale)), interpolation=how)
        cv2.imwrite(str(out), image, list(flags))

    return deliver


def vips(change: Callable[[Any, Path], Any] = lambda image, path: image, **save: Any) -> Deliver:
    """libvips 8.18 through pyvips, `jpegsave` with these options."""

    def deliver(path: Path, out: Path) -> None:
        import pyvips

        image = change(pyvips.Image.new_from_file(str(path)), path)
        image.jpegsave(str(out), **save)

    return deliver


def vips_thumbnail(side: int, **options: Any) -> Callable[[Any, Path], Any]:
    """`vips_thumbnail` of the file."""

    def change(image: Any, path: Path) -> Any:
        import pyvips

        return pyvips.Image.thumbnail(str(path), side, size="down", **options)

    return change


def vips_resize(side: int, kernel: str) -> Callable[[Any, Path], Any]:
    """`vips_resize` by one scale."""

    def change(image: Any, path: Path) -> Any:
        scale = side / max(image.width, image.height)
        return image.resize(scale, kernel=kernel) if scale < 1 else image

    return change


def command(*words: str, jpeg_only: bool = False, via_ppm: str = "") -> Deliver:
    """A command line; IN and OUT stand for the files. via_ppm: a first command whose output is the second's input, for
    programs that read PPM; pictures with alpha are then not taken."""

    def deliver(path: Path, out: Path) -> None:
        is_jpeg = path.suffix == ".jpg"
        if jpeg_only and not is_jpeg:
            raise NoDelivery(f"{words[0]} takes JPEG only")
        data = None
        if via_ppm:
            if is_jpeg:
                data = subprocess.run([via_ppm, str(path)], capture_output=True, check=True).stdout
            else:
                with Image.open(path) as image:
                    if image.mode != "RGB":
                        raise NoDelivery("PPM has no alpha")
                    buffer = io.BytesIO()
                    image.save(buffer, "PPM")
                    data = buffer.getvalue()
        named = {"IN": str(path), "OUT": str(out)}
        line = [named[head] + w[len(head) :] if (head := w.split("[")[0]) in named else w for w in words]
        subprocess.run(line, input=data, capture_output=True, check=True)

    return deliver


def arrays(encode: Callable[[np.ndarray], bytes]) -> Deliver:
    """An encoder that takes RGB samples, read by Pillow, alpha dropped."""

    def deliver(path: Path, out: Path) -> None:
        with Image.open(path) as image:
            out.write_bytes(encode(np.ascontiguousarray(np.asarray(image.convert("RGB")))))

    return deliver


def _jpegli(quality: int) -> Callable[[np.ndarray], bytes]:
    def encode(pixels: np.ndarray) -> bytes:
        import pyjpegli

        made: bytes = pyjpegli.encode(pixels.tobytes(), pixels.shape[1], pixels.shape[0], quality)
        return made

    return encode


def _simplejpeg(**options: Any) -> Callable[[np.ndarray], bytes]:
    def encode(pixels: np.ndarray) -> bytes:
        import simplejpeg

        made: bytes = simplejpeg.encode_jpeg(pixels, **options)
        return made

    return encode


_PHP = """
$in = $argv[1]; $out = $argv[2];
$image = imagecreatefromstring(file_get_contents($in));
%s
imagejpeg($image, $out, %d);
"""


def php(body: str, quality: int) -> Deliver:
    """PHP's GD (Debian's libgd 2.3.3)."""
    return command("php", "-r", _PHP % (body, quality), "--", "IN", "OUT")


def im6(*words: str) -> Deliver:
    """ImageMagick 6's convert."""
    return command("convert-im6.q16", "IN", *words, "OUT")


_R = Image.Resampling
_LONGEST = {"longest_side", "box", "box_in_turn"}
CHANNELS: tuple[Channel, ...] = (
    # Pillow
    Channel("pil_q92_444", "Pillow, quality 92, 4:4:4", pillow(quality=92, subsampling=0),
            PIL | STORED | DROPPED | {"resize": False, "encode.quality": 92, "encode.sampling": "4:4:4"}),
    Channel("pil_q60_422_white", "Pillow, on white, quality 60, 4:2:2, optimize",
            pillow(white=True, quality=60, subsampling=1, optimize=True),
            PIL | STORED | WHITE | {"resize": False, "encode.quality": 60, "encode.sampling": "4:2:2"}),
    Channel("pil_keep_icc_upright", "Pillow, EXIF applied, ICC profile embedded again, quality 88, progressive",
            pillow(upright=True, keep_icc=True, quality=88, progressive=True),
            PIL | {"resize": False, "orient.apply": True, "color.icc": KEEP, "encode.quality": 88}),
    Channel("pil_thumb900", "Pillow's thumbnail() at 900 with its defaults (bicubic, reducing gap 2), EXIF applied",
            pillow(thumbnail(900), upright=True, quality=82),
            PIL | {"orient.apply": True, "resize.limit": 900, "resize.code": "pillow", "resize.kernel": "bicubic"}),
    Channel("pil_thumb500_draft", "Pillow's thumbnail() at 500 on the open file: a JPEG is decoded smaller (draft)",
            pillow(thumbnail(500), quality=80),
            PIL | STORED | {"resize.limit": 500, "resize.code": "pillow", "resize.kernel": "bicubic"}),
    Channel("pil_thumb640_lanczos", "Pillow's thumbnail() at 640, Lanczos, no reducing gap, on white",
            pillow(thumbnail(640, resample=_R.LANCZOS, reducing_gap=None), white=True, quality=78, progressive=True),
            PIL | STORED | {"resize.limit": 640, "resize.code": "pillow", "resize.kernel": "lanczos"}),
    Channel("pil_width700_hamming", "Pillow, width 700, Hamming, height cut",
            pillow(to_width(700, _R.HAMMING), quality=85),
            PIL | WHOLE | STORED | DROPPED | {"resize.limit": 700, "resize.fit": "width", "resize.code": "pillow",
                                      "resize.kernel": "hamming"}),
    Channel("pil_box1000", "Pillow, longest side 1000, box filter, 4:2:0, quality 90",
            pillow(to_longest(1000, _R.BOX), quality=90),
            PIL | WHOLE | STORED | DROPPED | {"resize.limit": 1000, "resize.fit": _LONGEST, "resize.code": "pillow",
                                      "resize.kernel": "box"}),
    Channel("pil_srgb_bilinear1080", "Pillow, ICC to sRGB, EXIF applied, longest side 1080, bilinear, progressive",
            pillow(to_longest(1080, _R.BILINEAR), upright=True, srgb=True, white=True, quality=80, progressive=True),
            PIL | WHITE | {"orient.apply": True, "color.icc": "srgb", "color.srgb": "littlecms", "resize.limit": 1080,
                           "resize.fit": _LONGEST, "resize.code": "pillow", "resize.kernel": "bilinear"}),
    Channel("pil_contain1200x800", "Pillow, ImageOps.contain 1200 x 800 of larger pictures, Lanczos, optimize",
            pillow(lambda image: ImageOps.contain(image, (1200, 800), _R.LANCZOS)
                   if image.width > 1200 or image.height > 800 else image, upright=True, quality=83, optimize=True),
            PIL | {"orient.apply": True, "resize.fit": "box", "resize.limit": 1200, "resize.limit_height": 800,
                   "resize.code": "pillow", "resize.kernel": "lanczos"}),
    Channel("pil_unsharp1024", "Pillow, longest side 1024, Lanczos, UnsharpMask(1, 60, 2)",
            pillow(to_longest(1024, _R.LANCZOS, ImageFilter.UnsharpMask(1, 60, 2)), quality=85),
            PIL | STORED | {"resize.limit": 1024, "resize.fit": _LONGEST, "resize.code": {"pillow", "fitted"},
                            "resize.kernel": {"lanczos", "linear", "cubic"}}, known=False),
    Channel("pil_grey", "Pillow, convert('L'), quality 85", pillow(mode="L", quality=85),
            {"resize": False, "encode.quality": 85}),
    # OpenCV
    Channel("cv_default", "OpenCV imwrite, defaults", opencv(),
            PIL | DROPPED | {"resize": False, "orient.apply": True, "color.icc": KEEP, "encode.quality": 95}),
    Channel("cv_cubic1000", "OpenCV, fx and fy, INTER_CUBIC, quality 84", opencv(1000, "cubic", flags=(1, 84)),
            PIL | WHOLE | {"orient.apply": True, "resize.limit": 1000, "resize.code": "opencv",
                           "resize.kernel": "cubic"}),
    Channel("cv_linear800", "OpenCV, dsize cut to integers, INTER_LINEAR, progressive, 4:4:4",
            opencv(800, "linear", flags=(1, 90, 2, 1, 7, 0x111111), factors=False),
            PIL | WHOLE | {"orient.apply": True, "resize.limit": 800, "resize.code": "opencv",
                           "resize.kernel": "linear", "encode.sampling": "4:4:4"}),
    Channel("cv_lanczos960", "OpenCV, fx and fy, INTER_LANCZOS4, restart interval 8",
            opencv(960, "lanczos4", flags=(1, 80, 4, 8)),
            PIL | WHOLE | {"orient.apply": True, "resize.limit": 960, "resize.code": "opencv",
                           "resize.kernel": "lanczos4"}),
    # libvips
    Channel("vips_thumb800", "libvips 8.18 thumbnail 800, jpegsave defaults, metadata stripped",
            vips(vips_thumbnail(800), keep="none"),
            PIL | {"orient.apply": True, "resize.limit": 800, "resize.code": "vips", "resize.kernel": "lanczos3"}),
    Channel("vips_thumb_linear700", "libvips thumbnail 700 in linear light",
            vips(vips_thumbnail(700, linear=True), Q=82, keep="none"),
            {"orient.apply": True, "resize.code": {"vips", "fitted"}}),
    Channel("vips_cubic900", "libvips resize by one scale, cubic, Q 85, interlaced",
            vips(vips_resize(900, "cubic"), Q=85, interlace=True, keep="none"),
            PIL | WHOLE | STORED | {"resize.code": "vips", "resize.kernel": "cubic"}),
    Channel("vips_moz_q82", "libvips with mozjpeg's trellis, deringing and scan search, quant table 3",
            vips(Q=82, trellis_quant=True, overshoot_deringing=True, optimize_scans=True, interlace=True, quant_table=3,
                 keep="none"),
            {"resize": False, "orient.apply": False, "color.icc": KEEP, "encode.quantizer": "mozjpeg-trellis",
             "encode.law": "mozjpeg-3", "encode.quality": 82, "encode.overshoot_deringing": True}),
    Channel("vips_trellis_baseline", "libvips with mozjpeg's trellis alone, optimised Huffman tables, Q 70",
            vips(Q=70, trellis_quant=True, optimize_coding=True, keep="none"),
            {"resize": False, "encode.quantizer": "mozjpeg-trellis", "encode.quality": 70,
             "encode.overshoot_deringing": False}),
    Channel("vips_sharpen1000", "libvips thumbnail 1000, sharpen() with its defaults",
            vips(lambda image, path: vips_thumbnail(1000)(image, path).sharpen(), Q=80, keep="none"),
            {"orient.apply": True, "resize.code": {"vips", "fitted"}}),
    Channel("vipsthumbnail_8_14", "Debian's vipsthumbnail 8.14.1 -s 720 [Q=75]",
            command("vipsthumbnail", "IN", "-s", "720", "-o", "OUT[Q=75,strip]"),
            PIL | {"orient.apply": True, "resize.limit": 720, "resize.code": "vips", "resize.kernel": "lanczos3"}),
    # ImageMagick 6
    Channel("im_resize900", "ImageMagick 6 -auto-orient -resize 900x900> -strip -quality 80",
            im6("-auto-orient", "-resize", "900x900>", "-strip", "-quality", "80"),
            {"orient.apply": True, "resize.limit": 900, "resize.code": "imagemagick", "encode.quality": 80}),
    Channel("im_thumbnail800", "ImageMagick 6 -thumbnail 800x800> -quality 86 -sampling-factor 4:2:0 -interlace JPEG",
            im6("-thumbnail", "800x800>", "-quality", "86", "-sampling-factor", "4:2:0", "-interlace", "JPEG"),
            {"orient.apply": False, "resize.limit": 800, "encode.quality": 86,
             "resize.code": {"imagemagick", "fitted"}}, known=False),
    Channel("im_mitchell700", "ImageMagick 6 -filter Mitchell -resize 700x700> -quality 92",
            im6("-filter", "Mitchell", "-resize", "700x700>", "-strip", "-quality", "92"),
            {"orient.apply": False, "resize.limit": 700, "resize.code": "imagemagick", "resize.kernel": "mitchell",
             "encode.quality": 92, "encode.sampling": "4:4:4"}),
    Channel("im_unsharp1000", "ImageMagick 6 -resize 1000x1000> -unsharp 0.25x0.25+8+0.065 -quality 82",
            im6("-resize", "1000x1000>", "-unsharp", "0.25x0.25+8+0.065", "-strip", "-quality", "82"),
            {"orient.apply": False, "resize.code": {"imagemagick", "fitted"}}, known=False),
    Channel("im_422_q88", "ImageMagick 6 -strip -sampling-factor 2x1 -quality 88",
            im6("-strip", "-sampling-factor", "2x1", "-quality", "88"),
            {"resize": False, "orient.apply": False, "encode.quality": 88, "encode.sampling": "4:2:2"}),
    Channel("im_half", "ImageMagick 6 -resize 50%: a scale, no limit",
            im6("-resize", "50%", "-strip", "-quality", "85"),
            {"orient.apply": False, "resize.code": {"imagemagick", "fitted"}}, known=False),
    # libjpeg-turbo's tools
    Channel("cjpeg_fast_q90", "djpeg | cjpeg -dct fast -quality 90",
            command("cjpeg", "-dct", "fast", "-quality", "90", "-outfile", "OUT", via_ppm="djpeg"),
            {"resize": False, "orient.apply": False, "color.icc": KEEP, "encode.dct": "ifast", "encode.quality": 90}),
    Channel("cjpeg_float_444", "djpeg | cjpeg -dct float -sample 1x1 -optimize -quality 68",
            command("cjpeg", "-dct", "float", "-sample", "1x1", "-optimize", "-quality", "68", "-outfile", "OUT",
                    via_ppm="djpeg"),
            {"resize": False, "encode.dct": "float", "encode.quality": 68, "encode.sampling": "4:4:4"}),
    Channel("cjpeg_two_qualities", "djpeg | cjpeg -quality 85,60 -sample 2x2 -progressive -restart 2B",
            command("cjpeg", "-quality", "85,60", "-sample", "2x2", "-progressive", "-restart", "2B", "-outfile", "OUT",
                    via_ppm="djpeg"),
            {"resize": False, "encode.dct": "islow", "encode.restart_interval": 2}),
    Channel("cjpeg_smooth", "djpeg | cjpeg -smooth 20: input smoothing",
            command("cjpeg", "-smooth", "20", "-quality", "80", "-outfile", "OUT", via_ppm="djpeg"),
            {"resize": False, "encode.quality": 80}, known=False),
    Channel("djpeg_half", "djpeg -scale 4/8 | cjpeg: a scaled inverse DCT",
            command("bash", "-c", 'djpeg -scale 4/8 "$0" | cjpeg -quality 85 -outfile "$1"', "IN", "OUT",
                    jpeg_only=True),
            PIL | {"orient.apply": False, "encode.quality": 85}),
    # others
    Channel("jpegli_q90", "pyjpegli, quality 90", arrays(_jpegli(90)),
            STORED | DROPPED | {"resize": False, "encode.engine": "jpegli", "encode.law": "jpegli",
                                "encode.quality": 90}),
    Channel("jpegli_q65", "pyjpegli, quality 65", arrays(_jpegli(65)),
            STORED | DROPPED | {"resize": False, "encode.engine": "jpegli", "encode.law": "jpegli",
                                "encode.quality": 65}),
    Channel("simplejpeg_fast", "simplejpeg (TurboJPEG's API), fastdct, 4:2:0, quality 85",
            arrays(_simplejpeg(quality=85, colorsubsampling="420", fastdct=True)),
            STORED | DROPPED | {"resize": False, "encode.dct": "ifast", "encode.quality": 85}),
    Channel("php_imagescale800", "PHP GD, imagescale to width 800 (bilinear, fixed point), quality 80",
            php("if (imagesx($image) > 800) $image = imagescale($image, 800);", 80),
            {"orient.apply": False, "encode.quality": 80, "resize.limit": 800, "resize.fit": "width",
             "resize.code": "gd_scale", "resize.kernel": "bilinear_fixed"}),
    Channel("php_resampled900", "PHP GD, imagecopyresampled to width 900, height cut, default quality",
            php("""$w = imagesx($image); $h = imagesy($image);
                if ($w > 900) { $n = imagecreatetruecolor(900, (int)($h * 900 / $w));
                imagecopyresampled($n, $image, 0, 0, 0, 0, 900, (int)($h * 900 / $w), $w, $h); $image = $n; }""", -1),
            {"orient.apply": False, "resize.limit": 900, "resize.fit": "width", "resize.code": "gd",
             "resize.kernel": "resampled", "encode.quality": 75}),
    Channel("gm_resize800", "GraphicsMagick -resize 800x800> -quality 78",
            command("gm", "convert", "IN", "-resize", "800x800>", "-quality", "78", "OUT"),
            {"orient.apply": False, "encode.quality": 78, "resize.limit": 800,
             "resize.code": "graphicsmagick"}),
    Channel("ffmpeg_scale960", "ffmpeg -vf scale (bicubic swscale), -q:v 3: its own encoder",
            command("ffmpeg", "-v", "error", "-y", "-i", "IN", "-vf", "scale='min(960,iw)':-1", "-q:v", "3",
                    "-pix_fmt", "yuvj420p", "OUT"),
            {"orient.apply": True, "resize.limit": 960, "resize.fit": "width", "resize.code": "fitted"}, known=False),
    Channel("jpegoptim_m80", "jpegoptim -m80 --strip-all, JPEG only",
            command("bash", "-c", 'jpegoptim -q -m80 --strip-all --stdout "$0" > "$1"', "IN", "OUT", jpeg_only=True),
            {"resize": False, "orient.apply": False}),
)  # fmt: skip

"""The small programs with which `channels_third.py` calls software that is not Python's: Node's packages, Java's
Graphics2D, stb's headers, gdk-pixbuf. Each is what the documentation of that software shows, no more."""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

NODE = """
const fs = require("fs");
const [how, input, output] = process.argv.slice(1);
const smaller = (w, h, width) => (w > width ? [width, Math.round((h * width) / w)] : [w, h]);
const recipes = {
  async sharp_web() {
    await require("sharp")(input).rotate().resize({ width: 1200, withoutEnlargement: true })
      .jpeg({ quality: 80, mozjpeg: true }).toFile(output);
  },
  async sharp_inside() {
    await require("sharp")(input).resize(900, 900, { fit: "inside", withoutEnlargement: true }).sharpen()
      .flatten({ background: "#ffffff" }).jpeg({ quality: 85, progressive: true }).toFile(output);
  },
  async sharp_normalise() {
    await require("sharp")(input).rotate().resize({ width: 1000, withoutEnlargement: true }).normalise()
      .withMetadata().jpeg({ quality: 82 }).toFile(output);
  },
  async jimp_width() {
    const { Jimp } = require("jimp");
    const image = await Jimp.read(input);
    if (image.width > 800) image.resize({ w: 800 });
    fs.writeFileSync(output, await image.getBuffer("image/jpeg", { quality: 80 }));
  },
  async jimp_bicubic() {
    const { Jimp, ResizeStrategy } = require("jimp");
    const image = await Jimp.read(input);
    if (image.width > 700) image.resize({ w: 700, mode: ResizeStrategy.BICUBIC });
    fs.writeFileSync(output, await image.getBuffer("image/jpeg", { quality: 85 }));
  },
  async napi_canvas() {
    const { loadImage, createCanvas } = require("@napi-rs/canvas");
    const image = await loadImage(input);
    const [w, h] = smaller(image.width, image.height, 1000);
    const canvas = createCanvas(w, h);
    canvas.getContext("2d").drawImage(image, 0, 0, w, h);
    fs.writeFileSync(output, await canvas.encode("jpeg", 80));
  },
  async napi_image() {
    const { Transformer, ResizeFilterType } = require("@napi-rs/image");
    const made = new Transformer(fs.readFileSync(input));
    const { width, height } = await made.metadata();
    if (width > 900) made.resize(900, Math.round((height * 900) / width), 4);
    fs.writeFileSync(output, await made.jpeg(80));
  },
  async photon() {
    const photon = require("@cf-wasm/photon");
    let image = photon.PhotonImage.new_from_byteslice(new Uint8Array(fs.readFileSync(input)));
    const [w, h] = smaller(image.get_width(), image.get_height(), 800);
    if (w < image.get_width()) image = photon.resize(image, w, h, photon.SamplingFilter.Lanczos3);
    fs.writeFileSync(output, image.get_bytes_jpeg(80));
  },
  async imagescript() {
    const { Image } = require("imagescript");
    const image = await Image.decode(fs.readFileSync(input));
    if (image.width > 800) image.resize(800, Image.RESIZE_AUTO);
    fs.writeFileSync(output, await image.encodeJPEG(80));
  },
  async pica() {
    const jpeg = require("jpeg-js");
    const pica = require("pica")({ features: ["js"] });
    const png = /[.]png$/.test(input);
    const image = png ? require("pngjs").PNG.sync.read(fs.readFileSync(input))
      : jpeg.decode(fs.readFileSync(input), { formatAsRGBA: true });
    const [w, h] = smaller(image.width, image.height, 800);
    let data = image.data;
    if (w < image.width)
      data = await pica.resizeBuffer({ src: data, width: image.width, height: image.height, toWidth: w, toHeight: h });
    fs.writeFileSync(output, jpeg.encode({ data, width: w, height: h }, 85).data);
  },
};
recipes[how]().catch((error) => { console.error(error.message.split("\\n")[0]); process.exit(1); });
"""

JAVA = """
import java.awt.*;
import java.awt.image.BufferedImage;
import java.io.File;
import javax.imageio.*;
import javax.imageio.stream.FileImageOutputStream;

public class Deliver {
    static BufferedImage scaled(BufferedImage from, int w, int h, Object hint) {
        BufferedImage to = new BufferedImage(w, h, BufferedImage.TYPE_INT_RGB);
        Graphics2D g = to.createGraphics();
        g.setRenderingHint(RenderingHints.KEY_INTERPOLATION, hint);
        g.drawImage(from, 0, 0, w, h, null);
        g.dispose();
        return to;
    }

    public static void main(String[] a) throws Exception {
        String how = a[0];
        int width = Integer.parseInt(a[1]);
        float quality = Float.parseFloat(a[2]);
        File in = new File(a[3]), out = new File(a[4]);
        if (how.equals("thumbnailator")) {
            net.coobird.thumbnailator.Thumbnails.of(in).size(width, width).outputFormat("jpg").outputQuality(quality)
                .toFile(out);
            return;
        }
        BufferedImage image = ImageIO.read(in);
        int w = image.getWidth(), h = image.getHeight(), to = Math.min(w, width), high = h * to / w;
        Object bilinear = RenderingHints.VALUE_INTERPOLATION_BILINEAR;
        if (how.equals("imgscalr")) {
            image = org.imgscalr.Scalr.resize(image, org.imgscalr.Scalr.Method.QUALITY, width);
        } else if (how.equals("steps")) {
            while (w > to) {
                w = Math.max(to, w / 2);
                h = Math.max(high, h / 2);
                image = scaled(image, w, h, bilinear);
            }
        } else if (w > to) {
            image = scaled(image, to, high,
                how.equals("bicubic") ? RenderingHints.VALUE_INTERPOLATION_BICUBIC : bilinear);
        }
        if (image.getType() != BufferedImage.TYPE_INT_RGB) {
            BufferedImage plain = new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_INT_RGB);
            plain.createGraphics().drawImage(image, 0, 0, Color.WHITE, null);
            image = plain;
        }
        ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
        ImageWriteParam how_ = writer.getDefaultWriteParam();
        how_.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
        how_.setCompressionQuality(quality);
        try (FileImageOutputStream stream = new FileImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(image, null, null), how_);
        }
    }
}
"""

STB = """
#include <stdlib.h>
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
#include <stb/stb_image_write.h>
int main(int n, char **a) {
    int w, h, c, width = atoi(a[1]), quality = atoi(a[2]);
    unsigned char *p = stbi_load(a[3], &w, &h, &c, 3);
    if (!p) return 1;
    if (width && w > width) {
        int high = h * width / w;
        unsigned char *made = malloc(3 * width * high);
        stbir_resize_uint8(p, w, h, 0, made, width, high, 0, 3);
        p = made, w = width, h = high;
    }
    return !stbi_write_jpg(a[4], w, h, 3, p, quality);
}
"""

GDK = """
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <stdlib.h>
int main(int n, char **a) {
    GError *error = NULL;
    int side = atoi(a[1]);
    GdkPixbuf *p = gdk_pixbuf_new_from_file(a[3], &error);
    if (!p) return 1;
    int w = gdk_pixbuf_get_width(p), h = gdk_pixbuf_get_height(p);
    if (w > side) p = gdk_pixbuf_scale_simple(p, side, h * side / w, GDK_INTERP_BILINEAR);
    return !gdk_pixbuf_save(p, a[4], "jpeg", &error, "quality", a[2], NULL);
}
"""


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="understudy-third-"))


def _run(*words: str | Path, **more: str) -> None:
    subprocess.run([str(w) for w in words], capture_output=True, check=True, env=os.environ | more)


def node(how: str, path: Path, out: Path) -> None:
    """A recipe of NODE's. Packages are looked for where NODE_PATH points."""
    _run("node", "-e", NODE, "--", how, path, out)


@cache
def _classes() -> Path:
    (_folder() / "Deliver.java").write_text(JAVA)
    _run("javac", "-cp", JARS, "-d", _folder(), _folder() / "Deliver.java")
    return _folder()


JARS = "/usr/share/java/thumbnailator.jar:/usr/share/java/imgscalr-lib.jar"


def java(how: str, width: int, quality: float, path: Path, out: Path) -> None:
    """JAVA, with Debian's libthumbnailator-java and libimgscalr-java."""
    _run("java", "-Djava.awt.headless=true", "-cp", f"{_classes()}:{JARS}", "Deliver",
         how, str(width), str(quality), path, out)  # fmt: skip


@cache
def compiled(name: str) -> Path:
    """STB (Debian's libstb-dev) or GDK (libgdk-pixbuf-2.0-dev), compiled by gcc."""
    source, program = _folder() / f"{name}.c", _folder() / name
    source.write_text({"stb": STB, "gdk": GDK}[name])
    flags = ["-lm"]
    if name == "gdk":
        asked = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "gdk-pixbuf-2.0"], capture_output=True, text=True, check=True
        )
        flags = asked.stdout.split()
    _run("gcc", "-O2", "-o", program, source, *flags)
    return program

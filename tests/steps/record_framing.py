"""Asks the programs of framing_cases.py, and writes framing_goldens.json.

    PYTHONPATH=tests:tests/servers python tests/steps/record_framing.py NODE SERVERS WORDPRESS [CALL ...]

NODE: a folder where `npm install sharp jimp` was run. SERVERS: the folder with the commands of an environment that
holds thumbor, matrix-synapse and Pillow 12. WORDPRESS: an unpacked WordPress. nginx with its image filter, php, and Go
with Debian's golang-github-disintegration-imaging-dev are found by themselves. Named calls are asked anew, else all.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import real_servers
from framing_cases import CALLS, INK, jobs, jpeg, picture, seen

from oracles import pillow

GOLDENS = Path(__file__).with_name("framing_goldens.json")
Jobs = Sequence[tuple[int, ...]]

SHARP = """
const sharp = require('sharp')
const jobs = JSON.parse(require('fs').readFileSync(0))
async function all() {
  for (const job of jobs) {
    let picture = sharp(job.file)
    if (job.turn) picture = picture.autoOrient()
    await picture.resize(job.width, job.height, job.how).removeAlpha().png().toFile(job.file + '.png')
  }
}
all()
"""
BLUE = {"r": INK[0], "g": INK[1], "b": INK[2]}
SHARPS: dict[str, dict[str, Any]] = {
    "cover centre": {"fit": "cover"},
    "cover right-top": {"fit": "cover", "position": "right top"},
    "cover withoutEnlargement": {"fit": "cover", "withoutEnlargement": True},
    "contain centre": {"fit": "contain", "background": BLUE},
    "contain bottom": {"fit": "contain", "background": BLUE, "position": "bottom"},
    "contain withoutEnlargement": {"fit": "contain", "background": BLUE, "withoutEnlargement": True},
    "fill": {"fit": "fill"},
    "outside": {"fit": "outside"},
    "jpeg cover": {"fit": "cover"},
    "jpeg contain": {"fit": "contain"},
    "jpeg unturned": {"fit": "cover"},
}


def run(command: Sequence[str | Path], given: str = "", **more: Any) -> str:
    """A program's standard output."""
    words = [str(word) for word in command]
    return subprocess.run(words, input=given, capture_output=True, text=True, check=True, **more).stdout


def sharp(call: str, asked: Jobs, folder: Path, where: Path) -> list[str]:
    rows = []
    for i, (width, height, x, y, *turn) in enumerate(asked):
        file = folder / f"{i}.{'jpg' if turn else 'png'}"
        file.write_bytes(jpeg(width, height, turn[0]) if turn else pillow(picture(width, height), "PNG"))
        rows.append({"file": str(file), "width": x, "height": y, "how": SHARPS[call]})
        rows[-1]["turn"] = bool(turn) and call != "jpeg unturned"
    run(["node", "-e", SHARP], json.dumps(rows), cwd=where)
    return [seen(Path(f"{row['file']}.png").read_bytes()) for row in rows]


JIMP = """
const { Jimp } = require('jimp')
const jobs = JSON.parse(require('fs').readFileSync(0))
async function all() {
  for (const job of jobs) {
    const picture = await Jimp.read(job.file)
    picture.background = 0x123456ff
    picture[job.call]({ w: job.width, h: job.height })
    await picture.write(job.file + '.png')
  }
}
all()
"""


def jimp(call: str, asked: Jobs, folder: Path, where: Path) -> list[str]:
    rows = []
    for i, (width, height, x, y) in enumerate(asked):
        (folder / f"{i}.png").write_bytes(pillow(picture(width, height), "PNG"))
        rows.append({"file": str(folder / f"{i}.png"), "width": x, "height": y, "call": call})
    run(["node", "-e", JIMP], json.dumps(rows), cwd=where)
    return [seen(Path(f"{row['file']}.png").read_bytes()) for row in rows]


def nginx(_: str, asked: Jobs, folder: Path) -> list[str]:
    crop = "location /crop/ {{ alias {files}/; image_filter crop $arg_w $arg_h; }}\n    location /small/"
    real_servers.NGINX = real_servers.NGINX.replace("location /small/", crop, 1)
    out = []
    with real_servers.nginx(folder) as server:
        base = server.settings["to"].partition("/sent/")[0]
        for width, height, x, y in asked:
            httpx.put(f"{base}/sent/p.png", content=pillow(picture(width, height), "PNG")).raise_for_status()
            out.append(seen(httpx.get(f"{base}/crop/p.png?w={x}&h={y}").raise_for_status().content))
    return out


def thumbor(call: str, asked: Jobs, folder: Path, programs: Path) -> list[str]:
    ink = "".join(f"{value:02x}" for value in INK)
    paths = {"centre": "{0}", "left": "{0}/left", "bottom": "{0}/bottom", "fit-in": "fit-in/{0}"}
    fill = f"fill({ink}):" if call == "fit-in" else ""
    out = []
    with real_servers.thumbor(folder, programs) as server:
        base = server.settings["to"].removesuffix("/image")
        for width, height, x, y in asked:
            kind = {"Content-Type": "image/png", "Slug": "p.png"}
            sent = httpx.post(f"{base}/image", content=pillow(picture(width, height), "PNG"), headers=kind)
            path = f"{paths[call].format(f'{x}x{y}')}/filters:{fill}format(png)"
            made = httpx.get(f"{base}/unsafe/{path}/{sent.headers['location'].partition('/image/')[2]}")
            out.append(seen(made.raise_for_status().content))
    return out


SYNAPSE = """
import sys
from synapse.media.thumbnailer import Thumbnailer
for line in sys.stdin:
    file, width, height = line.split()
    made = Thumbnailer(file).crop(int(width), int(height), "image/png")
    open(file + ".png", "wb").write(made.getvalue())
"""
PILLOW = """
import sys
from PIL import Image
for line in sys.stdin:
    file, width, height = line.split()
    Image.open(file).resize((int(width), int(height)), Image.Resampling.LANCZOS).save(file + ".png")
"""


def python(script: str) -> Callable[[str, Jobs, Path, Path], list[str]]:
    """What a script in the environment of the servers makes."""

    def asked_of(_: str, asked: Jobs, folder: Path, programs: Path) -> list[str]:
        lines = []
        for i, (width, height, x, y) in enumerate(asked):
            (folder / f"{i}").write_bytes(pillow(picture(width, height), "PNG"))
            lines.append(f"{folder / str(i)} {x} {y}\n")
        run([programs / "python", "-c", script], "".join(lines))
        return [seen((folder / f"{i}.png").read_bytes()) for i in range(len(asked))]

    return asked_of


WORDPRESS = """
$text = file_get_contents($argv[1] . '/wp-includes/media.php');
function apply_filters($name, $value) { return $value; }
function wp_fuzzy_number_match($a, $b, $off = 1) { return abs($a - $b) <= $off; }
$start = strpos($text, 'function image_resize_dimensions(');
eval(substr($text, $start, strpos($text, "\\n}\\n", $start) + 2 - $start));
while (($line = fgets(STDIN)) !== false) {
  list($w, $h, $x, $y) = array_map('intval', explode(' ', $line));
  $made = image_resize_dimensions($w, $h, $x, $y, true);
  echo $made ? implode(' ', $made) : 'none', "\\n";
}
"""


def wordpress(_: str, asked: Jobs, folder: Path, where: Path) -> list[str]:
    lines = "".join(f"{' '.join(map(str, job))}\n" for job in asked)
    return run(["php", "-r", WORDPRESS, "--", where], lines).splitlines()


GO = """
package main
import ("bufio"; "fmt"; "image"; "image/color"; "os"; "github.com/disintegration/imaging")
func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var call, file string
		var w, h int
		fmt.Sscan(lines.Text(), &call, &file, &w, &h)
		picture, err := imaging.Open(file)
		if err != nil { panic(err) }
		var made image.Image
		switch call {
		case "Fill": made = imaging.Fill(picture, w, h, imaging.Center, imaging.Lanczos)
		case "CropCenter": made = imaging.CropCenter(picture, w, h)
		case "PasteCenter": made = imaging.PasteCenter(imaging.New(w, h, color.NRGBA{18, 52, 86, 255}), picture)
		}
		if err := imaging.Save(made, file + ".out.png"); err != nil { panic(err) }
	}
}
"""


def imaging(call: str, asked: Jobs, folder: Path) -> list[str]:
    (folder / "main.go").write_text(GO)
    lines = []
    for i, (width, height, x, y) in enumerate(asked):
        (folder / f"{i}.png").write_bytes(pillow(picture(width, height), "PNG"))
        lines.append(f"{call.split()[0]} {folder / f'{i}.png'} {x} {y}\n")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    run(["go", "run", folder / "main.go"], "".join(lines), env=environment)
    return [seen((folder / f"{i}.png.out.png").read_bytes()) for i in range(len(asked))]


def versions(where: Path, programs: Path, blog: Path) -> dict[str, str]:
    """By program, what answered."""
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr
    release = (blog / "wp-includes" / "version.php").read_text().partition("$wp_version = '")[2].partition("'")[0]
    ask = "import PIL, thumbor, synapse; print(PIL.__version__, thumbor.__version__, synapse.__version__)"
    twelve, thumbors, synapses = run([programs / "python", "-c", ask]).split()
    script = "const v = require('sharp').versions; console.log(v.sharp + ' on libvips ' + v.vips)"
    package = run(["dpkg-query", "-W", "-f", "${Version}", "golang-github-disintegration-imaging-dev"])
    return {
        "sharp": run(["node", "-e", script], cwd=where).strip(),
        "jimp": run(["node", "-p", "require('jimp/package.json').version"], cwd=where).strip(),
        "nginx": said.rpartition("/")[2].strip(),
        "thumbor": f"{thumbors} on Pillow {twelve}", "synapse": f"{synapses} on Pillow {twelve}",
        "imaging": package, "pillow-12": twelve, "wordpress": release,
    }  # fmt: skip


def main(packages: Path, programs: Path, blog: Path, *calls: str) -> None:
    known = json.loads(GOLDENS.read_text(encoding="ascii")) if GOLDENS.exists() else {"answers": {}}
    ask: dict[str, Callable[[str, Jobs, Path], list[str]]] = {
        "sharp": lambda call, asked, folder: sharp(call, asked, folder, packages),
        "jimp": lambda call, asked, folder: jimp(call, asked, folder, packages),
        "nginx": nginx, "imaging": imaging,
        "thumbor": lambda call, asked, folder: thumbor(call, asked, folder, programs),
        "synapse": lambda call, asked, folder: python(SYNAPSE)(call, asked, folder, programs),
        "pillow-12": lambda call, asked, folder: python(PILLOW)(call, asked, folder, programs),
        "wordpress": lambda call, asked, folder: wordpress(call, asked, folder, blog),
    }  # fmt: skip
    answers: dict[str, dict[str, str]] = {}
    for call in CALLS:
        asked, (program, _, what) = jobs(call), call.partition(" ")
        answers[call] = known["answers"].get(call, {})
        if not calls or call in calls:
            with tempfile.TemporaryDirectory() as folder:
                said = ask[program](what, asked, Path(folder))
            answers[call] = {" ".join(map(str, job)): one for job, one in zip(asked, said, strict=True)}
            sys.stdout.write(f"{call}: {len(said)}\n")
            document = {"made_with": versions(packages, programs, blog), "answers": known["answers"] | answers}
            GOLDENS.write_text(json.dumps(document, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]), *sys.argv[4:])

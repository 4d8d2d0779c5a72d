"""Makes mozjpeg_goldens.json: what mozjpeg gives where no Python package can be asked. Run by hand.

    python make_mozjpeg_goldens.py CJPEG NODE_FOLDER

CJPEG: cjpeg of mozjpeg 5.0.0 (the source that PyPI's mozjpeg-lossless-optimization 1.3.2 carries, built by cmake with
`-DWITH_SIMD=0`). NODE_FOLDER: a folder in which `npm i @jsquash/jpeg@1.6.0` was run.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from mozjpeg_oracles import Picture, drawn

SIZES = [(130, 97), (33, 47), (7, 11)]
CJPEG: dict[str, dict[str, Any]] = {
    "": {},
    "-quant-table 5": {"law": "mozjpeg-5"},
    "-baseline -quant-baseline": {"script": "baseline", "force_baseline": True},
    "-dc-scan-opt 1": {"script": "mozjpeg-optimised-dc1"},
    "-dc-scan-opt 2": {"script": "mozjpeg-optimised-dc2"},
    "-fastcrush": {"script": "mozjpeg-simple"},
    "-fastcrush -dc-scan-opt 1": {"script": "mozjpeg-simple-dc1"},
    "-fastcrush -dc-scan-opt 2": {"script": "mozjpeg-simple-dc2"},
    "-notrellis": {"quantizer": "plain"},
    "-notrellis-dc": {"trellis_quant_dc": False},
    "-noovershoot": {"overshoot_deringing": False},
    "-tune-psnr": {"trellis_tune": "psnr", "law": "mozjpeg-1"},
    "-tune-ssim": {"trellis_tune": "ssim", "law": "mozjpeg-1"},
    "-tune-ms-ssim": {"trellis_tune": "ms-ssim"},
    "-restart 3B": {"restart_interval": 3},
}
"""Arguments of cjpeg, and what they are here."""
SQUOOSH: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "defaults": ({}, {}),
    "multipass": ({"trellis_multipass": True}, {"trellis_use_scans": True}),
    "loops 2": ({"trellis_loops": 2}, {"trellis_num_loops": 2}),
    "loops 3, baseline": (
        {"trellis_loops": 3, "progressive": False},
        {"trellis_num_loops": 3, "script": "baseline"},
    ),
    "opt zero": ({"trellis_opt_zero": True}, {"trellis_eob_opt": True}),
    "opt zero, multipass, loops 2": (
        {"trellis_opt_zero": True, "trellis_multipass": True, "trellis_loops": 2},
        {"trellis_eob_opt": True, "trellis_use_scans": True, "trellis_num_loops": 2},
    ),
    "opt zero, multipass, baseline": (
        {"trellis_opt_zero": True, "trellis_multipass": True, "progressive": False},
        {"trellis_eob_opt": True, "trellis_use_scans": True, "script": "baseline"},
    ),
}
"""Options that differ from Squoosh's defaults, and what they are here."""
ENCODE = """
import fs from 'fs';
import factory from '@jsquash/jpeg/codec/enc/mozjpeg_enc.js';
import { defaultOptions } from '@jsquash/jpeg/meta.js';
const file = new URL('./node_modules/@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm', import.meta.url);
const wasm = fs.readFileSync(file);
const instantiateWasm = (imports, done) => { WebAssembly.instantiate(wasm, imports).then(r => done(r.instance)); return {}; };
const codec = await factory({ noInitialRun: true, instantiateWasm });
for (const job of JSON.parse(fs.readFileSync(0)))
  fs.writeFileSync(job.out, codec.encode(fs.readFileSync(job.raw), job.width, job.height, { ...defaultOptions, ...job.options }));
"""  # noqa: E501


def by_cjpeg(cjpeg: str, picture: Picture, quality: int, arguments: str) -> bytes:
    height, width = picture.shape[:2]
    given = f"P6 {width} {height} 255\n".encode() + picture.tobytes()
    command = [cjpeg, "-quality", str(quality), "-sample", "2x2", *arguments.split()]
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout


def by_squoosh(folder: Path, jobs: list[tuple[Picture, dict[str, Any]]]) -> list[bytes]:
    script, rows = folder / "encode_for_goldens.mjs", []
    script.write_text(ENCODE)
    for i, (picture, options) in enumerate(jobs):
        height, width = picture.shape[:2]
        opaque = np.full((height, width, 1), 255, np.uint8)
        (folder / f"{i}.raw").write_bytes(np.concatenate([picture, opaque], axis=2).tobytes())
        rows.append({"raw": f"{i}.raw", "out": f"{i}.jpg", "width": width, "height": height, "options": options})
    subprocess.run(["node", script.name], cwd=folder, input=json.dumps(rows).encode(), check=True)
    return [(folder / row["out"]).read_bytes() for row in rows]


def main(cjpeg: str, node_folder: str) -> None:
    rows: list[dict[str, Any]] = []
    made: list[bytes] = []
    jobs: list[tuple[Picture, dict[str, Any]]] = []
    for size in SIZES:
        for quality in (30, 75, 95):
            for arguments, here in CJPEG.items():
                rows.append({"by": f"cjpeg {arguments}", "size": size, "quality": quality, "encode": here})
                made.append(by_cjpeg(cjpeg, drawn(*size), quality, arguments))
    for size in SIZES:
        for quality in (30, 75):
            for name, (options, here) in SQUOOSH.items():
                rows.append({"by": f"squoosh, {name}", "size": size, "quality": quality, "encode": here})
                jobs.append((drawn(*size), {**options, "quality": quality}))
    made += by_squoosh(Path(node_folder), jobs)
    for row, data in zip(rows, made, strict=True):
        row |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_name("mozjpeg_goldens.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Fetches the photographs of ./demo, ./loop, the README's examples and the documentation's figures, once.

They are `china.jpg` (by danielbuechele, CC BY 2.0) and `flower.jpg` (by vultilion, CC BY 2.0), which the scikit-learn
package carries as sample data: the wheel is downloaded without its dependencies, and only the pictures are kept, in
.cache/photograph. Needs nothing but pip.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

CREDIT = "china.jpg by danielbuechele, CC BY 2.0, from scikit-learn's sample data"
SHA256 = {
    "china.jpg": "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    "flower.jpg": "a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
}
FOLDER = Path(__file__).resolve().parents[1] / ".cache" / "photograph"
PLACE = FOLDER / "china.jpg"


def main() -> None:
    """Leaves the pictures in FOLDER; exits with a message if it cannot."""
    missing = [name for name, mark in SHA256.items() if not _is(FOLDER / name, mark)]
    if not missing:
        return
    with tempfile.TemporaryDirectory() as folder:
        command = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, "scikit-learn>=1.5"]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            pictures = {name: archive.read(f"sklearn/datasets/images/{name}") for name in missing}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in pictures.items():
        if sha256(data).hexdigest() != SHA256[name]:
            sys.exit(f"{wheel.name}: {name} is another picture; the figures were made with SHA-256 {SHA256[name][:16]}")
        temporary = FOLDER / f"{name}.tmp"
        temporary.write_bytes(data)
        temporary.replace(FOLDER / name)


def _is(path: Path, mark: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()).hexdigest() == mark


if __name__ == "__main__":
    main()

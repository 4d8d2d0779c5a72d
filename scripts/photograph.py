"""Fetches the photograph of ./demo, of the README's examples and of the documentation's figures, once.

It is `china.jpg`, which the scikit-learn package carries as sample data (by danielbuechele, CC BY 2.0): the wheel is
downloaded without its dependencies, and only the picture is kept, in .cache/photograph. Needs nothing but pip.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

CREDIT = "china.jpg by danielbuechele, CC BY 2.0, from scikit-learn's sample data"
SHA256 = "8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29"
PLACE = Path(__file__).resolve().parents[1] / ".cache" / "photograph" / "china.jpg"


def main() -> None:
    """Leaves the picture at PLACE; exits with a message if it cannot."""
    if PLACE.is_file() and sha256(PLACE.read_bytes()).hexdigest() == SHA256:
        return
    with tempfile.TemporaryDirectory() as folder:
        command = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder, "scikit-learn>=1.5"]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read("sklearn/datasets/images/china.jpg")
    if sha256(data).hexdigest() != SHA256:
        sys.exit(f"{wheel.name}: china.jpg is another picture; the figures were made with SHA-256 {SHA256[:16]}")
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    temporary = PLACE.with_suffix(".tmp")
    temporary.write_bytes(data)
    temporary.replace(PLACE)


if __name__ == "__main__":
    main()

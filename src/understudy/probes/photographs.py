"""A person's own photographs among the probes: sent as they are, without a mark, so matched by name."""

from __future__ import annotations

from collections.abc import Mapping

from .base import Made


def made_of(photographs: Mapping[str, bytes], first: int, taken: frozenset[str]) -> tuple[Made, ...]:
    """File name -> bytes, as probes numbered from `first`; a name that is taken gets `photograph-` before it."""
    out = []
    for number, (name, data) in enumerate(photographs.items(), first):
        own = f"photograph-{name}" if name.rpartition(".")[0] in taken else name
        out.append(Made(own, data, number, False, "photographs", (), (), "a photograph of your own", _size(data)))
    return tuple(out)


def _size(data: bytes) -> tuple[int, int]:
    """(0, 0) for what cannot be read: it is sent all the same, since what becomes of it is the question."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except Exception:
        return 0, 0

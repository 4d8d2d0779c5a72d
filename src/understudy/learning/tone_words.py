"""A tone step in few words."""

from __future__ import annotations

from collections.abc import Sequence

from ..steps.tone import Tone

SEPIA = (0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131)
"""The matrix that tutorials and the W3C's Filter Effects Module Level 1 (sepia) have."""


def told(step: Tone) -> str:
    """A tone step in few words, by its parameters alone."""
    parts = []
    if step.enhance != "none":
        parts.append(f"Pillow ImageEnhance.{step.enhance.capitalize()}({step.factor:g})")
    if step.gamma != 1.0:
        parts.append(f"gamma {step.gamma:.4g}")
    if step.curve:
        own = " a channel" if step.curve_green or step.curve_blue else ""
        kind = "a table of 256 values" if len(step.curve) == 256 else f"a curve through {len(step.curve)} values"
        parts.append(kind + own)
    if step.matrix or any(step.offset):
        parts.append(_mixing(step))
    rounding = {"half_up": "", "half_even": ", half to even", "down": ", cut off"}[step.rounding]
    arithmetic = ", in float32" if step.arithmetic == "float32" and step.matrix else ""
    return (", then ".join(parts) or "tones unchanged") + (rounding + arithmetic if step.enhance == "none" else "")


def _mixing(step: Tone) -> str:
    m = step.matrix or (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    offset = "" if not any(step.offset) else f" plus {_numbers(step.offset)}"
    if not any(m[i] for i in (1, 2, 3, 5, 6, 7)):
        return f"times {_numbers((m[0], m[4], m[8]))}{offset}"
    if tuple(m) == SEPIA:
        return f"the usual sepia matrix{offset}"
    rows = "; ".join(" ".join(f"{v:.4g}" for v in m[i : i + 3]) for i in (0, 3, 6))
    return f"the matrix [{rows}]{offset}"


def _numbers(values: Sequence[float]) -> str:
    return f"{values[0]:.5g}" if len(set(values)) == 1 else "(" + ", ".join(f"{v:.5g}" for v in values) + ")"

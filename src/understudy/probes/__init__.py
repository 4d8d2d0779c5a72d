"""Pictures made to be sent, so that `learn` can see a step.

One small file a family of probes; each probe says which questions of `learn` it settles, and why. `probe` makes a set
of them, each with a mark (`mark`) that a download still carries when it has lost its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from .base import Made, Probes

if TYPE_CHECKING:
    from ..profile import Profile

__all__ = ["Made", "Probes", "probe"]


def probe(
    asked: str | Sequence[str] | Profile | None = None,
    *,
    set: Literal["compact", "full"] = "compact",
    seed: int = 0,
    photographs: Mapping[str, bytes] | None = None,
    progress: Callable[[str, float], None] = lambda text, share: None,
) -> Probes:
    """Pictures to send to a platform, and the manifest that ties each to what it asks.

    asked: None for a whole set; steps or questions, as a sequence or a text with commas (`resize,encode`); or a profile
    that `learn` made, for what it left open, in sizes below and above its limit.
    set: `compact` (nine pictures) or `full`, where nothing is asked. seed: other scenes of the same kind.
    photographs: file name -> bytes, sent as they are beside the probes, without a mark.

    The same version, seed and libraries (Pillow, zlib) give the same bytes. Raises UnderstudyError for names that are
    neither step nor question, for a profile that was not learned, and where nothing is left to ask.
    """
    from . import manifest
    from .making import make, set_id
    from .photographs import made_of

    which, chosen = _chosen(asked, set)
    files = make(chosen, seed, progress)
    files += made_of(photographs or {}, len(files), frozenset(p.name for _, p in chosen))
    own = set_id([p for _, p in chosen], seed)
    return Probes(files, manifest.document(files, which, seed, own))


def _chosen(asked: str | Sequence[str] | Profile | None, which: str) -> tuple[str, tuple]:  # type: ignore[type-arg]
    from ..errors import UnderstudyError
    from . import choosing

    if asked is None:
        return which, choosing.named(which)
    if isinstance(asked, str):
        asked = [name.strip() for name in asked.split(",") if name.strip()]
    if isinstance(asked, Sequence):
        named = ", ".join(asked)
        rows = choosing.settling(choosing.questions_of(asked))
    else:
        named = asked.name
        rows = choosing.for_profile(asked)
    if not rows:
        raise UnderstudyError(
            f"no probe is left for {named}", place="probe", expected="questions that a picture settles"
        )
    return f"for {named}", rows

"""What mozjpeg adds to libjpeg: overshoot deringing, and the options of its trellis."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...codec.mozjpeg.trellis import Tune
from ...codec.variants import Dct, Downsampling, Engine, Quantizer
from ...steps.encode import Encode
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from . import _witnesses as witnesses
from ._encoders import can_trellis, listed


class DeringingQuestion:
    """Whether white areas overshoot: mozjpeg's deringing, with its trellis or without."""

    name = "overshoot deringing"
    step = "encode"
    order = 24
    would_tell = "a PNG with black text on white, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        if not self._possible(pipeline.encode):
            return []
        kind = witnesses.for_encoder(pairs)
        white = [
            p for p in kind if p.as_sent.pixels[:, :, : max(1, p.as_sent.pixels.shape[2] // 2 * 2 - 1)].max() == 255
        ]
        return white or kind

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        if not self._possible(pipeline.encode):
            return [Candidate("none", pipeline)]
        made = [pipeline.changed(Encode, overshoot_deringing=on) for on in (False, True)]
        return listed(made, lambda p: "deringing" if p.encode.overshoot_deringing else "none")

    @staticmethod
    def _possible(encode: Encode) -> bool:
        if encode.engine is not Engine.LIBJPEG or encode.dct is not Dct.ISLOW:
            return False
        if encode.downsampling is Downsampling.LIBJPEG_7:
            return False
        return encode.quantizer is Quantizer.MOZJPEG_TRELLIS or (
            encode.quantizer is Quantizer.PLAIN and can_trellis(encode)
        )


class TrellisQuestion:
    """The options of mozjpeg's trellis: each changed alone, and the pairs of them that its users set together."""

    name = "trellis options"
    step = "encode"
    order = 26
    would_tell = "a detailed PNG, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        if pipeline.encode.quantizer is not Quantizer.MOZJPEG_TRELLIS:
            return []
        return witnesses.for_encoder(pairs)[:2]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        encode = pipeline.encode
        if encode.quantizer is not Quantizer.MOZJPEG_TRELLIS:
            return [Candidate("no trellis", pipeline)]
        made = [encode, replace(encode, trellis_quant_dc=not encode.trellis_quant_dc)]
        made += [replace(encode, trellis_tune=tune) for tune in Tune]
        made += [replace(encode, trellis_use_scans=not encode.trellis_use_scans)]
        made += [replace(encode, trellis_eob_opt=not encode.trellis_eob_opt)]
        made += [replace(encode, trellis_num_loops=loops) for loops in (1, 2, 3)]
        return listed([pipeline.having(e) for e in made], lambda p: _options(p.encode))


def _options(encode: Encode) -> str:
    parts = [str(encode.trellis_tune)]
    parts += [] if encode.trellis_quant_dc else ["AC only"]
    parts += ["multipass"] if encode.trellis_use_scans else []
    parts += ["whole blocks emptied"] if encode.trellis_eob_opt else []
    parts += [f"{encode.trellis_num_loops} loops"] if encode.trellis_num_loops != 1 else []
    return ", ".join(parts)


QUESTIONS: list[Question] = [DeringingQuestion(), TrellisQuestion()]

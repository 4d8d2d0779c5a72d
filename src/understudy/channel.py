"""Channel: a profile as a layer of PyTorch. The forward is what the platform delivers, as a decoder shows it, to the
last bit; the backward is a gradient that trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from .errors import PictureError, ProfileError
from .nn.arguments import Quality, checked_pictures, checked_steps, keep_nan, positive, qualities, warn_of_other_ranges
from .nn.draws import Draws
from .nn.gradient import enter, leave
from .nn.ops import Call, Run
from .nn.plan import plan, played
from .nn.rounding import ROUNDINGS, Rounding
from .profile import Profile, load_profile
from .steps import Raster, Source, Step
from .steps.base import Differentiable

__all__ = ["Channel"]


class Channel(nn.Module):
    """The platform of a profile, between [B, 3, H, W] in [0, 1] and what is seen of its delivery, the same and exact.

        channel = us.Channel("facebook/classic-2014", sigma=8.0)
        delivered = channel(pictures)             # differentiable; 255 * delivered are the true samples
        channel.sigma = 3.0                       # in training: from a large one down to a small one

    `round(255 * channel(x))` equals `us.mimic(round(255 * x), profile).pixels()`, which is what libjpeg-turbo decodes.
    A profile's decode step is left out, as `mimic` leaves it out for samples, unless `sent` says what they are sent as.
    So is a `passthrough`: a tensor has no bytes that could be handed out untouched, so every picture goes on to the
    next step, also one so small that its file would be passed through (`left_out` and the layer's text say so).

    The profile's parameters are no parameters of the network; `state_dict` holds `sigma` alone.
    """

    if TYPE_CHECKING:  # a buffer that takes numbers, too; for a checker, since a property would hide the buffer

        @property
        def sigma(self) -> Tensor: ...
        @sigma.setter
        def sigma(self, value: float | Tensor) -> None: ...

    def __init__(
        self,
        profile: str | Path | Profile | Sequence[str | Path | Profile],
        *,
        sigma: float = 4.0,
        rounding: Rounding = "smoothed",
        sent: str | Path | Profile | None = None,
        random: Mapping[str, Any] | None = None,
        seed: int | None = None,
        **overrides: Any,
    ) -> None:
        """
        profile: see `load_profile`; of several, one is drawn for each picture while training.
        sigma: in samples (of 255), > 0: the noise at the encoder's input over which the rounding of coefficients is
            averaged for its derivative. Large ones see far and blurred, small ones near and sharp; train from large to
            small. A buffer: assign a number.
        rounding: "smoothed", "straight-through" (derivative 1) or "cubic"; it concerns quantisers. Rounding to whole
            samples is straight-through in all of them.
        sent: the profile by which the picture becomes the file that is sent; then the platform's own decode step (or
            a transcode) is part of the channel.
        random: parameter -> (low, high), both included, or a list to choose from: drawn for each picture while
            training. In `eval()` the profile's own value holds, and of several profiles the first.
        seed: of those draws; None takes torch's.
        overrides: parameter values as `mimic` takes them, for all profiles.

        Raises ProfileError for names and values that do not fit, and for a step that has no surrogate.
        """
        super().__init__()
        several = list(profile) if isinstance(profile, Sequence) and not isinstance(profile, str) else [profile]
        if not several:
            raise ProfileError("no profile", place="Channel", expected="at least one")
        if rounding not in ROUNDINGS:
            raise ProfileError(f"rounding {rounding!r}", place="Channel", expected=" or ".join(ROUNDINGS))
        self.profiles = tuple(load_profile(p).with_values(overrides) for p in several)
        self.sent = None if sent is None else load_profile(sent)
        self.rounding: Rounding = rounding
        self.register_buffer("sigma", torch.tensor(positive(sigma)))
        self.draws = Draws(self.profiles, random or {}, seed)
        self.identity = sha256(repr((self.profiles, self.sent)).encode()).hexdigest()
        """Stands for all that decides about the forward."""
        self._plans: dict[Any, tuple[Call, ...]] = {}
        self._looked = False
        for one in self.profiles:
            for step in self._steps(one):
                if not isinstance(step, Differentiable):
                    raise ProfileError(f"step {step.name}", place=one.name, expected="a step with a surrogate")

    @property
    def profile(self) -> Profile:
        """The profile, overrides applied; of several, the first."""
        return self.profiles[0]

    @property
    def left_out(self) -> dict[str, str]:
        """`step` -> why the channel does not do it; empty for most profiles."""
        every = [s for one in (*self.profiles, *([self.sent] if self.sent else [])) for s in one.steps]
        return {s.name: "a tensor has no bytes to hand out" for s in every if _is_of_files(s)}

    @property
    def outside_torch(self) -> dict[str, str]:
        """`step` -> why its forward runs in main memory by `mimic`'s own code on every device; empty for most."""
        found = {step.name: step.outside_torch() for one in self.profiles for step in self._steps(one)}
        return {name: reason for name, reason in found.items() if reason}

    @property
    def exact_in_torch(self) -> bool:
        """Whether every step has an exact form in torch. The result is exact either way."""
        return not self.outside_torch

    def forward(
        self,
        x: Tensor,
        *,
        quality: Quality | None = None,
        steps: Tensor | None = None,
        icc: bytes | None = None,
        orientation: int = 1,
    ) -> Tensor:
        """The delivered pictures, [B, 3, H', W'] in [0, 1] (1 channel where the platform delivers grey), in x's type.

        x: [B, C, H, W] floats in [0, 1], C 1 (grey), 3 (RGB), 2 or 4 (with alpha), in float64, float32, float16 or
            bfloat16. Rounded to 8 bit and clamped first; where much is to be clamped, the first call warns. A picture
            that holds a NaN comes out as NaN.
        quality: [B] or one, 1 to 100, instead of the encode step's own; rounded. A tensor of floats gets a gradient,
            and is clamped to 1 to 100.
        steps: [B or 1, 2, 64], instead of its tables: luma's and chroma's steps in natural order, 1 to 65535, whole
            numbers; gets a gradient if it is a float.
        icc, orientation: what the pictures carry: an ICC profile, an EXIF orientation from 1 to 8.

        Raises PictureError for tensors of another form, or where pictures of a batch come out in different sizes, and
        ProfileError for other arguments that do not fit.
        """
        checked_pictures(x)
        rates = qualities(quality, len(x), x.device)
        if steps is not None:
            checked_steps(steps, len(x))
        if orientation not in range(1, 9):
            raise PictureError(f"orientation {orientation!r}", place="Channel", expected="1 to 8, as in EXIF")
        if not torch.compiler.is_compiling() and not self._looked:  # in this order: what is not read needs no guard
            self._looked = True
            warn_of_other_ranges(x)
        samples = enter(x)
        if self.training and self.draws:
            out = self._drawn(samples, rates, steps, icc, orientation)
        else:
            out = self._run(0, samples, rates, steps, icc, orientation)
        return keep_nan(leave(out, x.dtype), x)

    def _steps(self, profile: Profile) -> list[Step]:
        """The steps that samples go through, in order."""
        mine = [s for s in profile.steps if not _is_of_files(s)]
        if self.sent is not None:
            first, later = [s for s in self.sent.steps if not _is_of_files(s)], mine
        else:
            first, later = mine, []
        kept = [s for i, s in enumerate(first) if not (i == 0 and s.takes is Source and s.gives is Raster)]
        if kept and kept[0].takes is Source:
            raise ProfileError(
                f"step {kept[0].name} takes a file", place=profile.name, expected="samples",
                remedy="say what the pictures are sent as: sent='generic/libjpeg-turbo'",
            )  # fmt: skip
        return [*kept, *later]

    @torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
    def _plan(self, identity: str, which: int, form: str, icc: bytes | None, orientation: int) -> Any:
        """The operations for pictures of `form` ("C H W"), by the profile of that number; made once.

        identity: so that code compiled for one channel is not taken for another: a compiler guards its arguments.
        """
        key = which, form, icc, orientation
        if key not in self._plans:
            channels, height, width = (int(n) for n in form.split())
            steps = self._steps(self.draws.variants[which])
            platform = [s for s in self.draws.variants[which].steps if not _is_of_files(s)]
            senders = 0 if self.sent is None else len(steps) - len(platform)
            self._plans[key] = plan(steps, (channels, height, width), icc, orientation, senders)
        return self._plans[key]

    def _run(
        self, which: int, samples: Tensor, quality: Tensor | None, tables: Tensor | None, icc: bytes | None,
        orientation: int,
    ) -> Tensor:  # fmt: skip
        _, channels, height, width = samples.shape
        # As text, for a compiler: sizes that it holds open become constants, one graph a size.
        calls = self._plan(self.identity, which, f"{channels} {height} {width}", icc, orientation)
        return played(calls, samples, Run(self.sigma, self.rounding, quality, tables))

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_plans": {}}

    def _drawn(
        self, samples: Tensor, quality: Tensor | None, tables: Tensor | None, icc: bytes | None, orientation: int
    ) -> Tensor:
        """As `_run`, each picture by what is drawn for it; those that agree in all but quality run together."""
        parts, order = [], []
        for which, indices, drawn in self.draws.groups(len(samples)):
            mine = torch.tensor(indices, device=samples.device)
            own_quality = _rows(quality, mine)
            if own_quality is None and drawn is not None:
                own_quality = torch.tensor(drawn, dtype=torch.float32, device=samples.device)
            out = self._run(which, samples[mine], own_quality, _rows(tables, mine), icc, orientation)
            parts.append(out)
            order += indices
        if len({p.shape[1:] for p in parts}) > 1:
            raise PictureError(
                f"sizes {', '.join(sorted({str(tuple(p.shape[1:])) for p in parts}))} in one batch",
                place="Channel with random draws", expected="one", remedy="draw among profiles that resize alike",
            )  # fmt: skip
        back = torch.empty(len(order), dtype=torch.long)
        back[order] = torch.arange(len(order))
        return torch.cat(parts)[back.to(samples.device)]

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "sigma" and not isinstance(value, Tensor):
            with torch.no_grad():
                self.sigma.fill_(positive(value))
        else:
            super().__setattr__(name, value)

    def extra_repr(self) -> str:
        """The profile, how roundings are differentiated, which steps torch cannot do, and which are left out."""
        names = ", ".join(p.name for p in self.profiles)
        ways = [f"{name} by mimic: {reason}" for name, reason in self.outside_torch.items()]
        ways += [f"{name} left out: {reason}" for name, reason in self.left_out.items()]
        sigma = f"sigma={float(self.sigma):g}, " if self.rounding == "smoothed" else ""
        return f"{names}, {sigma}rounding={self.rounding}, {'; '.join(ways) or 'exact in torch'}"


def _is_of_files(step: Step) -> bool:
    """Whether a step looks at a file's bytes and gives a file: nothing for a picture that is no file."""
    return step.takes is Source and step.gives is Source


def _rows(values: Tensor | None, indices: Tensor) -> Tensor | None:
    """The rows of a batch's values at `indices`; one row serves all."""
    return values if values is None or len(values) == 1 else values[indices]

"""A channel as a step of other people's pipelines: shaped like torchvision.transforms.v2, and like albumentations.

Neither package is imported. Their types are told by what they are called and do, so that a pipeline without them works
as well: plain tensors, Pillow images, arrays.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from ..errors import PictureError
from ..steps.decode import pixels_of

__all__ = ["Augmentation", "Transform"]


class Transform(nn.Module):
    """A channel in the manner of a `torchvision.transforms.v2` transform.

        pipeline = v2.Compose([v2.RandomHorizontalFlip(), us.nn.Transform(us.Channel("facebook", random=...))])

    It takes any nesting of anything. Pictures are delivered: `tv_tensors.Image` and Pillow images, or, where there is
    neither, the first plain tensor, as in v2. Everything else passes. Tensors are `[..., 1 or 3 channels, H, W]`, uint8
    (0..255) or floats (0..1), and come back as what they were. A Pillow image's ICC profile goes into the channel, and
    the delivered image has none.

    A channel whose profile resizes moves boxes and masks, which are not moved here: with such beside the picture a
    delivery of another size raises PictureError.
    """

    def __init__(self, channel: nn.Module, p: float = 1.0) -> None:
        """channel: `us.Channel(...)` or another module of its form. p: probability that a call delivers at all."""
        super().__init__()
        self.channel = channel
        self.p = _probability(p)

    def forward(self, *inputs: Any) -> Any:
        """The inputs with their pictures delivered; one input comes back alone, several as a tuple."""
        leaves, form = pytree.tree_flatten(inputs if len(inputs) > 1 else inputs[0])
        if self.p < 1 and float(torch.rand(())) >= self.p:
            return pytree.tree_unflatten(leaves, form)
        kinds = [_kind(leaf) for leaf in leaves]
        named = "image" in kinds
        made = []
        for leaf, kind in zip(leaves, kinds, strict=True):
            if kind == "image" or (kind == "tensor" and not named):
                named = True  # of plain tensors the first alone
                made.append(self._delivered(leaf))
            else:
                made.append(leaf)
        if "located" in kinds:
            _check_size(leaves, made)
        return pytree.tree_unflatten(made, form)

    def _delivered(self, picture: Any) -> Any:
        if not isinstance(picture, Tensor):
            return _delivered_image(self.channel, picture)
        plain = picture.as_subclass(Tensor)
        flat = plain.reshape(-1, *plain.shape[-3:])
        out = deliver(self.channel, flat)
        return _wrapped(out.reshape(*plain.shape[:-3], *out.shape[1:]), picture)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Augmentation:
    """A channel in the manner of an `albumentations` transform: `augmentation(image=array)["image"]`.

        A.Compose([A.HorizontalFlip(), us.nn.Augmentation(us.Channel("facebook", random=...), p=0.5)])

    image: `[H, W, 1 or 3]` or `[H, W]`, uint8 (0..255) or float32 (0..1), and comes back as what it was. Other
    arguments pass. One of `mask`, `masks`, `bboxes`, `keypoints` beside a delivery of another size raises PictureError.
    """

    available_keys = frozenset({"image"})
    targets_as_params: tuple[str, ...] = ()
    """Both for `albumentations.Compose`, which asks its parts."""
    _located = ("mask", "masks", "bboxes", "keypoints")

    def __init__(self, channel: nn.Module, p: float = 0.5) -> None:
        """channel: `us.Channel(...)` or another module of its form. p: probability that a call delivers at all."""
        self.channel = channel
        self.p = _probability(p)
        self._more: tuple[str, ...] = ()

    def __call__(self, *args: Any, force_apply: bool = False, **data: Any) -> dict[str, Any]:
        """The data with its picture delivered. Raises KeyError for arguments without a name, as albumentations does."""
        if args:
            raise KeyError("arguments have names here: augmentation(image=image)")
        if not force_apply and float(torch.rand(())) >= self.p:
            return data
        made = {key: self.apply(data[key]) for key in ("image", *self._more) if key in data}
        moved = [key for key in made if made[key].shape[:2] != data[key].shape[:2]]
        beside = [key for key in self._located if data.get(key) is not None and len(data[key])]
        if moved and beside:
            raise _moved(data[moved[0]].shape[:2], made[moved[0]].shape[:2], beside[0])
        return {**data, **made}

    def apply(self, image: NDArray[Any], **params: Any) -> NDArray[Any]:
        """One picture delivered; it also serves as `albumentations.Lambda(image=augmentation.apply)`."""
        planes = torch.from_numpy(np.ascontiguousarray(image if image.ndim == 3 else image[:, :, None]))
        with torch.no_grad():
            out = deliver(self.channel, planes.permute(2, 0, 1)[None])[0].permute(1, 2, 0).contiguous().numpy()
        return out if image.ndim == 3 else out[:, :, 0]

    def add_targets(self, additional_targets: Mapping[str, str] | None) -> None:
        """Names of further pictures: those whose kind is `image`."""
        self._more += tuple(name for name, kind in (additional_targets or {}).items() if kind == "image")

    def to_dict_private(self) -> dict[str, Any]:
        """What `albumentations.Compose` shows of it. A channel is not written to albumentations' files."""
        return {"__class_fullname__": "understudy.nn.Augmentation", "p": self.p}

    def __repr__(self) -> str:
        return f"Augmentation({self.channel!r}, p={self.p})"


def deliver(channel: nn.Module, pictures: Tensor, **carried: Any) -> Tensor:
    """`[B, C, h, w]` of `[B, C, H, W]`, uint8 or floats, as what they were; `carried` goes to the channel."""
    if pictures.shape[1] not in (1, 3) or (pictures.dtype != torch.uint8 and not pictures.is_floating_point()):
        raise PictureError(
            f"{pictures.dtype} of shape {tuple(pictures.shape)}", place="picture for a channel",
            expected="uint8 or floats, 1 or 3 channels", remedy="put the channel before what normalises",
        )  # fmt: skip
    device = next((t.device for t in (*channel.parameters(), *channel.buffers())), pictures.device)
    x = pictures.to(device)
    x = x.float() / 255 if pictures.dtype == torch.uint8 else x
    out: Tensor = channel(x, **carried)
    if out.shape[1] < pictures.shape[1]:
        out = out.expand(-1, pictures.shape[1], -1, -1)
    elif out.shape[1] > pictures.shape[1]:
        out = out[:, : pictures.shape[1]]  # grey that the platform made three channels of: all are the same
    out = (out * 255).round().to(torch.uint8) if pictures.dtype == torch.uint8 else out.to(pictures.dtype)
    return out.to(pictures.device)


def _probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"p {p}, expected 0 to 1")
    return float(p)


def _kind(leaf: Any) -> str:
    """`image`, `tensor`, `located` (what belongs to places in a picture), or "" for the rest."""
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(leaf, pillow.Image):
        return "image"
    if not isinstance(leaf, Tensor):
        return ""
    name = type(leaf).__name__
    if name in ("Image", "Video"):
        return "image"
    return "located" if name in ("BoundingBoxes", "Mask", "KeyPoints") else "tensor" if type(leaf) is Tensor else ""


def _wrapped(out: Tensor, like: Tensor) -> Tensor:
    """A subclass's tensor again, by torchvision's own way where that is loaded."""
    if type(like) is Tensor:
        return out
    own = sys.modules.get("torchvision.tv_tensors")
    if own is not None and isinstance(like, own.TVTensor):
        again: Tensor = own.wrap(out, like=like)
        return again
    return out.as_subclass(type(like))


def _delivered_image(channel: nn.Module, image: Any) -> Any:
    from PIL import Image

    pixels = pixels_of(image)
    if pixels.shape[2] in (2, 4):
        raise PictureError(
            f"mode {image.mode}", place="picture for a channel", expected="grey or RGB", remedy='image.convert("RGB")'
        )
    icc = image.info.get("icc_profile")
    planes = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
    with torch.no_grad():
        made = deliver(channel, planes, **({"icc": icc} if icc else {}))[0].permute(1, 2, 0).contiguous().numpy()
    return Image.fromarray(made if made.shape[2] == 3 else made[:, :, 0])


def _size(picture: Any) -> tuple[int, int]:
    if isinstance(picture, Tensor):
        return picture.shape[-2], picture.shape[-1]
    return picture.height, picture.width


def _check_size(before: list[Any], after: list[Any]) -> None:
    for old, new in zip(before, after, strict=True):
        if old is not new and _size(old) != _size(new):
            raise _moved(_size(old), _size(new), "boxes, masks or key points")


def _moved(old: Any, new: Any, beside: str) -> PictureError:
    return PictureError(
        f"{tuple(old)} became {tuple(new)} beside {beside}", place="channel in a pipeline", expected="the same size",
        remedy="resize first, so that the platform does not",
    )  # fmt: skip

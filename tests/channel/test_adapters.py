"""A channel in pipelines shaped like torchvision.transforms.v2 and albumentations, with stand-ins for their types.

Both packages themselves were tried by hand: torchvision 0.28.0's v2.Compose with tv_tensors, albumentations 2.0.8's
Compose and Lambda.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from torch.utils.data import DataLoader, Dataset

import understudy as us
from understudy.channel import Channel
from understudy.errors import PictureError
from understudy.nn.adapters import Augmentation, Transform

PROFILE = "generic/libjpeg-turbo"


class Image(torch.Tensor):
    """Named as torchvision's tensor of a picture."""


class BoundingBoxes(torch.Tensor):
    """Named as torchvision's tensor of boxes."""


class Half(torch.nn.Module):
    """A channel that delivers every second sample."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[..., ::2, ::2]


def pixels(height: int = 21, width: int = 34, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def delivered(picture: np.ndarray, **values: object) -> np.ndarray:
    return us.mimic(picture, PROFILE, **values).pixels()


def test_transform_of_a_sample() -> None:
    """The picture is delivered, the rest passes; types and dtypes stay."""
    picture = pixels()
    tensor = torch.from_numpy(picture).permute(2, 0, 1)
    wanted = torch.from_numpy(delivered(picture)).permute(2, 0, 1)
    transform = Transform(Channel(PROFILE))
    assert torch.equal(transform(tensor), wanted)
    assert torch.equal(transform(tensor.float() / 255), wanted.float() / 255)
    made, label = transform(tensor, 7)
    assert torch.equal(made, wanted)
    assert label == 7
    sample = {"x": [tensor, tensor], "image": tensor.as_subclass(Image), "names": ("a",)}
    out = transform(sample)
    assert out["x"][0] is tensor, "beside an Image plain tensors pass"
    assert type(out["image"]) is Image
    assert torch.equal(out["image"].as_subclass(torch.Tensor), wanted)
    assert out["names"] == ("a",)
    assert torch.equal(transform(torch.stack([tensor, tensor])[None])[0, 1], wanted)


def test_transform_of_pillow_images() -> None:
    """RGB and grey; alpha is refused with the remedy."""
    transform = Transform(Channel(PROFILE))
    made = transform(Pillow.fromarray(pixels()))
    assert np.array_equal(np.asarray(made), delivered(pixels()))
    grey = pixels(channels=1)[:, :, 0]
    assert np.array_equal(np.asarray(transform(Pillow.fromarray(grey))), delivered(grey)[:, :, 0])
    with pytest.raises(PictureError, match="convert"):
        transform(Pillow.fromarray(pixels(channels=4)))


def test_boxes_do_not_survive_another_size() -> None:
    boxes = torch.zeros(1, 4).as_subclass(BoundingBoxes)
    picture = torch.from_numpy(pixels()).permute(2, 0, 1)
    same = Transform(Channel(PROFILE))((picture, boxes))
    assert same[1] is boxes
    with pytest.raises(PictureError, match="boxes"):
        Transform(Half())((picture, boxes))
    assert Transform(Half())((picture, "cat"))[0].shape == (3, 11, 17)


def test_probability() -> None:
    picture = torch.from_numpy(pixels()).permute(2, 0, 1)
    assert Transform(Half(), p=0)(picture) is picture
    torch.manual_seed(0)
    some = [Transform(Half(), p=0.5)(picture) is picture for _ in range(40)]
    assert 8 < sum(some) < 32
    with pytest.raises(ValueError, match="0 to 1"):
        Transform(Half(), p=2)
    assert Augmentation(Half(), p=0)(image=pixels())["image"].shape == (21, 34, 3)


def test_augmentation() -> None:
    """uint8 and float32, grey with and without its third dimension; other data and further pictures."""
    augmentation = Augmentation(Channel(PROFILE), p=1)
    picture = pixels()
    out = augmentation(image=picture, label=3)
    assert np.array_equal(out["image"], delivered(picture))
    assert out["label"] == 3
    floats = augmentation(image=picture.astype(np.float32) / 255)["image"]
    assert floats.dtype == np.float32
    assert np.array_equal(np.rint(floats * 255), delivered(picture))
    grey = pixels(channels=1)[:, :, 0]
    assert np.array_equal(augmentation(image=grey)["image"], delivered(grey)[:, :, 0])
    augmentation.add_targets({"other": "image", "mask2": "mask"})
    assert np.array_equal(augmentation(image=picture, other=pixels(seed=4))["other"], delivered(pixels(seed=4)))
    with pytest.raises(KeyError, match="names"):
        augmentation(picture)
    with pytest.raises(PictureError, match="mask"):
        Augmentation(Half(), p=1)(image=picture, mask=np.zeros((21, 34)))
    assert Augmentation(Half(), p=1)(image=picture, bboxes=[])["image"].shape == (11, 17, 3)
    with pytest.raises(PictureError, match="normalises"):
        augmentation(image=picture.astype(np.int32))


class Pictures(Dataset):
    """Each sample goes through a channel that draws its quality."""

    def __init__(self) -> None:
        self.transform = Transform(Channel(PROFILE, random={"encode.quality": (40, 90)}))

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.transform(torch.from_numpy(pixels(16, 16)).permute(2, 0, 1))


def test_data_loader_workers() -> None:
    """In worker processes, whose draws differ."""
    torch.manual_seed(3)
    batches = list(DataLoader(Pictures(), batch_size=3, num_workers=2))
    assert [b.shape for b in batches] == [(3, 3, 16, 16)] * 2
    assert len({one.numpy().tobytes() for b in batches for one in b}) > 3

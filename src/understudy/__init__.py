"""understudy knows, exactly, what a platform does to pictures.

    import understudy as us
    us.inspect(data)                                what delivered bytes say
    us.mimic(picture, "facebook").data              the file that Facebook delivers
    us.probe().by_name                              pictures to send, which show it
    us.learn("pairs/").profile                      what a platform does, found out from pairs
    us.verify("facebook", "pairs/")                 a profile against real pairs
    us.collect("pairs/", "mastodon")                pictures to a platform and back, exactly once
    us.rewrite(delivered, "facebook").identical     would this profile have written this file?
    us.Channel("facebook/classic-2014")             the platform as a layer of PyTorch

Names are loaded on first use, so that importing the package costs nothing; nothing here imports torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from . import jpeg, nn
    from .channel import Channel
    from .collecting.collect import Collected, collect
    from .delivery import Delivery, mimic
    from .errors import JpegError, LimitError, PairsError, PictureError, ProfileError, UnderstudyError
    from .inspection import Inspection, inspect
    from .learning.learned import Learned, learn
    from .nn.through import through
    from .pairs import Pair, find_pairs
    from .probes import Probes, probe
    from .profile import Profile, load_profile
    from .rewriting import Rewritten, rewrite
    from .verification import Scores, verify

_HOMES = {
    "Channel": "channel",
    "Collected": "collecting.collect",
    "Delivery": "delivery",
    "Inspection": "inspection",
    "JpegError": "errors",
    "Learned": "learning.learned",
    "LimitError": "errors",
    "Pair": "pairs",
    "PairsError": "errors",
    "PictureError": "errors",
    "Probes": "probes",
    "Profile": "profile",
    "ProfileError": "errors",
    "Rewritten": "rewriting",
    "Scores": "verification",
    "UnderstudyError": "errors",
    "collect": "collecting.collect",
    "find_pairs": "pairs",
    "inspect": "inspection",
    "jpeg": "",
    "learn": "learning.learned",
    "load_profile": "profile",
    "mimic": "delivery",
    "nn": "",
    "probe": "probes",
    "rewrite": "rewriting",
    "through": "nn.through",
    "verify": "verification",
}

__all__ = [
    "Channel",
    "Collected",
    "Delivery",
    "Inspection",
    "JpegError",
    "Learned",
    "LimitError",
    "Pair",
    "PairsError",
    "PictureError",
    "Probes",
    "Profile",
    "ProfileError",
    "Rewritten",
    "Scores",
    "UnderstudyError",
    "__version__",
    "collect",
    "find_pairs",
    "inspect",
    "jpeg",
    "learn",
    "load_profile",
    "mimic",
    "nn",
    "probe",
    "rewrite",
    "through",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    try:
        module = importlib.import_module(f".{home or name}", __name__)
    except ModuleNotFoundError as error:
        if error.name == "torch":
            error.msg += f"; understudy.{name} needs PyTorch: pip install torch, or the extra `torch`"
        raise
    value = getattr(module, name) if home else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)

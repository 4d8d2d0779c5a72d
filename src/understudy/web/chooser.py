"""The shipped profiles as a page shows them: by platform, then by era, each with its proof in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..profile import Profile, shipped_profiles

NAMES = {
    "facebook": "Facebook", "generic": "Software", "imgur": "Imgur", "instagram": "Instagram", "linkedin": "LinkedIn",
    "mastodon": "Mastodon", "messenger": "Messenger", "signal": "Signal", "telegram": "Telegram",
    "twitter": "X / Twitter", "weibo": "Weibo", "whatsapp": "WhatsApp",
}  # fmt: skip


@dataclass(frozen=True)
class Era:
    """One profile of a platform."""

    value: str
    """What a form sends for it."""
    label: str
    years: str
    profile: Profile

    @property
    def key(self) -> str:
        """Fit for an id in HTML."""
        return "".join(c if c.isalnum() else "-" for c in self.value)


@dataclass(frozen=True)
class Platform:
    """A platform and its eras, the newest first, special cases last."""

    name: str
    eras: tuple[Era, ...]


def platforms(profiles: Iterable[Profile] | None = None) -> list[Platform]:
    """The shipped profiles (or these), the platform with most eras first, then by name."""
    by_name: dict[str, list[Profile]] = {}
    for profile in shipped_profiles().values() if profiles is None else profiles:
        by_name.setdefault(profile.when.platform, []).append(profile)
    found = [Platform(NAMES.get(name, name.capitalize()), _eras(theirs)) for name, theirs in by_name.items()]
    return sorted(found, key=lambda p: (-len(p.eras), p.name))


def _eras(profiles: Iterable[Profile]) -> tuple[Era, ...]:
    newest = sorted(profiles, key=lambda p: (p.when.by_name_only, -(p.when.since or 0), p.name))
    return tuple(_era(p) for p in newest)


def _era(profile: Profile) -> Era:
    """A name that is only a year gives way to the years."""
    label, when = profile.name.partition("/")[2], years(profile)
    return Era(profile.name, when or label, "", profile) if label.isdigit() else Era(profile.name, label, when, profile)


def years(profile: Profile) -> str:
    """When a profile holds: 2014-2021, since 2024, or nothing where no year is known."""
    when = profile.when
    if when.since is None:
        return ""
    if when.until is None:
        return f"since {when.since}"
    return str(when.since) if when.until == when.since else f"{when.since}–{when.until}"

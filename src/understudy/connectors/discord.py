"""Discord: a bot's message with one attachment in your own channel; the attachment and what the media proxy makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ._common import CLIENT_ERRORS, PAGES, document, failed, file_safe, fits, number, too_many
from .base import AuthError, ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats, Setting
from .http import Answer

LIMIT = 10 << 20
"""Bytes of one file where neither the server nor the sender is boosted: "10 MiB"."""
NONCE = 25
"""Letters that a nonce may have."""
PAGE = 100
UNKNOWN_MESSAGE = 10008
TOO_LARGE, INVALID_TOKEN = 40005, 50014
RIGHTS = frozenset({50001, 50013, INVALID_TOKEN, 40001})
"""Missing access, missing permissions, invalid token, unauthorized."""


class Discord:
    """Posts as a bot into one channel, which should be a private one: only its members see the message."""

    name: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord bot"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("token", "the bot's, from the Developer Portal, Bot", True),
        Setting("channel_id", "a private channel: developer mode, then Copy Channel ID"),
        Setting("base_url", "the API with its version", default="https://discord.com/api/v10"),
        Setting("variants", "parameters for the media proxy, `;` between variants; - for none", default="format=webp"),
    )
    takes: ClassVar[tuple[str, ...]] = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
    repeats: ClassVar[Repeats] = Repeats.FINDABLE
    terms: ClassVar[str] = (
        "Your own bot and server, through the official API under Discord's Developer Terms; the bot needs View "
        "Channel, Send Messages, Attach Files and Read Message History there."
    )
    source: ClassVar[str] = (
        "discord/discord-api-docs (resources/message: Create Message with nonce and enforce_nonce, Get Channel "
        "Messages, Delete Message, Attachment; reference: Uploading Files; topics: Rate Limits, Opcodes), read "
        "2026-11-22. The media proxy's parameters (format, width, height, quality) are not documented: they are what "
        "its own clients use. `enforce_nonce` counts for some minutes only. Never tried on the real service."
    )

    most_bytes: ClassVar[int] = LIMIT

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        from .._version import __version__

        self._http = http
        self._base = settings["base_url"].rstrip("/")
        self._channel = settings["channel_id"]
        # The reference asks for this form of User-Agent and blocks requests with others.
        agent = f"DiscordBot (understudy, {__version__})"
        self._headers = {"authorization": f"Bot {settings['token']}", "user-agent": agent}
        given = settings["variants"].strip()
        self._variants = [] if given == "-" else [v.strip() for v in given.split(";") if v.strip()]

    def check(self) -> str:
        """`bot example, channel #pictures (123)`. Raises AuthError."""
        me = document(self._ask("GET", "/users/@me"))
        channel = document(self._ask("GET", f"/channels/{self._channel}"))
        return f"bot {me.get('username')}, channel #{channel.get('name')} ({self._channel})"

    def account(self) -> str:
        """The channel's number: pictures are looked for there, whichever bot sent them."""
        return self._channel

    def send(self, picture: Picture, key: str) -> Posted:
        """Posts a message with the key as its text and its first 25 digits as the nonce, without a notification."""
        fits(picture, "Discord", self.takes, LIMIT)
        payload = {
            "content": key,
            "nonce": key[:NONCE],
            "enforce_nonce": True,
            "flags": 1 << 12,  # SUPPRESS_NOTIFICATIONS
            "allowed_mentions": {"parse": []},
            "attachments": [{"id": 0, "filename": picture.name}],
        }
        files = {"files[0]": (picture.name, picture.data, picture.media_type)}
        form = {"payload_json": json.dumps(payload)}
        made = document(self._ask("POST", f"/channels/{self._channel}/messages", form=form, files=files))
        return self._posted(made)

    def find(self, key: str) -> Posted | None:
        """Looks for the key among the channel's messages, newest first."""
        path, before, count = f"/channels/{self._channel}/messages", "", 0
        for _ in range(PAGES):
            params: dict[str, str | int] = {"limit": PAGE, **({"before": before} if before else {})}
            rows = self._ask("GET", path, params=params).json()
            if not isinstance(rows, list):
                raise ConnectorError("no list", place=self._base + path, expected="messages")
            for row in rows:
                # An app gets the texts of its own messages without the privileged intent.
                if row.get("content") == key or row.get("nonce") == key[:NONCE]:
                    return self._posted(row)
            if len(rows) < PAGE:
                return None
            count, before = count + len(rows), str(rows[-1]["id"])
        raise too_many(self._base + path, count)

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """`original` (main: the attachment's `url`), `proxy` (its `proxy_url`), and the proxy with each variant's
        parameters (`proxy-format-webp`). Reads the message anew: attachments' addresses expire after a day."""
        message = document(self._ask("GET", self._path(posted)))
        attached = next(iter(message.get("attachments") or []), None)
        if attached is None:
            raise ConnectorError("no attachment", place=f"message {posted.id}", expected="one")
        got = self._http.request("GET", attached["url"])
        yield Rendition("original", got.url, got.data, got.headers, main=True)
        if attached.get("proxy_url"):
            for variant in ("", *self._variants):
                got = self._http.request("GET", asking(attached["proxy_url"], variant))
                name = "proxy" + ("-" + file_safe(variant) if variant else "")
                yield Rendition(name, got.url, got.data, got.headers)

    def remove(self, posted: Posted) -> None:
        """Deletes the message; its attachment's address stops working some time later."""
        self._ask("DELETE", self._path(posted), gone=True)

    def _path(self, posted: Posted) -> str:
        return f"/channels/{posted.details.get('channel', self._channel)}/messages/{posted.id}"

    def _posted(self, message: Mapping[str, Any]) -> Posted:
        if not message.get("id"):
            raise ConnectorError("no id", place=f"channel {self._channel}", expected="a message")
        return Posted(str(message["id"]), {"channel": str(message.get("channel_id", self._channel))})

    def _ask(self, method: str, path: str, *, gone: bool = False, **sent: Any) -> Answer:
        answer = self._http.request(method, self._base + path, ok=CLIENT_ERRORS, headers=self._headers, **sent)
        if answer.status >= 400 and not (gone and document(answer).get("code") == UNKNOWN_MESSAGE):
            self._refuse(answer, sends=method != "GET")
        return answer

    def _refuse(self, answer: Answer, *, sends: bool) -> NoReturn:
        told = document(answer)
        words = self._http.hide(f"({told.get('code')}) {told.get('message')}") if told else ""
        if told.get("code") == TOO_LARGE:
            raise RejectedError(words, place=answer.url, expected=f"at most {LIMIT:,} bytes")
        if told.get("code") in RIGHTS:
            raise AuthError(words, place=answer.url, remedy="look at the token and the bot's rights in the channel")
        failed(answer, words, sends=sends, wait_s=number(told.get("retry_after")))


def asking(url: str, variant: str) -> str:
    """`url` with the parameters of `variant` (`format=webp&width=400`) in place of its own of the same names."""
    if not variant:
        return url
    parts = urlsplit(url)
    new = dict(parse_qsl(variant, keep_blank_values=True))
    kept = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k not in new]
    return urlunsplit(parts._replace(query=urlencode([*kept, *new.items()])))


CONNECTOR = Discord

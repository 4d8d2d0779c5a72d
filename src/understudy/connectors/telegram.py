"""Telegram, Bot API: a photo in a private chat of the bot, and every PhotoSize that Telegram makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ._common import CLIENT_ERRORS, document, failed, fits, number, sides
from .base import AuthError, ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats, Setting
from .http import Answer

LIMIT = 10_000_000
"""Bytes of a photo: "at most 10 MB in size"."""
LONGEST_SUM, LONGEST_RATIO = 10_000, 20
"""Of width and height: "must not exceed 10000 in total", "ratio must be at most 20"."""
PICTURE_WORDS = ("PHOTO_", "IMAGE_PROCESS_FAILED", "file is too big", "wrong file", "can't parse file")


class Telegram:
    """Sends into one chat, silently. A bot cannot list messages, so nothing tells whether a call whose answer was
    lost arrived."""

    name: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram bot"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("token", "from @BotFather", True),
        Setting("chat_id", "your private chat with the bot: write to it, then read message.chat.id from getUpdates"),
        Setting("base_url", "the Bot API server", default="https://api.telegram.org"),
    )
    takes: ClassVar[tuple[str, ...]] = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp")
    repeats: ClassVar[Repeats] = Repeats.UNKNOWABLE
    terms: ClassVar[str] = "Your own bot and a chat of your own, through the Bot API under Telegram's bot terms."
    source: ClassVar[str] = (
        "core.telegram.org/bots/api (sendPhoto, getFile, deleteMessage, PhotoSize, ResponseParameters, Making "
        "requests) and its mirrors, read 2026-11-22. Which picture types sendPhoto takes is not documented; the words "
        "of errors are not either. Never tried on the real service."
    )

    most_bytes: ClassVar[int] = LIMIT

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._http = http
        self._base = settings["base_url"].rstrip("/")
        self._token = settings["token"]
        self._chat = settings["chat_id"]

    def check(self) -> str:
        """`bot @example_bot, private chat 123`. Raises AuthError."""
        me = self._ask("getMe")
        chat = self._ask("getChat", form={"chat_id": self._chat})
        return f"bot @{me.get('username')}, {chat.get('type')} chat {chat.get('id')}"

    def account(self) -> str:
        """The bot's number and the chat."""
        return f"{self._ask('getMe').get('id')} in {self._chat}"

    def send(self, picture: Picture, key: str) -> Posted:
        """Sends as a photo (not as a file, which Telegram passes through), with the key as its caption."""
        fits(picture, "Telegram", self.takes, LIMIT)
        width, height = sides(picture)
        if width + height > LONGEST_SUM or max(width, height) > LONGEST_RATIO * min(width, height):
            expected = f"a sum of at most {LONGEST_SUM} and a ratio of at most {LONGEST_RATIO} on Telegram"
            raise RejectedError(f"{width}x{height}", place=picture.name, expected=expected)
        form = {"chat_id": self._chat, "caption": key, "disable_notification": "true"}
        files = {"photo": (picture.name, picture.data, picture.media_type)}
        message = self._ask("sendPhoto", form=form, files=files)
        sizes = [
            {"file_id": str(s["file_id"]), "width": int(s["width"]), "height": int(s["height"])}
            for s in message.get("photo") or []
        ]
        if not sizes or "message_id" not in message:
            raise ConnectorError("no photo", place="sendPhoto", expected="a Message with its PhotoSizes")
        chat = (message.get("chat") or {}).get("id", self._chat)
        return Posted(str(message["message_id"]), {"chat": str(chat), "sizes": sizes})

    def find(self, key: str) -> Posted | None:
        """A bot cannot list messages. Raises NotImplementedError."""
        raise NotImplementedError("a Telegram bot cannot look through a chat; look there by hand for the caption")

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """Every PhotoSize, by its size (`1280x960`); `main` is the largest."""
        sizes = posted.details["sizes"]
        largest = max(range(len(sizes)), key=lambda i: sizes[i]["width"] * sizes[i]["height"])
        for i, size in enumerate(sizes):
            file = self._ask("getFile", form={"file_id": size["file_id"]})
            if not file.get("file_path"):
                raise ConnectorError("no file_path", place="getFile", expected="a path, for files of at most 20 MB")
            # The token is in this address: `Http` cuts it out of whatever is kept.
            got = self._http.request("GET", f"{self._base}/file/bot{self._token}/{file['file_path']}")
            name = f"{size['width']}x{size['height']}"
            yield Rendition(name, got.url, got.data, got.headers, main=i == largest)

    def remove(self, posted: Posted) -> None:
        """Deletes the message, which bots may within 48 hours. Raises ConnectorError after them."""
        form = {"chat_id": str(posted.details["chat"]), "message_id": posted.id}
        try:
            self._ask("deleteMessage", form=form)
        except (AuthError, RejectedError):
            raise
        except ConnectorError as error:
            if "message to delete not found" in error.got:
                return
            if "can't be deleted" in error.got:
                error.remedy = "delete it by hand: bots may delete for 48 hours only"
            raise

    def _ask(self, verb: str, **sent: Any) -> dict[str, Any]:
        url = f"{self._base}/bot{self._token}/{verb}"
        answer = self._http.request("POST", url, ok=CLIENT_ERRORS, **sent)
        told = document(answer)
        if answer.status >= 400 or told.get("ok") is not True:
            self._refuse(answer, told)
        result = told.get("result")
        return result if isinstance(result, dict) else {}

    def _refuse(self, answer: Answer, told: Mapping[str, Any]) -> None:
        words = self._http.hide(str(told.get("description") or ""))
        if any(word in words for word in PICTURE_WORDS):
            raise RejectedError(words, place=answer.url)
        if answer.status == 404 and words in ("", "Not Found"):
            # The server does not know the method of a token that it cannot even read as one.
            raise AuthError("status 404: Not Found", place=answer.url, remedy="look at the token from @BotFather")
        failed(answer, words, sends=True, wait_s=number((told.get("parameters") or {}).get("retry_after")))


CONNECTOR = Telegram

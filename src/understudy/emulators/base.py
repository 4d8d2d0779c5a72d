"""What all emulators share: requests that are counted, limited and misbehaved upon, uploads, and the state to look at.

An emulator is one file: a class whose `routes` are the platform's documented endpoints. It stores what it is sent, lets
a profile make the pictures, and answers in the documented shapes. What goes wrong on purpose is decided here, so that
every platform can do it.
"""

from __future__ import annotations

import asyncio
import hashlib
import shlex
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive

from ..errors import UnderstudyError
from .limiting import Limiter, Standing
from .misbehaving import DONE_ALL_THE_SAME, HEADER, Fault, Faults, Plan, PlanError, Reset, Truncated
from .pictures import Pictures
from .storing import Record, Store

MAX_BODY = 64 * 2**20
"""Bytes of a request's body that are read at most, whatever the platform takes."""
MAX_FIELDS, MAX_FILES, MAX_FIELD = 64, 4, 2**20
"""Of a form: fields, files, and bytes of a field that is no file."""
LOOPBACK = ("127.0.0.1", "localhost", "::1", "testserver")

Handler = Callable[[Request], Awaitable[Response]]


class Refused(Exception):
    """A request that is answered with an error of the platform's; nothing was changed."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class BodyTooLarge(Exception):
    """A body beyond `MAX_BODY`."""


class Emulator:
    """One platform. Subclasses give `routes` and the platform's own errors."""

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    """The documentation it is written from, with the date it was read."""
    unconfirmed: ClassVar[tuple[str, ...]]
    """What the documentation does not say, and what is done here."""
    documented_limits: ClassVar[Mapping[str, tuple[int, float]]] = {}
    """Bucket -> (requests, seconds)."""
    secret_setting: ClassVar[str] = "token"
    """What the demo token is called among the settings of `understudy collect`, for the example command."""

    def __init__(
        self, pictures: Pictures, store: Store, plan: Plan, base_url: str | None, clock: Callable[[], float] = time.time
    ) -> None:
        self.pictures, self.store, self.plan, self.clock = pictures, store, plan, clock
        self._base_url = base_url
        self.faults = Faults(plan)
        self.limiter = Limiter({**self.documented_limits, **plan.limits}, clock)
        self.requests: Counter[str] = Counter()

    # What a platform gives.

    def routes(self) -> list[Route]:
        """The platform's endpoints, each made by `on`."""
        raise NotImplementedError

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """The platform's refusal of what exceeds a limit. code: see `Fault.code`."""
        raise NotImplementedError

    def failed(self) -> Response:
        """The platform's 500."""
        return JSONResponse({"error": "Internal Server Error"}, 500)

    def unauthorized(self) -> Response:
        """The platform's refusal of an expired token."""
        return JSONResponse({"error": "unauthorized"}, 401)

    def expired(self, request: Request) -> Response:
        """The platform's refusal of an expired address or upload."""
        return Response("expired", 410, media_type="text/plain")

    def too_large(self) -> Response:
        """The platform's refusal of a body beyond all limits."""
        return Response("Request Entity Too Large", 413, media_type="text/plain")

    def malformed(self, reason: str) -> Response:
        """The platform's refusal of a body that cannot be read."""
        return JSONResponse({"error": reason}, 400)

    def unknown_path(self) -> Response:
        """The platform's answer to a path that it does not have."""
        return JSONResponse({"error": "Not Found"}, 404)

    def limit_headers(self, standing: Standing) -> Mapping[str, str]:
        """Headers that tell how a client stands with a limit; on every answer of a limited endpoint."""
        return {}

    def settings(self, base_url: str) -> Mapping[str, str]:
        """What a client is told, apart from the token: names as they are likely to be asked for -> values."""
        return {"base_url": base_url}

    def example(self, base_url: str) -> str:
        """A command line that collects from it."""
        told = " ".join(f"--set {name}={shlex.quote(value)}" for name, value in self.settings(base_url).items())
        variable = f"UNDERSTUDY_{self.name}_{self.secret_setting}".upper()
        return f"{variable}={shlex.quote(self.token())} understudy collect DIR --via {self.name} {told}"

    def token(self) -> str:
        """The demo token. It follows from the seed and is no secret."""
        return f"emulated-{self.name}-{self.store.secret('token').hex()[:24]}"

    # Requests.

    def on(self, method: str, path: str, handler: Handler, *, kind: str, bucket: str = "", cost: int = 1) -> Route:
        """An endpoint. kind: one of `misbehaving.ON`; bucket: the rate limit that counts it, "" for none."""

        async def endpoint(request: Request) -> Response:
            return await self._answer(request, handler, kind, bucket, cost)

        return Route(path, endpoint, methods=[method])

    async def _answer(self, request: Request, handler: Handler, kind: str, bucket: str, cost: int) -> Response:
        request = Request(request.scope, _bounded(request.receive))
        self.requests[kind] += 1
        if not of_this_machine(request):
            return Response("requests from web pages elsewhere are refused", 403, media_type="text/plain")
        try:
            fault = self.faults.next(kind, request.headers.get(HEADER))
        except PlanError as error:
            return JSONResponse({"emulator": str(error)}, 400)
        standing = None
        try:
            if fault is not None and fault.what not in DONE_ALL_THE_SAME:
                await request.body()
                return self._instead(fault, request)
            standing = self.limiter.hit(bucket, cost) if bucket else None
            if standing is not None and standing.refused:
                await request.body()
                response = self.rate_limited(standing.wait_s, standing, 0)
            else:
                response = await handler(request)
        except Refused as refusal:
            response = refusal.response
        except BodyTooLarge:
            response = self.too_large()
        except (HTTPException, MultiPartException, UnicodeDecodeError) as error:
            response = self.malformed(str(getattr(error, "detail", error)))
        except ClientDisconnect:
            return Response(status_code=499)
        self.store.save()
        if standing is not None:
            response.headers.update(self.limit_headers(standing))
        return await self._afterwards(fault, response) if fault is not None else response

    def _instead(self, fault: Fault, request: Request) -> Response:
        """The answer of a fault that does nothing else."""
        if fault.what == "rate-limit":
            return self.rate_limited(fault.seconds, None, fault.code)
        if fault.what == "reset-before":
            return Reset()
        if fault.what == "expired":
            return self.expired(request)
        return self.unauthorized() if fault.what == "unauthorized" else self.failed()

    async def _afterwards(self, fault: Fault, response: Response) -> Response:
        """What becomes of the answer to a request that was done."""
        if fault.what == "slow":
            await asyncio.sleep(fault.seconds)
        elif fault.what == "reset-after":
            return Reset()
        elif fault.what == "error-after":
            return self.failed()
        elif fault.what == "truncate":
            return Truncated(response)
        return response

    def base_url(self, request: Request) -> str:
        """Where this server is, without a slash at the end: as it was told, or as the client says it."""
        return self._base_url or str(request.base_url).rstrip("/")

    async def form(self, request: Request) -> FormData:
        """A form's fields, url-encoded or multipart, within the limits above; empty for other content."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("multipart/form-data", "application/x-www-form-urlencoded"):
            return FormData()
        return await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD)

    # Pictures.

    async def take(
        self, data: bytes, *, id: str, key: str = "", text: str = "", name: str = "", limits: Sequence[int] = (),
        any_file: bool = False, more: Mapping[str, Any] | None = None,
    ) -> Record:  # fmt: skip
        """Takes a picture in: makes its renditions and remembers it under `id` in the table `pictures`.

        key: the client's idempotency key, if the platform has one; text: the caption, where clients may carry one too;
        limits: longest sides of further renditions; any_file: whether what is no picture is taken all the same,
        without renditions; more: whatever the platform remembers beside. Raises UnderstudyError for what is no picture.
        """
        try:
            made = await run_in_threadpool(self.pictures.renditions, data, limits)
        except UnderstudyError:
            if not any_file:
                raise
            made = []
        # Nothing comes between: from here to the caller's own records there is no await.
        record: Record = {
            "id": id,
            "key": key,
            "text": text,
            "name": name[:200],
            "sha256": self.store.keep(data),
            "bytes": len(data),
            "live": True,
            "at": self.clock(),
            "renditions": [
                {
                    "limit": r.limit, "width": r.width, "height": r.height, "bytes": len(r.data),
                    "sha256": self.store.keep(r.data), "notes": list(r.notes),
                }
                for r in made
            ],
            **(more or {}),
        }  # fmt: skip
        self.store.table("pictures")[id] = record
        return record

    def picture(self, id: str) -> Record | None:
        """The picture of that id, None if there is none or it was removed."""
        record = self.store.table("pictures").get(id)
        return record if record is not None and record["live"] else None

    def posted(self, id: str, pictures: Sequence[Record], *, key: str = "", text: str = "", **more: Any) -> Record:
        """Remembers a post: what others would see, however many requests it took."""
        digests = [record["sha256"] for record in pictures]
        post: Record = {
            "id": id,
            "key": key,
            "text": text,
            "pictures": digests,
            "live": True,
            "at": self.clock(),
            **(more or {}),
        }
        self.store.table("posts")[id] = post
        return post

    def withdrawn(self, id: str) -> None:
        """Remembers that a post was removed."""
        post = self.store.table("posts").get(id)
        if post is not None:
            post["live"] = False

    def state(self) -> dict[str, Any]:
        """What happened here, for tests and for people: /__emulator__/state.

        `pictures`: every picture that was taken in; `posts`: every post, also removed ones (`live` false);
        `times_taken`, `times_posted`, `times_live`: SHA-256 of a sent file -> how often.
        """
        cast = self.pictures.cast
        pictures, posts = list(self.store.table("pictures").values()), list(self.store.table("posts").values())
        return {
            "emulator": self.name,
            "title": self.title,
            "profile": {"name": cast.profile.name, "why": cast.why, "stand_in": cast.stand_in},
            "source": self.source,
            "unconfirmed": list(self.unconfirmed),
            "limits": {bucket: list(limit) for bucket, limit in self.limiter.limits.items()},
            "requests": dict(self.requests),
            "faults": dict(self.faults.met),
            "pictures": pictures,
            "posts": posts,
            "times_taken": dict(Counter(record["sha256"] for record in pictures)),
            "times_posted": dict(Counter(digest for post in posts for digest in post["pictures"])),
            "times_live": dict(Counter(digest for post in posts if post["live"] for digest in post["pictures"])),
        }

    def change_plan(self, plan: Plan) -> None:
        """Misbehaves by another plan from now on; counts begin anew."""
        self.plan, self.faults = plan, Faults(plan)
        self.limiter = Limiter({**self.documented_limits, **plan.limits}, self.clock)


def jpeg(data: bytes, **headers: str) -> Response:
    """A delivered picture as a response."""
    return Response(data, 200, {**headers, "accept-ranges": "none"}, media_type="image/jpeg")


async def uploaded(value: Any) -> tuple[bytes, str, str] | None:
    """(bytes, file name, media type) of a form's field; None if it is no file."""
    if not isinstance(value, UploadFile):
        return None
    return await value.read(), value.filename or "", value.content_type or ""


def text_of(form: FormData, name: str, otherwise: str = "") -> str:
    """A form's field as text; what stands in for one that is missing or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else otherwise


def truthy(value: str, otherwise: bool) -> bool:
    """A flag as forms and queries carry it: true, 1, false, 0."""
    return value.lower() in ("true", "1", "yes", "on") if value else otherwise


def whole(value: str | None, otherwise: int, least: int, most: int) -> int:
    """A number from a query, brought into its range; `otherwise` for what is none."""
    digits = value if value is not None and value.isascii() and value.isdigit() and len(value) < 20 else ""
    return max(least, min(most, int(digits))) if digits else otherwise


def same(secret: str, given: str) -> bool:
    """Whether a token is the right one."""
    return hashlib.sha256(secret.encode()).digest() == hashlib.sha256(given.encode(errors="replace")).digest()


def _bounded(receive: Receive) -> Receive:
    """The same body, but BodyTooLarge beyond `MAX_BODY`."""
    read = 0

    async def receive_bounded() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise BodyTooLarge
        return message

    return receive_bounded


def of_this_machine(request: Request) -> bool:
    """Whether no web page from elsewhere sent it: browsers say so in Origin, and the demo token is no secret."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).hostname in LOOPBACK

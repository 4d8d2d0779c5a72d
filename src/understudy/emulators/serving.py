"""An emulator as an application, and as a server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import UnderstudyError
from ..profile import Profile
from .base import Emulator, of_this_machine
from .bluesky import Bluesky
from .discord import Discord
from .facebook import Facebook
from .generic import Generic
from .instagram import Instagram
from .mastodon import Mastodon
from .matrix import Matrix
from .misbehaving import Plan, PlanError
from .pictures import Pictures, cast
from .storing import Store
from .telegram import Telegram

EMULATORS: dict[str, type[Emulator]] = {
    each.name: each for each in (Facebook, Instagram, Mastodon, Bluesky, Telegram, Discord, Matrix, Generic)
}


def emulator(
    name: str,
    *,
    profile: str | Path | Profile | None = None,
    misbehave: Plan | None = None,
    base_url: str | None = None,
    state: Path | None = None,
) -> Emulator:
    """The emulator of a platform; the parameters are those of `app`. Raises UnderstudyError, ProfileError."""
    if name not in EMULATORS:
        raise UnderstudyError(repr(name), place="emulator", expected=f"one of {', '.join(EMULATORS)}")
    plan = misbehave or Plan()
    store = Store(name, plan.seed, state)
    return EMULATORS[name](Pictures(cast(name, profile)), store, plan, base_url.rstrip("/") if base_url else None)


def app(
    name: str,
    *,
    profile: str | Path | Profile | None = None,
    misbehave: Plan | None = None,
    base_url: str | None = None,
    state: Path | None = None,
) -> Starlette:
    """The application that emulates a platform; its emulator is `app.state.emulator`.

    name: a key of `EMULATORS`. profile: what makes the pictures; None for the platform's own or a stand-in.
    misbehave: what goes wrong, which may be changed while it runs. base_url: where clients find it; None for what they
    say themselves. state: a folder that keeps everything over a restart.
    Raises UnderstudyError for an unknown name, ProfileError.
    """
    return application(emulator(name, profile=profile, misbehave=misbehave, base_url=base_url, state=state))


def application(emulated: Emulator) -> Starlette:
    """The application around an emulator: its endpoints, and those to look at it and to change its plan."""

    async def state(request: Request) -> Response:
        return JSONResponse({**emulated.state(), "settings": emulated.settings(emulated.base_url(request))})

    async def plan(request: Request) -> Response:
        if not of_this_machine(request):
            return Response("requests from web pages elsewhere are refused", 403, media_type="text/plain")
        try:
            emulated.change_plan(Plan.parse((await _beginning(request, 4096)).decode(errors="replace")))
        except PlanError as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"plan": "changed"})

    async def unknown(request: Request, error: Exception) -> Response:
        return emulated.unknown_path()

    inspection = [Route("/__emulator__/state", state), Route("/__emulator__/plan", plan, methods=["POST"])]
    handlers: dict[Any, Any] = {404: unknown, 405: unknown}
    out = Starlette(routes=[*inspection, *emulated.routes()], exception_handlers=handlers)
    out.state.emulator = emulated
    return out


async def _beginning(request: Request, most: int) -> bytes:
    """At most so many bytes of the body; the rest is not kept."""
    out = b""
    async for part in request.stream():
        out = (out + part)[:most]
    return out


class _Protocol(H11Protocol):
    """HTTP with the connection at hand, so that a plan can reset it: requests find it in scope["state"]."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def server(application: Starlette) -> uvicorn.Server:
    """A server for the application, to be run on a socket that listens; quiet, one process."""
    return uvicorn.Server(
        uvicorn.Config(
            application, http=_Protocol, ws="none", lifespan="off", log_level="critical",
            access_log=False, proxy_headers=False, server_header=False, timeout_graceful_shutdown=2,
        )
    )  # fmt: skip


def run(
    name: str,
    *,
    host: str,
    port: int,
    profile: str | Path | Profile | None,
    say: Callable[[str], None],
    misbehave: Plan | None = None,
    state: Path | None = None,
) -> None:
    """Serves until it is interrupted. port: 0 for a free one. say: told what a person must know, line by line.

    Raises UnderstudyError for an unknown name or an address that cannot be had, ProfileError.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UnderstudyError(
            error.strerror or str(error),
            place=f"{host}:{port}",
            expected="a free port",
            remedy="try another with --port",
        ) from None
    with listening:
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}"
        emulated = emulator(name, profile=profile, misbehave=misbehave, base_url=address, state=state)
        for line in introduction(emulated, address):
            say(line)
        server(application(emulated)).run(sockets=[listening])


def introduction(emulated: Emulator, address: str) -> list[str]:
    """What a person must know of an emulator: where it is, its token, what makes its pictures, what to do with it."""
    cast = emulated.pictures.cast
    return [
        f"{emulated.title}, emulated at {address}",
        f"token for it, which is no secret: {emulated.token()}",
        f"pictures by {cast.profile.name}: {cast.why}",
        f"state: {address}/__emulator__/state",
        emulated.example(address),
    ]

"""Routes and templates of the page. Each route does one thing and shows it; the work is done elsewhere (`jobs`)."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from .._version import __version__
from ..errors import LimitError, UnderstudyError
from . import chooser
from .guard import REPORT_POLICY, Guard, Key
from .jobs import Desk, Job
from .limits import Limits, size
from .uploads import Form, read_form, shown_name

TICK = 0.15
"""Seconds between looks at a job that somebody watches."""
KINDS = {"inspect": "Inspection", "learn": "Learning", "compare": "Comparison"}
FILES = {
    "inspect": {"page.html": "the page", "inspection.json": "the observations (JSON)"},
    "learn": {"profile.toml": "the profile (TOML)", "page.html": "the report (HTML)",
              "scores.json": "scores and evidence (JSON)"},
    "compare": {"delivered-0.jpg": "the delivered file", "delivered-1.jpg": "the other delivered file"},
}  # fmt: skip
"""What of a finished job may be downloaded, by kind: our own names of files, and what they are."""
PICTURES = ("original.png", "difference-0.png", "difference-1.png", "difference-2.png")
TYPES = {".html": "text/html", ".json": "application/json", ".toml": "application/toml", ".jpg": "image/jpeg",
         ".png": "image/png"}  # fmt: skip

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """The application and what belongs to it."""

    app: ASGIApp
    key: Key
    desk: Desk

    @property
    def entrance(self) -> str:
        """The path of the first visit."""
        return f"/in/{self.key.token}"


def make(limits: Limits | None = None, *, hosts: tuple[str, ...] = (), anyone: bool = False) -> Page:
    """The page as an ASGI application; its workers and files go when its lifespan ends, or with `desk.close()`.

    hosts: names, beside IP addresses and `localhost`, under which it may be asked. anyone: whether addresses other than
    loopback may be used.
    """
    limits = limits or Limits()
    desk = Desk(limits)
    views = Views(desk)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(desk.close)

    app = Starlette(
        routes=views.routes(),
        exception_handlers={UnderstudyError: views.failed, HTTPException: views.failed, Exception: views.failed},
        lifespan=lifespan,
    )
    key = Key()
    return Page(Guard(app, key, limits, hosts, anyone), key, desk)


class Views:
    """The routes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        env = Environment(
            loader=PackageLoader(__package__ or "understudy.web"), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        env.filters["size"] = size
        env.globals |= {"version": __version__, "kinds": KINDS, "limits": desk.limits}
        self._env = env
        style = resources.files("understudy.report").joinpath("style.css").read_text(encoding="utf-8")
        own = resources.files(__package__ or "understudy.web").joinpath("static")
        self._static = {
            "page.css": (style + own.joinpath("page.css").read_text(encoding="utf-8"), "text/css"),
            "page.js": (own.joinpath("page.js").read_text(encoding="utf-8"), "text/javascript"),
        }

    def routes(self) -> list[Route]:
        """Every address of the page."""
        return [
            Route("/", self.start),
            Route("/static/{name}", self.static),
            Route("/inspect", self.inspect, methods=["POST"]),
            Route("/learn", self.learn, methods=["POST"]),
            Route("/compare", self.compare, methods=["POST"]),
            Route("/job/{id}", self.job),
            Route("/job/{id}/events", self.events),
            Route("/job/{id}/enough", self.enough, methods=["POST"]),
            Route("/job/{id}/drop", self.drop, methods=["POST"]),
            Route("/job/{id}/{name}", self.file),
        ]

    # --- pages

    async def start(self, request: Request) -> Response:
        """The start page: a well for each thing that can be done."""
        return self._page("start.html", platforms=self._choices(), jobs=self._desk.jobs(), chosen=self._chosen(request))

    async def static(self, request: Request) -> Response:
        """The style sheet or the script."""
        text, kind = self._static.get(request.path_params["name"], ("", ""))
        return Response(text, media_type=kind) if text else self._missing()

    async def job(self, request: Request) -> Response:
        """A job: how far it is, or what came of it."""
        job = self._found(request)
        if job.state != "done":
            return self._page("job.html", job=job, ahead=self._desk.ahead(job))
        if job.kind == "compare":
            downloads = self._downloads(job)
            return self._page("compare.html", job=job, downloads=downloads, **job.result)
        return self._report(job)

    def _report(self, job: Job) -> Response:
        """A report, which is a whole page of its own, with our line above: where one is, and what can be downloaded."""
        text = (job.folder / "page.html").read_text(encoding="utf-8")
        bar = self._env.get_template("bar.html").render(job=job, downloads=self._downloads(job))
        page = text.replace("<body>", f"<body>{bar}", 1)
        return HTMLResponse(page, headers={"content-security-policy": REPORT_POLICY})

    async def events(self, request: Request) -> Response:
        """How far a job is, as server-sent events, until it is finished."""
        job = self._found(request)

        async def told() -> AsyncIterator[str]:
            last, quiet = "", 0.0
            while not self._desk.closing:
                state = {"state": job.state, "text": job.text, "share": round(job.share, 4),
                         "ahead": self._desk.ahead(job) if job.state == "waiting" else 0}  # fmt: skip
                now = json.dumps(state)
                if now != last or quiet > 10:
                    yield f"data: {now}\n\n"
                    last, quiet = now, 0.0
                if job.finished or job.dropped:
                    return
                await asyncio.sleep(TICK)
                quiet += TICK

        return StreamingResponse(told(), media_type="text/event-stream")

    async def file(self, request: Request) -> Response:
        """A file of a finished job: one of our names, of that kind of job, or nothing."""
        job, name = self._found(request), request.path_params["name"]
        known = {*FILES[job.kind], *(PICTURES if job.kind == "compare" else ())}
        at = job.folder / name if name in known else None
        if at is None or job.state != "done" or not at.is_file():
            return self._missing()
        answer = FileResponse(at, media_type=TYPES[at.suffix])
        answer.headers["content-security-policy"] = REPORT_POLICY
        if "download" in request.query_params:
            answer.headers["content-disposition"] = _attachment(_download_name(job, name))
        return answer

    # --- what is sent

    async def inspect(self, request: Request) -> Response:
        """A delivered file, to be inspected."""

        def order(form: Form) -> tuple[str, dict[str, Any]]:
            sent = form.only("file", "the file to inspect")
            return sent.name, {"file": str(sent.at), "name": sent.name}

        return await self._taken(request, "inspect", order)

    async def learn(self, request: Request) -> Response:
        """Pairs, to be learned from: a zip, or two lists of files."""

        def order(form: Form) -> tuple[str, dict[str, Any]]:
            task: dict[str, Any] = {"hold_out": 0.25 if form.text("hold_out") else 0.0, "archive": None}
            task["name"] = _profile_name(form.text("name"))
            if form.files.get("archive"):
                archive = form.only("archive", "the zip")
                return archive.name, task | {"archive": str(archive.at)}
            for side in ("sent", "received"):
                task[side] = [{"name": f.name, "at": str(f.at)} for f in form.files.get(side, [])]
                if not task[side]:
                    raise UnderstudyError("no files", place=side, expected=f"the pictures that were {side}, or a zip")
            return f"{len(task['sent'])} sent, {len(task['received'])} received", task

        return await self._taken(request, "learn", order)

    async def compare(self, request: Request) -> Response:
        """A picture and one or two profiles, to be seen side by side."""

        def order(form: Form) -> tuple[str, dict[str, Any]]:
            picture = form.only("picture", "the picture")
            own = form.files.get("toml", [])
            wanted = [form.text("profile"), form.text("second")]
            choices = [{"toml": str(own[0].at), "name": own[0].name}] if own else []
            choices += [self._choice(value) for value in wanted if value]
            if not choices:
                raise UnderstudyError("no platform", place="compare", expected="a profile to deliver the picture")
            return picture.name, {"file": str(picture.at), "name": picture.name, "profiles": choices[:2]}

        return await self._taken(request, "compare", order)

    async def enough(self, request: Request) -> Response:
        """Ends a search with what is known so far."""
        job = self._found(request)
        job.enough = True
        return RedirectResponse(f"/job/{job.id}", 303)

    async def drop(self, request: Request) -> Response:
        """Ends a job, and drops what came of it."""
        await run_in_threadpool(self._desk.forget, self._found(request))
        return RedirectResponse("/", 303)

    async def _taken(
        self, request: Request, kind: str, order: Callable[[Form], tuple[str, dict[str, Any]]]
    ) -> Response:
        """Reads a form, puts the job in its queue, and leads to it."""
        folder = self._desk.room()
        try:
            given = request.headers.get("content-type", "")
            form = await read_form(given, request.stream(), folder, self._desk.limits)
            name, task = order(form)
            job = self._desk.take(kind, name, task, folder)
        except (UnderstudyError, HTTPException, ClientDisconnect) as error:
            shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, ClientDisconnect):
                return Response(status_code=400)  # nobody is there to read it
            raise
        where = f"/job/{job.id}"
        return JSONResponse({"job": where}) if _by_script(request) else RedirectResponse(where, 303)

    # --- what pages need

    def _choices(self) -> list[chooser.Platform]:
        """The platforms, those that were learned here first."""
        return [*self._learned(), *chooser.platforms()]

    def _learned(self) -> list[chooser.Platform]:
        from ..profile import loads

        eras = []
        for job in self._desk.jobs():
            if job.kind == "learn" and job.state == "done" and not job.dropped:
                text = (job.folder / "profile.toml").read_text(encoding="utf-8")
                eras.append(chooser.Era(f"job:{job.id}", job.result["profile"], job.name, loads(text)))
        return [chooser.Platform("Learned here", tuple(eras))] if eras else []

    def _choice(self, value: str) -> dict[str, str]:
        """A choice of the form as a task names it. Raises UnderstudyError for what was not on offer."""
        if value.startswith("job:"):
            job = self._desk.find(value[4:])
            if job is None or job.kind != "learn" or job.state != "done":
                raise UnderstudyError("a profile that is no longer kept", place="compare", remedy="learn it again")
            return {"toml": str(job.folder / "profile.toml"), "name": job.result["profile"]}
        if value not in {era.value for platform in chooser.platforms() for era in platform.eras}:
            raise UnderstudyError(f"{value[:80]!r}", place="platform", expected="one of the list")
        return {"name": value}

    def _chosen(self, request: Request) -> str:
        """Which profile the start page shows chosen: the one asked for, else Facebook's newest."""
        from ..profile import load_profile

        wanted = request.query_params.get("as", "")
        known = {era.value for platform in self._choices() for era in platform.eras}
        return wanted if wanted in known else load_profile("facebook").name

    def _downloads(self, job: Job) -> list[tuple[str, str, int]]:
        """(address, what it is, bytes) of each file of a finished job."""
        there = [(name, what) for name, what in FILES[job.kind].items() if (job.folder / name).is_file()]
        return [(f"/job/{job.id}/{n}?download", what, (job.folder / n).stat().st_size) for n, what in there]

    def _found(self, request: Request) -> Job:
        job = self._desk.find(request.path_params["id"])
        if job is None:
            raise HTTPException(404, f"This result is not kept any more: the latest {self._desk.limits.kept} are.")
        return job

    def _page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._env.get_template(template).render(**values), status)

    def _missing(self) -> Response:
        return self._page("error.html", 404, error="There is nothing at this address.")

    async def failed(self, request: Request, error: Exception) -> Response:
        """An error as the visitor sees it: the library's line, or that it was not expected."""
        if isinstance(error, HTTPException):
            status, text = error.status_code, error.detail
        elif isinstance(error, UnderstudyError):
            status, text = 413 if isinstance(error, LimitError) else 400, str(error)
        else:
            status, text = 500, f"Not expected: {type(error).__name__}. The page goes on; this one thing was not done."
        if _by_script(request):
            return JSONResponse({"error": text}, status)
        return self._page("error.html", status, error=text)


def _by_script(request: Request) -> bool:
    """Whether our script asks, which wants JSON."""
    return "application/json" in request.headers.get("accept", "")


def _profile_name(given: str) -> str:
    """`platform/era` of what a visitor wrote; a usual name where he wrote nothing. Raises UnderstudyError."""
    if not given:
        return "learned/channel"
    parts = given.split("/")
    if len(parts) != 2 or not all(p and all(c.isascii() and (c.isalnum() or c in "-_.") for c in p) for p in parts):
        raise UnderstudyError(
            f"{given[:80]!r}", place="name", expected="PLATFORM/ERA of letters, digits and -, such as myapp/2026"
        )
    return given


def _download_name(job: Job, name: str) -> str:
    """What a downloaded file is called: after the profile, or the picture and its platform."""
    ending = Path(name).suffix
    if job.kind == "learn":
        stem = str(job.result["profile"]).replace("/", "-")
    elif job.kind == "compare":
        made = job.result["made"][1 if name == "delivered-1.jpg" else 0]
        stem = f"{Path(shown_name(job.name)).stem}-{made['profile'].replace('/', '-')}"
    else:
        stem = Path(shown_name(job.name)).stem
    return f"{stem}{ending}"


def _attachment(name: str) -> str:
    """A Content-Disposition header that a hostile name cannot leave."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_. ") else "_" for c in name)
    return f'attachment; filename="{plain}"'

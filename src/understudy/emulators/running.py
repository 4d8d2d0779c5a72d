"""An emulator that runs beside a test or a script, on a free port of the loopback interface."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

from ..errors import UnderstudyError
from ..profile import Profile
from .base import Emulator
from .misbehaving import Plan
from .serving import application, emulator, server

STARTED_S = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """An emulator that is running."""

    url: str
    """Without a slash at the end."""
    token: str
    emulator: Emulator

    @property
    def settings(self) -> dict[str, str]:
        """What a connector is told beside the token."""
        return dict(self.emulator.settings(self.url))

    def state(self) -> dict[str, Any]:
        """What /__emulator__/state says."""
        found = _asked(f"{self.url}/__emulator__/state", None)
        assert isinstance(found, dict), "it is an object"
        return found

    def misbehave(self, plan: str) -> None:
        """Misbehaves by this plan from now on (see `Plan.parse`)."""
        _asked(f"{self.url}/__emulator__/plan", plan.encode())


@contextmanager
def running(
    name: str,
    *,
    profile: str | Path | Profile | None = None,
    misbehave: Plan | None = None,
    state: Path | None = None,
) -> Iterator[Running]:
    """Runs an emulator in a thread as long as the context lasts. Raises as `serving.app`."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        emulated = emulator(name, profile=profile, misbehave=misbehave, base_url=url, state=state)
        serving = server(application(emulated))
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        until = time.monotonic() + STARTED_S
        while not serving.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise UnderstudyError("the emulator did not start", place=name)
            time.sleep(0.005)
        try:
            yield Running(url, emulated.token(), emulated)
        finally:
            serving.should_exit = True
            thread.join(STARTED_S)


def _asked(url: str, body: bytes | None) -> Any:
    opener = build_opener(ProxyHandler({}))
    with opener.open(Request(url, data=body), timeout=STARTED_S) as answer:
        return json.loads(answer.read())

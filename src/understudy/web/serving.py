"""The command `understudy serve`: a socket, a browser, and an end with Ctrl-C that leaves nothing behind."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import resource_tracker
from typing import Any

from ..errors import UnderstudyError

Say = Callable[[str], None]
NEEDED = ("starlette", "uvicorn", "jinja2", "python_multipart")


def run(*, host: str = "127.0.0.1", port: int = 0, anyone: bool = False, browser: bool = True, say: Say) -> None:
    """Serves the page until Ctrl-C.

    port: 0 for a free one. anyone: whether `host` may be another address than this machine's own (see `check_host`).
    browser: whether to open it. say: is called with lines for the user, the first of them the page's address.
    Raises UnderstudyError where the extra is missing, or the address cannot be had.
    """
    check_extra("serve")
    check_host(host, anyone)
    import uvicorn

    from .app import make

    with _closed_in_order(say), listen(host, port) as listening:
        page = None
        try:
            _hold_interrupts(True)  # until there is something to close
            page = make(hosts=(host,), anyone=anyone)
            _hold_interrupts(False)
            address = f"http://{_in_an_address(_reached_at(host))}:{listening.getsockname()[1]}{page.entrance}"
            config = uvicorn.Config(
                page.app, log_level="error", access_log=False, server_header=False, limit_concurrency=64,
                timeout_graceful_shutdown=2, timeout_keep_alive=10, lifespan="on", ws="none",
            )  # fmt: skip
            say(address)
            if not is_loopback(host):
                say("note: whoever learns this address can use the page, and what is sent can be read on the way")
            say("Open it in a browser; Ctrl-C ends it.")
            if browser:
                threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            if page is not None:
                page.desk.close()


@contextmanager
def _closed_in_order(say: Say) -> Iterator[None]:
    """Ctrl-C and SIGTERM end what is inside, and nothing else: that is how a page is closed. (uvicorn shuts down in
    order at either, and then raises the signal again.)"""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
    say("closed; what was sent is deleted")


def check_extra(place: str) -> None:
    """Raises UnderstudyError with the pip command where something of the extra `web` is not installed."""
    for name in NEEDED:
        try:
            import_module(name)
        except ImportError:
            raise UnderstudyError(
                f"{name.replace('_', '-')} is not installed", place=place, remedy="pip install 'understudy[web]'"
            ) from None


def check_host(host: str, anyone: bool) -> None:
    """Raises UnderstudyError for an address that others can reach, unless that is wanted."""
    if not anyone and not is_loopback(host):
        raise UnderstudyError(
            "others can reach this address", place=f"--host {host}", expected="127.0.0.1, ::1 or localhost",
            remedy="--anyone, if that is meant; or leave it, and come through ssh -L",
        )  # fmt: skip


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, which no other can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UnderstudyError where the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnderstudyError(reason, place=f"{host}:{port}", expected="a free address of this machine") from None


def _hold_interrupts(hold: bool) -> None:
    resource_tracker.ensure_running()  # which ends by letting interrupts through, when it is first started
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK if hold else signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM})


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _reached_at(host: str) -> str:
    """An address that a browser can open: of all addresses of this machine, its own."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _in_an_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""Real servers on loopback, each in a folder of its own: nginx with its image filter, thumbor, Synapse.

nginx comes from Debian; thumbor and matrix-synapse from PyPI, in an environment of their own (they pin what they like).
Each function starts one, waits until it answers, yields how to reach it, and stops it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

PATIENCE_S = 60.0
"""How long a server may take to start on a busy machine."""


@dataclass(frozen=True)
class Server:
    """One that runs: what `understudy collect` is told to reach it."""

    name: str
    via: str
    """The connector."""
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that hold tokens."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(command: Sequence[str | Path], folder: Path, answers: Callable[[], bool]) -> Iterator[None]:
    """Runs a server in `folder`, its words in `server.log`; raises RuntimeError with them where it does not start."""
    log = folder / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        end = time.monotonic() + PATIENCE_S
        while not _answers(answers):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.2)
        yield
    finally:
        with_children = process.pid
        if process.poll() is None:
            os.killpg(with_children, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(with_children, signal.SIGKILL)
                process.wait()


def _answers(asked: Callable[[], bool]) -> bool:
    try:
        return asked()
    except httpx.HTTPError:
        return False


IMAGE_FILTER = "ngx_http_image_filter_module.so"
MODULES = ("/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules")

NGINX = """\
load_module {module};
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  types {{ image/jpeg jpg jpeg; image/png png; image/gif gif; image/webp webp; }}
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 64m;
    location /sent/ {{ alias {files}/; dav_methods PUT DELETE; }}
    location /small/ {{
      alias {files}/;
      image_filter resize 512 512;
      image_filter_jpeg_quality 82;
      image_filter_buffer 64m;
    }}
  }}
}}
"""


@contextmanager
def nginx(folder: Path) -> Iterator[Server]:
    """nginx: takes pictures by PUT, delivers them by `image_filter resize 512 512`, quality 82, on libgd."""
    modules = [Path(place) / IMAGE_FILTER for place in MODULES]
    module = next((m for m in modules if m.is_file()), None)
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if module is None or program is None:
        raise RuntimeError("nginx or its image filter is missing; apt-get install libnginx-mod-http-image-filter")
    port, files = free_port(), folder / "files"
    (folder / "tmp").mkdir(parents=True)
    files.mkdir()
    folder.chmod(0o755)
    (folder / "nginx.conf").write_text(NGINX.format(module=module, port=port, files=files))
    base = f"http://127.0.0.1:{port}"
    command = [program, "-p", folder, "-c", "nginx.conf", "-e", "stderr"]
    with _started(command, folder, lambda: httpx.get(f"{base}/").status_code > 0):
        settings = {"to": f"{base}/sent/{{key}}.{{ext}}", "method": "PUT", "delivered": f"{base}/small/{{key}}.{{ext}}"}
        yield Server("nginx", "web", settings)


THUMBOR = """\
UPLOAD_ENABLED = True
UPLOAD_DELETE_ALLOWED = True
UPLOAD_PHOTO_STORAGE = 'thumbor.storages.file_storage'
STORAGE = 'thumbor.storages.file_storage'
FILE_STORAGE_ROOT_PATH = {files!r}
RESULT_STORAGE = 'thumbor.result_storages.no_storage'
ALLOW_UNSAFE_URL = True
QUALITY = 82
UPLOAD_MAX_SIZE = 64 * 1024 * 1024
AUTO_PNG_TO_JPG = True
"""


@contextmanager
def thumbor(folder: Path, programs: Path) -> Iterator[Server]:
    """thumbor: takes pictures by POST, delivers them by `fit-in/600x600/filters:format(jpeg)`, quality 82, on Pillow.

    programs: the folder with the command `thumbor`.
    """
    port = free_port()
    (folder / "files").mkdir(parents=True)
    (folder / "thumbor.conf").write_text(THUMBOR.format(files=str(folder / "files")))
    base = f"http://127.0.0.1:{port}"
    command = [programs / "thumbor", "--ip", "127.0.0.1", "--port", str(port), "--conf", folder / "thumbor.conf"]
    with _started(command, folder, lambda: httpx.get(f"{base}/healthcheck").status_code == 200):
        yield Server(
            "thumbor",
            "web",
            {
                "to": f"{base}/image",
                "method": "POST",
                "found": "location",
                "delivered": f"{base}/unsafe/fit-in/600x600/filters:format(jpeg)/{{id}}",
            },
        )


SYNAPSE = """\
server_name: "loopback"
pid_file: {folder}/homeserver.pid
listeners:
  - port: {port}
    tls: false
    type: http
    bind_addresses: ["127.0.0.1"]
    resources: [{{names: [client], compress: false}}]
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
max_upload_size: 64M
signing_key_path: {folder}/signing.key
registration_shared_secret: "{secret}"
macaroon_secret_key: "{secret}"
form_secret: "{secret}"
report_stats: false
trusted_key_servers: []
suppress_key_server_warning: true
# By default a message in five seconds after the first ten; that waiting has tests elsewhere.
rc_message: {{per_second: 100, burst_count: 1000}}
"""

SYNAPSE_LOG = """\
version: 1
formatters: {plain: {format: "%(levelname)s %(name)s %(message)s"}}
handlers: {console: {class: logging.StreamHandler, formatter: plain}}
root: {level: WARNING, handlers: [console]}
disable_existing_loggers: false
"""


@contextmanager
def synapse(folder: Path, programs: Path) -> Iterator[Server]:
    """Synapse, with one user and one private room; its thumbnails are made by Pillow.

    programs: the folder with a Python that has matrix-synapse.
    """
    port, secret = free_port(), secrets.token_hex(16)
    folder.mkdir(parents=True)
    (folder / "homeserver.yaml").write_text(SYNAPSE.format(folder=folder, port=port, secret=secret))
    (folder / "log.yaml").write_text(SYNAPSE_LOG)
    base = f"http://127.0.0.1:{port}"
    run = [programs / "python", "-m", "synapse.app.homeserver", "--config-path", folder / "homeserver.yaml"]
    subprocess.run([str(p) for p in [*run, "--generate-keys"]], cwd=folder, check=True, capture_output=True)
    with _started(run, folder, lambda: httpx.get(f"{base}/_matrix/client/versions").status_code == 200):
        token = _user(base, secret)
        head = {"authorization": f"Bearer {token}"}
        room = _json(httpx.post(f"{base}/_matrix/client/v3/createRoom", json={"preset": "private_chat"}, headers=head))
        yield Server(
            "synapse",
            "matrix",
            {"base_url": base, "room": str(room["room_id"])},
            {"UNDERSTUDY_MATRIX_TOKEN": token},
        )


def _user(base: str, secret: str) -> str:
    """Registers `probe` by the shared secret (Synapse's admin API, `register_user`); returns an access token."""
    place = f"{base}/_synapse/admin/v1/register"
    nonce = str(_json(httpx.get(place))["nonce"])
    password = secrets.token_hex(16)
    mac = hmac.new(secret.encode(), "\0".join([nonce, "probe", password, "notadmin"]).encode(), hashlib.sha1)
    body = {"nonce": nonce, "username": "probe", "password": password, "admin": False, "mac": mac.hexdigest()}
    return str(_json(httpx.post(place, json=body))["access_token"])


def _json(answer: httpx.Response) -> dict[str, object]:
    answer.raise_for_status()
    return dict(answer.json())

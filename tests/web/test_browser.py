"""The page in Chromium: each thing that it is for clicked through, by mouse, by keyboard, on a phone, in the dark.

Debian's Chromium, which Playwright drives; a missing one is an error, never a skip. No request may leave for any other
server, and the console must stay silent.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, TimeoutError, expect, sync_playwright
from visitors import jpeg, pairs, saved, zipped

import understudy as us
from oracles import scene
from shared_folder import matching
from understudy.profile import loads


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        raise RuntimeError("chromium is not installed; the tests of the page need Debian's package chromium")
    return found


CHROMIUM = _chromium()
SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
expect.set_options(timeout=30_000)
ABORTED = "net::ERR_ABORTED"
"""What Chromium says of a request that became a download, or that a visitor who went on did not wait for."""
SHOTS = os.environ.get("UNDERSTUDY_SCREENSHOTS")
"""A folder to leave pictures of the pages in, to be looked at."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """What `understudy serve` says."""
    command = [sys.executable, "-m", "understudy", "serve", "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stderr is not None
        yield process.stderr.readline().strip()
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=SANDBOX)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the page in a browser of its own; at the end, nobody else was asked and the console was silent."""
    opened: list[BrowserContext] = []
    said: list[str] = []
    home = address.partition("/in/")[0]

    def at_home(route: Any) -> None:
        if route.request.url.startswith((home, "data:")):
            route.continue_()
        else:
            said.append(f"asked for {route.request.url}")
            route.abort()

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 900}, **options})
        context.set_default_timeout(30_000)
        context.route(re.compile(".*"), at_home)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("requestfailed", lambda r: said.append(f"{r.url}: {r.failure}") if r.failure != ABORTED else None)
        page.goto(address)
        page.wait_for_url(f"{home}/")
        return page

    yield open_page
    for context in opened:
        context.close()
    assert [text for text in said if "status of 400" not in text] == [], (
        "that one is a refused form, told to the visitor"
    )


def shot(page: Page, name: str, whole: bool = False) -> None:
    """A picture of the page, where somebody wants to look."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=whole)


def file(name: str, data: bytes) -> Any:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def is_narrow(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_dropped_file_is_inspected(visit: Callable[..., Page], tmp_path: Path) -> None:
    """A real drop: the browser gets a file of the disk at a place of the window."""
    path = tmp_path / "delivered.jpg"
    path.write_bytes(jpeg(320, 240, progressive=True))
    page = visit()
    shot(page, "start", whole=True)
    box = page.locator("#inspect-file").bounding_box()
    assert box is not None
    dropped = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    driver = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        at = {"x": box["x"] + 30, "y": box["y"] + 30}
        driver.send("Input.dispatchDragEvent", {"type": kind, "data": dropped, **at})
        if kind == "dragOver":
            expect(page.locator(".well.drag")).to_have_count(1)
    expect(page.get_by_role("heading", name="delivered.jpg", exact=True)).to_be_visible()
    page.wait_for_load_state()
    seen = us.inspect(path.read_bytes(), "coefficients")
    text = " ".join(str(page.text_content("body")).split())
    assert [sentence for sentence in seen.verdict if sentence not in text] == []
    shot(page, "inspection")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the page").click()
    assert download.value.suggested_filename == "delivered.html"
    page.get_by_role("link", name="understudy").click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible()


def test_a_picture_beside_two_eras(visit: Callable[..., Page]) -> None:
    data = jpeg(480, 360, quality=90)
    page = visit()
    page.set_input_files("#compare-picture", file("boat.jpg", data))
    expect(page.locator(".well.full [data-picked]")).to_have_text(re.compile(r"boat\.jpg, \d+(\.\d)? kB"))
    page.get_by_role("group", name="Facebook").get_by_role("radio", name=re.compile("classic-2014 ")).check()
    expect(page.locator("[data-about]:visible")).to_contain_text("byte-identical")
    page.get_by_label("And beside it").select_option("facebook/web-2024")
    page.get_by_role("button", name="See it").click()
    slider = page.get_by_role("slider")
    expect(slider).to_be_visible()
    page.wait_for_load_state("networkidle")
    natural = page.evaluate("[...document.querySelectorAll('.stage img:not([hidden])')].map(i => i.naturalWidth)")
    assert natural == [480, 480], "both pictures are shown"
    box = page.locator("[data-stage]").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    edge = page.locator("[data-edge]").bounding_box()
    assert edge is not None and abs(edge["x"] - box["x"] - box["width"] / 4) < 0.03 * box["width"]
    shot(page, "comparison", whole=True)
    page.get_by_role("radio", name="facebook/classic-2014 | facebook/web-2024").check()
    expect(page.locator("[data-left-label]")).to_have_text("facebook/classic-2014")
    page.get_by_role("radio", name="difference").check()
    expect(page.locator("[data-caption]")).to_contain_text(re.compile(r"amplified \d+ times around mid-grey"))
    expect(page.locator("[data-diff]")).to_be_visible()
    shot(page, "difference")
    page.get_by_role("radio", name="4 : 1").check()
    assert page.evaluate("document.querySelector('[data-stage]').clientWidth") == 4 * 480
    with page.expect_download() as download:
        page.get_by_role("link", name="Download facebook/classic-2014").click()
    assert Path(download.value.path()).read_bytes() == us.mimic(data, "facebook/classic-2014").data


def test_pairs_are_learned_from_and_the_profile_is_tried(visit: Callable[..., Page]) -> None:
    made = pairs(2, 200, 151, progressive=True)
    page = visit()
    page.set_input_files("#learn-sent", [file(f"{n}.png", s) for n, (s, _) in made.items()])
    page.set_input_files("#learn-received", [file(f"{n}.jpg", r) for n, (_, r) in made.items()])
    expect(page.locator(".well.full")).to_have_count(2)
    page.get_by_label("Name of the profile").fill("mine/2026")
    page.get_by_role("button", name="Learn").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    shot(page, "learning")
    expect(page.get_by_text("Reproduced byte for byte: all 2 deliveries")).to_be_visible()
    shot(page, "learned")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the profile").click()
    assert download.value.suggested_filename == "mine-2026.toml"
    profile = loads(Path(download.value.path()).read_text(encoding="utf-8"))
    sent, received = next(iter(made.values()))
    assert us.mimic(sent, profile).data == received
    page.get_by_role("link", name="Try it on a picture").click()
    expect(page.get_by_role("radio", name="mine/2026")).to_be_checked()
    page.set_input_files("#compare-picture", file("again.png", sent))
    page.get_by_role("button", name="See it").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the delivered file").click()
    assert Path(download.value.path()).read_bytes() == received


def home(page: Page) -> None:
    """Back to the start, until its script listens."""
    page.get_by_role("link", name="understudy").click()
    expect(page.get_by_role("heading", name="What does this file say?")).to_be_visible()
    page.wait_for_load_state("load")


@pytest.mark.shared
def test_what_facebook_did_to_four_real_pictures(visit: Callable[..., Page]) -> None:
    """Facebook's own deliveries and what was sent, dropped into the wells; then one of them, inspected."""
    folders = [p.parent for p in matching("golden/facebook-*/received.jpg")]
    assert len(folders) == 4
    page = visit()
    for side in ("sent", "received"):
        files = [next(folder.glob(f"{side}.*")) for folder in folders]
        page.set_input_files(f"#learn-{side}", [file(f"{p.parent.name}{p.suffix}", p.read_bytes()) for p in files])
    page.get_by_role("button", name="Learn").click()
    expect(page.get_by_text("Every coefficient of 4 deliveries that it was learned from is reproduced")).to_be_visible(
        timeout=120_000
    )
    expect(page.get_by_role("cell", name="facebook-2021", exact=True).first).to_be_visible()
    shot(page, "learned-facebook")
    home(page)
    page.set_input_files("#inspect-file", folders[-1] / "received.jpg")
    expect(page.get_by_text("Marked as delivered by Meta").first).to_be_visible()


def test_a_search_is_stopped_and_another_is_cancelled(visit: Callable[..., Page]) -> None:
    made = pairs(5, 420, 300)
    members = {f"sent/{n}.png": s for n, (s, _) in made.items()} | {
        f"received/{n}.jpg": r for n, (_, r) in made.items()
    }
    archive = zipped(members)
    page = visit()
    page.set_input_files("#learn-archive", file("pairs.zip", archive))
    page.get_by_role("button", name="Learn").click()
    expect(page.locator("[data-text]")).to_have_text(re.compile(r"^(?!(unpacking|reading|comparing|pairing)).+"))
    page.get_by_role("button", name="Stop here").click()
    expect(page.get_by_role("heading", name="Learned: learned/channel")).to_be_visible()
    home(page)
    page.set_input_files("#learn-archive", file("again.zip", archive))
    page.get_by_role("button", name="Learn").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="What does this file say?")).to_be_visible()
    expect(page.get_by_text("again.zip")).to_have_count(0)


def test_by_keyboard_alone(visit: Callable[..., Page]) -> None:
    """Tab, Enter, Space and the arrows: from the start page to a comparison, what has the focus being seen."""
    page = visit()
    data = saved(Image.fromarray(scene(200, 120)), "PNG")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("s => document.activeElement.matches(s)", selector):
                break
        else:
            raise AssertionError(f"no way to {selector} with Tab")
        outlined = """() => {
            let at = document.activeElement;
            let near = [at, at.nextElementSibling, at.closest('.well'), at.closest('.stage')].filter(e => e);
            let styles = near.map(e => getComputedStyle(e));
            return styles.some(s => s.outlineStyle !== 'none' && parseInt(s.outlineWidth) > 1);
        }"""
        assert page.evaluate(outlined), f"the focus on {selector} is not seen"

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    tab_to("#compare-picture")
    for tries_left in (2, 1, 0):  # a key pressed while Chromium has its hands full now and then goes nowhere
        try:
            with page.expect_file_chooser(timeout=15_000) as chooser:
                page.keyboard.press("Space")
            break
        except TimeoutError:
            if not tries_left:
                raise
    chooser.value.set_files(file("keys.png", data))
    tab_to("input[name=profile]")
    page.keyboard.press("ArrowDown")
    chosen = page.evaluate("document.querySelector('input[name=profile]:checked').value")
    assert chosen != "facebook/web-2024"
    tab_to("form[action='/compare'] button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("slider")).to_be_visible()
    tab_to("input[type=range]")
    before = page.locator("[data-edge]").bounding_box()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    after = page.locator("[data-edge]").bounding_box()
    assert before is not None and after is not None and after["x"] > before["x"] + 50
    shot(page, "keyboard")
    assert page.get_by_role("heading", name=re.compile("keys.png")).count() == 1 and chosen in page.inner_text("body")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_by_day_and_by_night(visit: Callable[..., Page], scheme: str) -> None:
    page = visit(**PHONE, color_scheme=scheme)
    assert is_narrow(page)
    shot(page, f"phone-{scheme}", whole=True)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(20, 23, 26)") == (scheme == "dark")
    small = page.evaluate("""[...document.querySelectorAll('button, .well, select')].filter(e => e.offsetParent)
        .map(e => e.getBoundingClientRect()).filter(r => r.height < 35 || r.width < 35).length""")
    assert small == 0, "fingers are wider than pointers"
    page.set_input_files("#compare-picture", file("phone.jpg", jpeg(300, 400)))
    page.get_by_role("button", name="See it").tap()
    expect(page.get_by_role("slider")).to_be_visible()
    assert is_narrow(page)
    shot(page, f"phone-{scheme}-comparison", whole=True)
    page.goto(page.url.partition("/job")[0])
    page.set_input_files("#inspect-file", file("phone.jpg", jpeg(300, 400)))
    expect(page.get_by_role("heading", name="phone.jpg", exact=True)).to_be_visible()
    assert is_narrow(page)
    shot(page, f"phone-{scheme}-inspection")


def test_errors_are_shown_where_they_happen(visit: Callable[..., Page]) -> None:
    page = visit()
    page.get_by_role("button", name="Inspect").click()
    expect(page.get_by_role("alert")).to_have_text("There is no file yet: drop one, or choose it.")
    page.set_input_files("#inspect-file", file("notes.txt", b"hello"))
    with pytest.raises(us.UnderstudyError) as error:
        us.inspect(b"hello")
    expect(page.get_by_role("alert")).to_have_text(str(error.value))
    page.get_by_role("link", name="Back to the start").click()
    page.set_input_files("#learn-sent", file("a.png", b"x"))
    page.get_by_role("button", name="Learn").click()
    expect(page.get_by_role("alert")).to_contain_text("received: no files")
    shot(page, "error")


def test_the_page_works_without_its_script(visit: Callable[..., Page]) -> None:
    page = visit(java_script_enabled=False)
    page.set_input_files("#inspect-file", file("plain.jpg", jpeg()))
    page.get_by_role("button", name="Inspect").click()
    for _ in range(20):
        if page.get_by_role("heading", name="What this rests on").count():
            break
        page.get_by_role("link", name="look again").click()
    expect(page.get_by_role("heading", name="plain.jpg", exact=True)).to_be_visible()


def test_a_hostile_file_runs_nothing(visit: Callable[..., Page]) -> None:
    """Names and comments that are HTML and scripts: a dialog, a request or a word on the console would fail this."""
    evil = '"><img src=http://evil.example/x onerror=alert(1)><script>alert(2)</script>'
    out = io.BytesIO()
    Image.fromarray(scene(64, 48)).save(out, "JPEG", comment=evil.encode())
    page = visit()
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.set_input_files("#inspect-file", file(f"{evil.replace('/', '')}.jpg", out.getvalue()))
    expect(page.get_by_text("What else it says").first).to_be_visible()
    assert page.locator("script").count() == 0 and "alert(2)" in page.inner_text("body")
    page.get_by_role("link", name="understudy").click()
    expect(page.get_by_role("heading", name="Results")).to_be_visible()
    assert page.locator("script").count() == 1


def test_another_visitor_gets_nothing(browser: Browser, address: str) -> None:
    """A browser without the secret, and plain requests: one answer for all, whatever is there."""
    home = address.partition("/in/")[0]
    context = browser.new_context()
    page = context.new_page()
    for path in ("/", "/static/page.css", "/static/page.js", "/job/x", "/in/nothing"):
        answer = page.goto(f"{home}{path}")
        assert answer is not None and answer.status == 404
        assert page.inner_text("body").strip() == "Not found."
    assert context.cookies() == []
    context.close()
    host = home.removeprefix("http://")
    for path in ("/..%2f..%2fetc/passwd", "/static/../../etc/passwd", "//etc/passwd", "/%00", "*", "/job/../../x"):
        link = HTTPConnection(host, timeout=10)
        link.request("GET", path)
        assert link.getresponse().read() in (b"Not found.\n", b"Invalid HTTP request received.")
        link.close()
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(urllib.request.Request(address, headers={"Host": "evil.example"}))
    assert error.value.code == 404 and "server" not in error.value.headers


def test_another_site_cannot_use_the_visitor_s_browser(browser: Browser, address: str) -> None:
    """A page of another site, in the browser that has the cookie: it may neither send a form nor show ours."""
    home = address.partition("/in/")[0]
    context = browser.new_context()
    context.new_page().goto(address)
    evil = f"""<form method=post action={home}/inspect enctype=multipart/form-data><input name=a></form>
        <iframe src={home}/></iframe><img id=probe src={home}/static/page.css>"""
    context.route("http://evil.example/", lambda route: route.fulfill(body=evil, content_type="text/html"))
    page = context.new_page()
    page.goto("http://evil.example/")
    assert "Not found" in page.frames[1].content() or "understudy" not in page.frames[1].content()
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    assert page.inner_text("body").strip() == "Not found."
    context.close()

#!/usr/bin/python3
"""`make test-dashboard`: the dashboard in a real browser, over real daemons and over made-up meshes of 30 and 300 VRs.

Three VRs of the paper's Figure 3 run in network namespaces, and Chromium beside one of them; then the same page shows
documents of larger meshes, which validate against the same schemas. The pictures in docs/dashboard are of this run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from statistics import median

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from lib import sandbox, schemas  # noqa: E402
from lib.browser import Browser  # noqa: E402
from lib.feed import PAGE, POLICY, Feed, FeedServer  # noqa: E402
from lib.own_mesh import OwnMesh  # noqa: E402
from lib.processes import wait_until  # noqa: E402
from lib.programs import needs_build, needs_root  # noqa: E402
from lib.report import Console, Report  # noqa: E402
from lib.router import VR  # noqa: E402
from lib.shell import Runner  # noqa: E402
from lib.topology import FIGURE_3  # noqa: E402

REPOSITORY = Path(__file__).resolve().parent.parent
PICTURES = REPOSITORY / "docs/dashboard"
PICTURE_BYTES_MAX = 300_000
PORT = 8247
HEIGHT = 1080
DRAWN = "document.body?.dataset.round"
PLACES = "[...document.querySelectorAll('#map .vr')].map((vr) => [vr.dataset.site, vr.getAttribute('transform')])"
DRAW_MS_MAX = 300.0
"""An update of the page at 300 VRs, on a machine that does other things besides: a seventh of the time between two."""
PAGE_BYTES_MAX = 100_000
EVENTS_GONE = "/v1/events"
"""A daemon without this view answers 404, and the browser's log says so; nothing else may be there."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=Path, default=REPOSITORY / ".build/release", help="folder of the built programs")
    parser.add_argument("--report", type=Path, default=REPOSITORY / "reports/dashboard.json", help="where the report goes")
    parser.add_argument("--only", choices=["daemons", "feed"], help="one of the two parts")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="where the pictures go")
    options = parser.parse_args()
    if stop := needs_root("test-dashboard") or needs_build("test-dashboard", options.bin):
        print(f"dashboard: {stop[1]}", file=sys.stderr)
        return stop[0]
    console = Console()
    report = Report("dashboard", console)
    for run in sandbox.sweep(Runner()):
        console.note(f"removed what an earlier run that was killed left: {run}")
    try:
        documents(report, console)
        if options.only != "daemons":
            for count, silent in ((30, 3), (300, 12)):
                feed(report, console, count, silent, options.pictures)
        if options.only != "feed":
            with sandbox.Sandbox.of_one_run(report, "daemons", False) as box:
                daemons(report, console, box, options)
    except sandbox.Interrupted as interrupt:
        report.check("the test runs to its end", False, f"interrupted by {interrupt}")
    except Exception as error:
        report.check("the test runs to its end", False, f"{type(error).__name__}: {error}")
    print(f"\n{report.table()}\n", flush=True)
    report.write(options.report)
    return 0 if report.holds else 1


def documents(report: Report, console: Console) -> None:
    console.phase("documents", "the page's size, the OpenAPI document")
    size = sum(path.stat().st_size for path in PAGE.iterdir())
    report.figure("the page with all its files", size, "B", PAGE_BYTES_MAX, "lower")
    document = schemas.openapi()
    report.check("every reference of the OpenAPI document leads somewhere", not (lost := schemas.dangling(document)), ", ".join(lost))


def feed(report: Report, console: Console, count: int, silent: int, pictures: Path) -> None:
    console.phase(f"{count} VRs", "made-up documents in the same page")
    mesh = Feed(count, silent)
    bad = [fault for view in mesh.views() for fault in schemas.faults(mesh.document(view))]
    report.check(f"{count}: the made-up documents are as the schemas say", not bad, "; ".join(bad[:3]))
    server = FeedServer(mesh)
    try:
        with Browser() as browser:
            browser.dark(False)
            browser.open(server.url)
            if not report.check(f"{count}: the page is drawn", browser.wait(DRAWN), ""):
                return
            looks(report, browser, str(count), count, len(mesh.queue))
            apart = int(str(browser.run("document.querySelectorAll('#map .vr.apart0').length")))
            report.check(f"{count}: all who fell silent together are coloured alike", apart == len(mesh.lost), f"{apart} of {len(mesh.lost)}")
            report.check(f"{count}: no two VRs lie on one another", not (near := overlapping(browser)), "; ".join(near[:3]))
            chooses(report, browser, mesh)
            steady(report, browser, count)
            picture(report, browser, pictures, f"{count}-vrs.png")
            if count == 300:
                browser.run("document.querySelectorAll('#map .vr.public')[9].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
                browser.dark(True)
                browser.pause(1.0)
                picture(report, browser, pictures, f"{count}-vrs-chosen.png")
            times(report, browser, count)
            clean(report, browser, str(count), server.url)
    finally:
        server.close()


def looks(report: Report, browser: Browser, title: str, count: int, channels: int) -> None:
    vrs = browser.run("document.querySelectorAll('#map .vr').length")
    report.check(f"{title}: every VR is on the map", vrs == count, f"{vrs} of {count}")
    edges = int(str(browser.run("document.querySelectorAll('#map .edge').length")))
    report.check(f"{title}: links are drawn, each channel to a queue-VR among them", edges >= max(1, channels), f"{edges}, {channels} channels")
    events = str(browser.run("document.querySelector('#events > div').innerText"))
    report.check(f"{title}: events are told, newest first, or that there are none", "session with" in events or "journalctl" in events, events[:80].replace("\n", " "))
    shown = browser.run("document.getElementById('clock').textContent")
    report.check(f"{title}: the time of the last update is shown", str(shown).startswith("updated "), str(shown))


def chooses(report: Report, browser: Browser, mesh: Feed) -> None:
    """By mouse and by keyboard: a VR, a ViNe, a block."""
    site = mesh.sites[mesh.count // 2]
    browser.click(f'#map [data-site="{site}"]')
    heading = "document.querySelector('#detail h2').textContent"
    told = browser.wait(f"{heading}.startsWith('{site} ')") and browser.wait("document.querySelector('#detail').textContent.includes('27.8 ms')")
    report.check(f"{mesh.count}: a click on a VR tells its link", told, str(browser.run("document.querySelector('#detail dl')?.innerText"))[:160].replace("\n", " "))
    chosen = int(str(browser.run("document.querySelectorAll('#map .edge.chosen').length")))
    wanted = sum(site in link[:2] for link in mesh.links)
    report.check(f"{mesh.count}: its links are drawn with their figures", chosen == wanted, f"{chosen} of {wanted}")
    browser.run("document.getElementById('map').focus()")
    for key in ("Home", "ArrowRight", "Enter"):
        browser.key(key)
    by_keys = str(browser.run(heading))
    report.check(f"{mesh.count}: arrow keys and Enter choose another", not by_keys.startswith(f"{site} ") and by_keys != "", by_keys)
    browser.key("Escape")
    report.check(f"{mesh.count}: Escape returns to this VR", str(browser.run(heading)).startswith(f"{mesh.own} "), "")
    title, parts = mesh.vines[0][1], mesh.vines[0][2]
    browser.click(f'#vines [data-name="{title}"]')
    members = int(str(browser.run("document.querySelectorAll('#map .vr.member').length")))
    report.check(f"{mesh.count}: a ViNe lies over the map", members == len(parts), f"{members} of {len(parts)} sites")
    block, owner = mesh.blocks[3]
    browser.click(f'#space [data-name="{block}"]')
    said = str(browser.run("document.querySelector('#detail').textContent"))
    report.check(f"{mesh.count}: a block names its owner", block in said and owner in said, "")
    browser.run("document.querySelector('#identity button').click(); scrollTo(0, 0)")


def overlapping(browser: Browser) -> list[str]:
    """Pairs of VRs whose shapes touch."""
    script = """(() => {
      const vrs = [...document.querySelectorAll('#map .vr')].map((vr) => {
        const body = vr.querySelector('.body');
        const [x, y] = vr.getAttribute('transform').match(/-?[0-9.]+/g).map(Number);
        return { site: vr.dataset.site, x, y, r: Number(body.getAttribute('r') ?? body.getAttribute('width') / 2) };
      });
      const near = [];
      vrs.forEach((one, i) => vrs.slice(i + 1).forEach((other) => {
        if (Math.hypot(one.x - other.x, one.y - other.y) < (one.r + other.r) * 0.95) near.push(`${one.site} and ${other.site}`);
      }));
      return near;
    })()"""
    return list(browser.run(script))  # type: ignore[call-overload]


def steady(report: Report, browser: Browser, count: int) -> None:
    before = browser.run(PLACES)
    first = int(str(browser.run(DRAWN)))
    browser.wait(f"Number({DRAWN}) >= {first + 2}")
    report.check(f"{count}: nothing moves between two updates", browser.run(PLACES) == before, "")


def times(report: Report, browser: Browser, count: int) -> None:
    """Of five updates the one in the middle: other programs have the processor, too."""
    drawn, asked = [], []
    for _ in range(5):
        last = int(str(browser.run(DRAWN)))
        browser.wait(f"Number({DRAWN}) > {last}")
        drawn.append(float(str(browser.run("document.body.dataset.drawnMs"))))
        asked.append(float(str(browser.run("document.body.dataset.askedMs"))))
    report.figure(f"{count}: an update is drawn, median of five", median(drawn), "ms", DRAW_MS_MAX, "lower", f"slowest {max(drawn):.0f} ms")
    report.observe(f"{count}: its documents are fetched and read, median of five", median(asked), "ms", "lower", f"slowest {max(asked):.0f} ms")


def clean(report: Report, browser: Browser, title: str, url: str) -> None:
    errors = [error for error in browser.errors if EVENTS_GONE not in error]
    report.check(f"{title}: the console has no errors", not errors, "; ".join(errors[:2]))
    foreign = sorted({request for request in browser.requests if not request.startswith((url, "about:"))})
    report.check(f"{title}: nothing is asked of another machine", not foreign and len(browser.requests) > 10, f"{len(browser.requests)} requests" if not foreign else foreign[0])


def picture(report: Report, browser: Browser, folder: Path, name: str) -> None:
    browser.run("scrollTo(0, 0)")
    browser.pause(0.4)
    browser.screenshot(folder / name, HEIGHT)
    report.figure(f"the picture {name}", (folder / name).stat().st_size, "B", PICTURE_BYTES_MAX, "lower")


# Real daemons


def daemons(report: Report, console: Console, box: sandbox.Sandbox, options: argparse.Namespace) -> None:
    console.phase("3 VRs", "real daemons: uf and nwu public, pu behind NAT")
    mesh = OwnMesh("db", box.processes, options.bin.resolve(), box.prefix, FIGURE_3, hosts=1)
    try:
        mesh.found()
        uf = mesh.vrs["uf"]
        for vr in mesh.vrs.values():
            serve(vr)
        uf.ask("vine", "create", "physics")
        for name in ("nwu", "pu"):
            mesh.vrs[name].ask_when_known("vine", "join", "physics")
        for name, vr in mesh.vrs.items():
            address = str(next(iter(vr.identity().blocks))[10])
            vr.ask_when_known("host", "add", address, "--vine", "physics")
        late = mesh.converged()
        report.check("3: the mesh settles", not late, "; ".join(late))
        measured = wait_until(lambda: len(uf.fetch("map")["links"]) >= 2, 60, 0.5)  # type: ignore[index,call-overload]
        report.check("3: links are measured", measured, json.dumps(uf.fetch("map")["links"]))  # type: ignore[index,call-overload]
        valid(report, mesh)
        guarded(report, uf)
        seen(report, box, mesh, options.pictures)
    except Exception:
        for vr in mesh.vrs.values():
            console.note(f"the log of {vr.name} ends with\n{vr.log()[-3000:]}")
        raise
    finally:
        faults = mesh.stop()
    report.check("3: VRs end and leave nothing", not faults, "; ".join(faults) or "SIGTERM")


def serve(vr: VR) -> None:
    """Switches the dashboard on, as an operator would."""
    vr.stop()
    with vr.config.open("a") as file:
        file.write(f"dashboard: 127.0.0.1:{PORT}\n")
    vr.start()


def valid(report: Report, mesh: OwnMesh) -> None:
    names = [path.removeprefix("/v1/") for path, verbs in schemas.openapi()["paths"].items() if path.startswith("/v1/") and "get" in verbs]  # type: ignore[union-attr]
    for vr in mesh.vrs.values():
        bad = [f"{name}: {fault}" for name in names for fault in schemas.faults(vr.fetch(name))]
        report.check(f"3: all {len(names)} views of {vr.name} are as their schemas say", not bad, "; ".join(bad[:3]))


def guarded(report: Report, vr: VR) -> None:
    """The page's headers, and who gets no answer."""
    runner = vr.processes.runner
    base = f"http://127.0.0.1:{PORT}"

    def curl(*arguments: str) -> str:
        return runner.run(["curl", "-s", "-i", "--max-time", "5", *arguments], ns=vr.ns).out

    page = curl(f"{base}/")
    report.check("3: the page has the policy that the test's own server has", f"Content-Security-Policy: {POLICY}" in page, "")
    rebound = curl("-H", "Host: evil.example:8247", f"{base}/v1/status")
    report.check("3: a name that was rebound to this machine is refused", " 421 " in rebound.split("\n")[0] and "ownBlocks" not in rebound, rebound.split("\n")[0].strip())
    posted = curl("-d", '{"name":"x"}', f"{base}/v1/vine/create")
    report.check("3: nothing is changed through it", " 405 " in posted.split("\n")[0], posted.split("\n")[0].strip())
    listening = runner.run(["ss", "-Hltn", f"sport = :{PORT}"], ns=vr.ns).out.split()
    report.check("3: it listens on loopback alone", f"127.0.0.1:{PORT}" in listening and listening.count("LISTEN") == 1, " ".join(listening))


def seen(report: Report, box: sandbox.Sandbox, mesh: OwnMesh, pictures: Path) -> None:
    uf = mesh.vrs["uf"]
    url = f"http://127.0.0.1:{PORT}/"
    with Browser(ns=uf.ns) as browser:
        browser.dark(False)
        browser.open(url)
        if not report.check("3: the page is drawn", browser.wait(DRAWN), ""):
            return
        looks(report, browser, "3", 3, 1)
        for site, words in (("nwu", r"directly, by UDP at[\s\S]*heard\s*[0-9.]+ s ago"), ("pu", r"limited[\s\S]*heard\s*[0-9.]+ s ago")):
            browser.click(f'#map [data-site="{site}"]')
            told = browser.wait(f"/{words}/.test(document.querySelector('#detail').innerText)")
            text = str(browser.run("document.querySelector('#detail dl')?.innerText")).replace("\n", " ")
            report.check(f"3: a click on {site} tells how it is reached", told, text[:160])
        figures = browser.run("[...document.querySelectorAll('#map .figure')].map((one) => one.textContent).join(', ')")
        report.check("3: measured Mbit/s are on the edges", "Mbit/s" in str(figures), str(figures))
        browser.run("document.querySelector('#identity button').click()")
        picture(report, browser, pictures, "3-vrs.png")
        clean(report, browser, "3", url)
        box.runner.ip(uf.ns, ["link set wan down"])
        begun = time.monotonic()
        apart = browser.wait("document.querySelectorAll('#map .vr.apart0').length === 2", 90)
        report.check("3: a VR that is cut off shows the others as one part", apart, f"after {time.monotonic() - begun:.0f} s")
        colours = [str(browser.run(f"getComputedStyle(document.querySelector('#map .vr[data-site=\"{site}\"]')).getPropertyValue('--tone')")) for site in ("uf", "nwu")]
        report.check("3: in another colour than its own", apart and colours[0] != colours[1], " and ".join(colours))
        box.runner.ip(uf.ns, ["link set wan up", f"route replace default via 198.18.{mesh.sites[0].index}.1"])
        uf.kill()
        gone = browser.wait("!document.getElementById('banner').hidden", 15)
        report.check("3: a daemon that is gone is told", gone, str(browser.run("document.getElementById('banner').textContent"))[:120])
        uf.start()
        back = browser.wait("document.getElementById('banner').hidden", 20)
        report.check("3: and that it is back", back, "")


if __name__ == "__main__":
    sys.exit(main())

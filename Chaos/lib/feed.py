"""A made-up mesh of any size as the local API tells it, for the dashboard's page: the same documents, other content.

Each document validates against its published schema; the test does that before it shows them.
"""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from threading import Thread

from . import views

PAGE = Path(__file__).resolve().parent.parent.parent / "Sources/VineDashboard/Page"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""What the daemon sends with the page; the test compares."""

TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
CITIES = (
    "amsterdam athens auckland austin bergen berlin bogota boston brno busan cairo chennai chiba cork dakar delhi denver "
    "dublin erfurt fukuoka gainesville geneva genoa graz hanoi helsinki honolulu houston jena kobe krakow kyoto lagos leeds "
    "lima lisbon ljubljana lodz lyon madrid malaga milan montreal nagoya nairobi nara oslo osaka oulu padova perth porto "
    "potchefstroom prague quito riga rome sapporo seoul seville sofia split sydney taipei tallinn tartu tokyo toronto "
    "trento trieste turku umea utrecht valencia vienna vilnius warsaw zagreb zurich"
).split()


def names(count: int) -> list[str]:
    return [CITIES[i] if i < len(CITIES) else f"{CITIES[i % len(CITIES)]}-{i // len(CITIES) + 1}" for i in range(count)]


@dataclass
class Feed:
    """A mesh of `count` VRs seen from the first one; a third are public, of `silent` the last public ones and whom they serve."""

    count: int
    silent: int = 0
    seed: int = 1
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        chance = random.Random(self.seed)
        sites = names(self.count)
        self.nodes = {site: "".join(chance.choices(ALPHABET, k=51)) + "a" for site in sites}
        publics = max(2, self.count // (5 if self.count > 100 else 3))
        self.public = sorted(chance.sample(sites, publics))
        self.own = self.public[0]
        # Some queue-VRs are better than others.
        weights = [chance.random() ** 2 for _ in self.public]
        self.queue = {site: chance.choices(self.public, weights)[0] for site in sites if site not in self.public}
        lost = self.public[len(self.public) - self.silent :] if self.silent else []
        self.lost = sorted([*lost, *(site for site, queue in self.queue.items() if queue in lost)])
        self.sites = sorted(sites)
        self.voters = self.public[: 1 if self.count < 3 else 3 if self.count < 20 else 5]
        self.links = self._measure(chance)
        self.blocks = [(str(IPv4Address("172.16.0.0") + 256 * i) + "/24", site) for i, site in enumerate(self.sites)]
        titles = ["physics", "biology", "render-farm", "backup", "cfd", "genomics", "ops", "teaching"]
        self.vines = [
            (n + 1, title, sorted(chance.sample(self.sites, max(2, self.count // (2 + n)))))
            for n, title in enumerate(titles[: 2 if self.count < 10 else 8])
        ]

    def _measure(self, chance: random.Random) -> list[tuple[str, str, float]]:
        """Between public VRs, and from limited ones to a few public ones; as records hold them, twelve a VR at most."""
        speed = {site: chance.choice([12, 40, 95, 240, 480, 930]) for site in self.sites}
        pairs: set[tuple[str, str]] = set()
        for index, site in enumerate(self.sites):
            others = [other for other in self.public if other != site]
            for other in sorted(chance.sample(others, min(len(others), 6))) + [self.queue.get(site, others[index % len(others)])]:
                pairs.add((min(site, other), max(site, other)))
        return [(a, b, round(min(speed[a], speed[b]) * chance.uniform(0.6, 1), 1)) for a, b in sorted(pairs)]

    def state(self, site: str) -> str:
        return "down" if site in self.lost else "up"

    @staticmethod
    def views() -> tuple[str, ...]:
        return VIEWS

    def document(self, view: str) -> views.Json:
        body = getattr(self, f"_{view}")()
        return {"schema": f"vine-mesh.{view}/1", **body}

    def events(self) -> views.Json:
        """As `vine-mesh events` has them, oldest first."""
        now = time.time() - self.age
        told = [(-900, "notice", "session.established", f"session with {self.public[1]}"), (-300, "info", "path.direct", f"{self.public[1]} is reached directly, at 198.18.0.2:2247")]
        told += [(-12 - index % 5, "notice", "member.changed", f"{site} is down") for index, site in enumerate(self.lost)]
        lines = [{"schema": "vine-mesh.event/1", "sequence": n + 1, "unixSeconds": now + at, "event": kind, "level": level, "message": text, "fields": {}}
                 for n, (at, level, kind, text) in enumerate(told)]
        return {"schema": "vine-mesh.events/1", "events": lines, "lastSequence": len(lines), "forgotten": 0}

    @property
    def age(self) -> float:
        return time.monotonic() - self.begun

    def _status(self) -> dict[str, object]:
        up = self.count - len(self.lost)
        voters_up = len([v for v in self.voters if v not in self.lost])
        health = [
            {"level": "warning", "text": f"the VR of {site} is down", "mend": "see its log; if it is gone for good: vine-mesh peer revoke"}
            for site in self.lost
        ]
        if self.count >= 30:
            health.append({"level": "warning", "text": "the kernel dropped 40 packets before the daemon saw them", "mend": "sysctl -w net.core.rmem_max=16777216"})
        block = next(block for block, site in self.blocks if site == self.own)
        agreements = [
            {"name": title, "networkId": number, "agreement": self._agreement(number, parts), "localHosts": 4}
            for number, title, parts in self.vines if self.own in parts
        ]
        return {
            "mesh": {"name": "grid", "meshId": "3f9c21ab", "space": "172.16.0.0/12", "routes": ["172.16.0.0/12"]},
            "site": self.own, "node": self.nodes[self.own], "softwareVersion": "0.1.0", "uptimeSeconds": 7505 + self.age,
            "role": "public", "roleReason": "dial-back from cairo reached 198.18.0.1:2247", "endpoints": ["198.18.0.1:2247"],
            "vrs": {"known": self.count, "up": up, "suspect": 0},
            "consensus": {
                "state": "leader", "leader": self.own, "term": 4, "voters": len(self.voters), "votersUp": voters_up,
                "quorum": len(self.voters) // 2 + 1, "hasQuorum": voters_up > len(self.voters) // 2,
            },
            "ownBlocks": [{"block": block, "gateway": block.replace(".0/24", ".1"), "hosts": 4, "hostsMax": 253}],
            "vines": agreements,
            "drops": [{"reason": "noGNDTEntry", "packets": 12}, {"reason": "toVirtualRouter", "packets": 3}] if self.count > 3 else [],
            "certificate": {"daysLeft": 61.4, "expiresUnixSeconds": 1_803_000_000},
            "dataPlane": {"capture": "NFQUEUE 2247 and 35015, TCP in super-packets", "injection": "libnet, link context, super-packets", "cryptography": "AES-256-GCM by BoringSSL"},
            "convergence": {"converged": not self.lost, "waitingFor": ["physics: 7/9 VRs at v17.42"] if self.lost else []},
            "health": health,
        }

    def _agreement(self, number: int, parts: list[str]) -> dict[str, object]:
        up = [site for site in parts if site not in self.lost]
        late = up[-1:] if number == 2 and self.count > 3 else []
        return {
            "version": f"v{17 + number}.{42 + number}", "digest": f"{number * 0x9F3A01C255D0E17B % 2**64:016x}",
            "agreeing": len(up) - len(late), "participantsUp": len(up),
            "laggards": [{"site": site, "node": self.nodes[site], "reason": "behind", "version": f"v{17 + number}.40", "seconds": 3.2} for site in late],
            "down": [site for site in parts if site in self.lost],
        }

    def _map(self) -> dict[str, object]:
        return {"site": self.own, "meshName": "grid", "vrs": [self._vr(site) for site in self.sites],
                "links": [{"from": a, "to": b, "bandwidthMbps": mbps} for a, b, mbps in self.links]}

    def _vr(self, site: str) -> dict[str, object]:
        index = self.sites.index(site)
        vr: dict[str, object] = {
            "site": site, "node": self.nodes[site], "isSelf": site == self.own, "state": self.state(site),
            "role": "public" if site in self.public else "limited",
            "endpoints": [f"198.18.{index // 250}.{index % 250 + 1}:2247"] if site in self.public else [],
            "isVoter": site in self.voters, "isLeader": site == self.voters[0],
            "blocks": [block for block, owner in self.blocks if owner == site],
            "vines": [title for _, title, parts in self.vines if site in parts], "softwareVersion": "0.1.0",
        }
        if site in self.queue:
            vr["queueVR"] = self.queue[site]
        if site != self.own:
            # The lost fell silent within seconds of one another.
            vr["stateSeconds"] = (12 + index % 5 if site in self.lost else 4000) + self.age
            vr["path"] = "none" if site in self.lost else "direct" if site in self.public else "channel" if self.queue[site] == self.own else "relay"
            if vr["path"] == "relay":
                vr["via"] = self.queue[site]
        return vr

    def _vines(self) -> dict[str, object]:
        return {"vines": [{
            "name": title, "networkId": number, "creator": parts[0], "takesPart": self.own in parts, "participants": parts,
            "localHosts": ["172.16.0.10"] if self.own in parts else [], "gndtEntries": len(parts), "gndtAddresses": 4 * len(parts),
            "disputedAddresses": 0, "agreement": self._agreement(number, parts),
        } for number, title, parts in self.vines]}

    def _voters(self) -> dict[str, object]:
        up = [v for v in self.voters if v not in self.lost]
        return {
            "state": "leader", "term": 4, "leader": self.own, "commitIndex": 1874, "appliedIndex": 1874,
            "quorum": len(self.voters) // 2 + 1, "hasQuorum": len(up) > len(self.voters) // 2,
            "voters": [{"site": v, "node": self.nodes[v], "isLeader": v == self.own, "isUp": v in up, "isLearner": False,
                        "why": "founded the mesh" if v == self.own else "public and steady, so that more losses are survived",
                        **({} if v == self.own else {"matchIndex": 1874})} for v in self.voters],
        }

    def _drops(self) -> dict[str, object]:
        return {"drops": [
            {"reason": "noGNDTEntry", "total": 40 if self.count > 3 else 0, "lastMinute": 12 if self.count > 3 else 0, "explanation": "nobody in the source's ViNe has the destination", "mend": "vine-mesh host add at the destination's site",
             **({"lastSource": "172.16.2.10", "lastDestination": "172.16.1.10", "lastSecondsAgo": 4.0} if self.count > 3 else {})},
            {"reason": "toVirtualRouter", "total": 3 if self.count > 3 else 0, "lastMinute": 3 if self.count > 3 else 0, "explanation": "the packet is for a VR itself", "mend": ""},
            {"reason": "replayed", "total": 0, "lastMinute": 0, "explanation": "the frame came twice", "mend": ""},
        ]}

    def _relay(self) -> dict[str, object]:
        served = [site for site, queue in self.queue.items() if queue == self.own]
        return {"role": "public", "roleReason": "declared", "seenAs": [], "candidates": [],
                "served": [{"site": site, "node": self.nodes[site], "channelOpen": True, "forwardedFrames": 81234, "forwardedBytes": 91_234_567} for site in sorted(served)]}

    def _queues(self) -> dict[str, object]:
        return {"capture": {"queueNumber": 2247, "capturedPackets": 81000, "kernelDroppedPackets": 40 if self.count >= 30 else 0, "injectedPackets": 80100}, "relay": []}

    def _blocks(self) -> dict[str, object]:
        kept = [{"block": f"172.{20 + i}.0.0/20", "why": f"{site} grants from it while it is cut off from the majority"} for i, site in enumerate(self.voters)]
        return {
            "space": "172.16.0.0/12",
            "blocks": [{"block": block, "site": site, "node": self.nodes[site], "isOwn": site == self.own} for block, site in self.blocks],
            "keptFree": kept if len(self.voters) >= 3 else [], "freeAddresses": 2**20 - 256 * len(self.blocks) - 4096 * len(kept),
        }

    def _lndt(self) -> dict[str, object]:
        block = next(block for block, site in self.blocks if site == self.own)
        return {"hosts": [{"address": block.replace(".0/24", f".{10 + i}"), "vines": ["physics"]} for i in range(4)]}

    def _certs(self) -> dict[str, object]:
        line = {"subject": self.own, "notBeforeUnixSeconds": 1_795_000_000, "expiresUnixSeconds": 1_803_000_000, "daysLeft": 61.4}
        return {"meshId": "3f9c21ab", "own": line, "authority": line | {"subject": "grid"}, "authorityKey": "plain", "authorityKeyHere": True,
                "renewsUnixSeconds": 1_800_000_000, "signers": [self.own]}

    def _peers(self) -> dict[str, object]:
        return {"peers": [{
            "site": site, "node": self.nodes[site], "state": self.state(site), "role": "public" if site in self.public else "limited",
            "path": "none" if site in self.lost else "direct", "via": "198.18.0.2:2247", "cipher": "aes256gcm", "sessionAgeSeconds": 61.0,
            "heardSecondsAgo": 0.4, "rttMs": 27.8, "sentPackets": 120, "sentBytes": 168_000, "receivedPackets": 90, "receivedBytes": 999,
            "softwareVersion": "0.1.0"} for site in self.sites if site != self.own]}

    def _links(self) -> dict[str, object]:
        own = [{"from": self.own, "to": b if a == self.own else a, "path": "direct", "rttMs": 27.8, "lossPercent": 0.1, "bandwidthMbps": mbps,
                "outMbps": mbps * 1.2, "inMbps": mbps, "confidencePercent": 91, "measuredSecondsAgo": 12.0, "innerMtu": 1436}
               for a, b, mbps in self.links if self.own in (a, b)]
        return {"links": own}

    def _gndt(self) -> dict[str, object]:
        by = dict((site, block) for block, site in self.blocks)
        return {"tables": [{
            "name": title, "networkId": number, "version": f"v{17 + number}.{42 + number}", "digest": "9f3a01c255d0e17b",
            "entries": [{"first": by[site].replace(".0/24", ".10"), "last": by[site].replace(".0/24", ".13"), "site": site, "node": self.nodes[site]} for site in parts],
        } for number, title, parts in self.vines if self.own in parts]}


VIEWS = ("status", "map", "vines", "voters", "drops", "relay", "queues", "blocks", "lndt", "certs", "peers", "links", "gndt")


class FeedServer:
    """Serves the page and a feed on loopback."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = outer.answer(self.path.split("?")[0])
                self.send_response(status)
                for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), ("Content-Security-Policy", POLICY)):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """A page that is left does not read its answers."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, path: str) -> tuple[int, str, bytes]:
        view = path.removeprefix("/v1/")
        if view != path:
            if view == "events":
                return 200, "application/json", json.dumps(self.feed.events()).encode()
            if view not in VIEWS:
                return 404, "application/json", b"{}"
            return 200, "application/json", json.dumps(self.feed.document(view)).encode()
        file = PAGE / ("index.html" if path == "/" else path[1:])
        if file.parent != PAGE or not file.is_file():
            return 404, "text/plain", b""
        return 200, TYPES[file.suffix], file.read_bytes()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

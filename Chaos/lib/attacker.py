#!/usr/bin/env python3
"""Somebody on the path: frames seen on the core's leg of a site are sent again, changed; and strangers knock at port 2247.

Runs in a namespace of the run, ends by itself, and says what it did in one line of JSON.

  frames MODE --interface LEG --seconds N [--to ADDRESS]   replay, reorder, truncate, flip, cross (to another VR), kinds
  flood --target ADDRESS --tag HEX --count N --rate R      first steps of handshakes from addresses that do not exist
  drip --target ADDRESS --connections N --seconds N        TCP: a byte a second of a record that never ends
  oversize --target ADDRESS --connections N                TCP: records of the greatest length, full of nothing
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import struct
import sys
import time
from collections import Counter, deque

PORT = 2247
RATE_MAX = 4000.0
"""Packets a second that this program sends at most, whatever is asked for."""
OPENING = 1200
"""Bytes of a first step; anything shorter is no first step, so that nobody is made to send more than he gets."""
OWN_HOPS = 57
"""Time to live of what this program sends: nothing else on the core has it."""
EVERYTHING = 3
"""ETH_P_ALL: only such sockets see what leaves."""
HELD = 64
"""Frames that `reorder` keeps back."""


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data[: len(data) // 2 * 2]))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source: bytes, target: bytes, source_port: int, payload: bytes) -> bytes:
    """A UDP packet to PORT, without UDP checksum."""
    udp = struct.pack("!HHHH", source_port, PORT, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), random.getrandbits(16), 0, OWN_HOPS, 17, 0) + source + target
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def raw() -> socket.socket:
    """Sends whole IPv4 packets, with whatever source."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return sender


class Frames:
    """Changes what goes to a site and sends that in addition; what was sent before still arrives as it was."""

    def __init__(self, mode: str, to: str | None) -> None:
        self.mode, self.to = mode, to
        self.held: deque[tuple[bytes, bytes, int, bytes]] = deque()
        self.sender = raw()
        self.sent = 0

    def changed(self, payload: bytes) -> bytes:
        """What becomes of one frame. Its kind and session stay, so that it gets as far as it can."""
        if self.mode == "truncate":
            return payload[: random.randrange(0, len(payload))]
        if self.mode == "flip":
            at = random.randrange(1, len(payload))
            return payload[:at] + bytes([payload[at] ^ 1 << random.randrange(8)]) + payload[at + 1 :]
        if self.mode == "kinds":
            return bytes([random.randrange(256)]) + payload[1:]
        return payload

    def took(self, source: bytes, target: bytes, port: int, payload: bytes) -> None:
        """A frame was seen."""
        if self.mode in ("reorder", "replay"):
            # A replay comes much later, a reordered copy a little.
            self.held.append((source, target, port, payload))
            depth = HELD if self.mode == "reorder" else 8 * HELD
            if len(self.held) < depth:
                return
            at = random.randrange(len(self.held))
            source, target, port, payload = self.held[at]
            del self.held[at]
        if self.to:
            target = socket.inet_aton(self.to)
        self.sender.sendto(packet(source, target, port, self.changed(payload)), (socket.inet_ntoa(target), 0))
        self.sent += 1


def frames(options: argparse.Namespace) -> dict[str, object]:
    attack = Frames(options.mode, options.to)
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERYTHING)) as wire:
        wire.bind((options.interface, EVERYTHING))
        wire.settimeout(0.2)
        end, begun, seen = time.monotonic() + options.seconds, time.monotonic(), 0
        while time.monotonic() < end:
            try:
                data, address = wire.recvfrom(65535)
            except TimeoutError:
                continue
            head = (data[0] & 15) * 4
            # Outgoing on the core's leg: on its way to the site. What this program sent itself is left alone.
            is_leaving = address[1] == 0x0800 and address[2] == socket.PACKET_OUTGOING
            if not is_leaving or len(data) < head + 16 or data[9] != 17 or data[8] == OWN_HOPS:
                continue
            source_port, port = struct.unpack_from("!HH", data, head)
            seen += 1
            if port != PORT or attack.sent > RATE_MAX * (time.monotonic() - begun):
                continue
            attack.took(data[12:16], data[16:20], source_port, data[head + 8 :])
    return {"seen": seen, "sent": attack.sent}


def flood(options: argparse.Namespace) -> dict[str, object]:
    """Each from an address of its own in 203.0.113.0/24 and 198.51.100.0/24, which lead nowhere."""
    sender, target = raw(), socket.inet_aton(options.target)
    rate = min(options.rate, RATE_MAX)
    begun = time.monotonic()
    for count in range(options.count):
        time.sleep(max(0.0, count / rate - (time.monotonic() - begun)))
        source = random.choice((b"\xcb\x00\x71", b"\xc6\x33\x64")) + bytes([random.randrange(1, 255)])
        opening = b"\x01\x01\x00\x00" + bytes.fromhex(options.tag) + os.urandom(OPENING - 8)
        sender.sendto(packet(source, target, random.randrange(1024, 65536), opening), (options.target, 0))
    return {"sent": options.count, "seconds": round(time.monotonic() - begun, 1)}


def connections(options: argparse.Namespace) -> list[socket.socket]:
    made = []
    for _ in range(options.connections):
        connection = socket.socket()
        connection.settimeout(2)
        try:
            connection.connect((options.target, PORT))
            made.append(connection)
        except OSError:
            connection.close()
    return made


def drip(options: argparse.Namespace) -> dict[str, object]:
    """A record of 65,535 bytes is announced; then a byte a second."""
    made = connections(options)
    fates: Counter[str] = Counter(opened=len(made))
    end = time.monotonic() + options.seconds
    for connection in made:
        connection.sendall(b"\xff\xff\x02")
        connection.setblocking(False)
    while time.monotonic() < end and made:
        time.sleep(1)
        for connection in list(made):
            try:
                if connection.recv(1) == b"":
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                fates["closed by the VR"] += 1
                made.remove(connection)
                continue
            try:
                connection.send(b"\x00")
            except OSError:
                fates["closed by the VR"] += 1
                made.remove(connection)
    fates["still open"] = len(made)
    return dict(fates)


def oversize(options: argparse.Namespace) -> dict[str, object]:
    """Whole records of the greatest length, one after the other, until the VR closes the connection."""
    fates: Counter[str] = Counter()
    record = b"\xff\xff" + bytes([2]) + os.urandom(65534)
    for connection in connections(options):
        fates["opened"] += 1
        try:
            for _ in range(16):
                connection.sendall(record)
                fates["records"] += 1
            fates["still open" if connection.recv(1) else "closed by the VR"] += 1
        except TimeoutError:
            fates["still open"] += 1
        except OSError:
            fates["closed by the VR"] += 1
        connection.close()
    return dict(fates)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(dest="verb", required=True)
    changing = verbs.add_parser("frames")
    changing.add_argument("mode", choices=["replay", "reorder", "truncate", "flip", "cross", "kinds"])
    changing.add_argument("--interface", required=True)
    changing.add_argument("--seconds", type=float, required=True)
    changing.add_argument("--to")
    flooding = verbs.add_parser("flood")
    flooding.add_argument("--tag", required=True)
    flooding.add_argument("--count", type=int, required=True)
    flooding.add_argument("--rate", type=float, required=True)
    for verb in (flooding, verbs.add_parser("drip"), verbs.add_parser("oversize")):
        verb.add_argument("--target", required=True)
        verb.add_argument("--connections", type=int, default=100)
        verb.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    print(json.dumps({"frames": frames, "flood": flood, "drip": drip, "oversize": oversize}[options.verb](options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

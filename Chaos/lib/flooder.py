#!/usr/bin/env python3
"""Handshake frames by the ten thousand a second, each from an address that is nobody's: sendmmsg through ctypes.

Runs in a namespace of the run, ends by itself, and says what it did in one line of JSON.

  flooder.py --target ADDRESS --tag HEX --rate N --seconds N

Of ten frames eight are first messages, one carries a cookie that was made up, one claims to answer something.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import random
import signal
import socket
import struct
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lib.attacker import OPENING, packet, raw  # noqa: E402

RATE_MAX = 60_000
SECONDS_MAX = 120.0
BATCH = 50
"""Packets in one system call."""
POOL = 8000
"""Different packets; they come round again after that."""
NETWORKS = (b"\xcb\x00\x71", b"\xc6\x33\x64", b"\xc0\x00\x02")
"""203.0.113, 198.51.100, 192.0.2 (RFC 5737): nobody is there."""


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    """struct mmsghdr: its two integers of four bytes are each followed by four of nothing."""

    _fields_ = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("vectors", ctypes.POINTER(Vector)),
        ("vector_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int64),
        ("sent", ctypes.c_uint64),
    ]


def frame(tag: bytes) -> bytes:
    """Step 1, or step 6 with a made-up cookie around one, or step 3 of nobody's handshake."""
    opening = b"\x01\x01\x00\x00" + tag + os.urandom(64) + bytes(OPENING - 72)
    choice = random.randrange(10)
    if choice == 0:
        return b"\x01\x06\x00\x00" + os.urandom(16) + opening[:-20]
    if choice == 1:
        return b"\x01\x03\x00\x00" + os.urandom(500)
    return opening


class Pool:
    """All packets with what the kernel wants to be told of each, made once."""

    def __init__(self, target: str, tag: bytes) -> None:
        to = socket.inet_aton(target)
        self.address = ctypes.create_string_buffer(struct.pack("=HH4s8x", socket.AF_INET, 0, to), 16)
        packets = []
        for _ in range(POOL):
            source = random.choice(NETWORKS) + bytes([random.randrange(1, 255)])
            packets.append(packet(source, to, random.randrange(1024, 65536), frame(tag)))
        self.buffers = [ctypes.create_string_buffer(data, len(data)) for data in packets]
        self.vectors = (Vector * POOL)()
        self.messages = (Message * POOL)()
        for number, buffer in enumerate(self.buffers):
            self.vectors[number] = Vector(ctypes.addressof(buffer), len(buffer))
            self.messages[number].name = ctypes.addressof(self.address)
            self.messages[number].name_length = 16
            self.messages[number].vectors = ctypes.pointer(self.vectors[number])
            self.messages[number].vector_count = 1


def flood(options: argparse.Namespace) -> dict[str, object]:
    libc = ctypes.CDLL(None, use_errno=True)
    rate, seconds = min(options.rate, RATE_MAX), min(options.seconds, SECONDS_MAX)
    pool, sender = Pool(options.target, bytes.fromhex(options.tag)), raw()
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    begun, sent, refused, slowest = time.monotonic(), 0, 0, 0.0
    while (passed := time.monotonic() - begun) < seconds and not ended:
        due = int(passed * rate) - sent - refused
        if due < BATCH:
            time.sleep(BATCH / rate / 2)
            continue
        slowest = max(slowest, due / rate)
        start = (sent + refused) % POOL // BATCH * BATCH
        count = libc.sendmmsg(sender.fileno(), ctypes.byref(pool.messages[start]), BATCH, 0)
        sent += max(count, 0)
        refused += BATCH - max(count, 0)
    took = time.monotonic() - begun
    return {"sent": sent, "refused": refused, "a second": round(sent / took), "behind": round(slowest, 3)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    print(json.dumps(flood(parser.parse_args())))
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Marked packets: a program for hosts' namespaces, to write to anybody under any address and to see all that comes.

`send PLAN --gateway MAC` writes each `token source destination` of the plan, one a line, as a UDP packet of its own
into the Ethernet of its namespace, at a steady rate, and says how many. `listen` prints one line for each that comes,
whoever it is for, until SIGTERM or its time is over, and at last how many the kernel could not keep for it.
`control ADDRESS` sends a single one the ordinary way, to prove that listeners see.
"""

from __future__ import annotations

import argparse
import signal
import socket
import struct
import sys
import time
from ipaddress import IPv4Address
from pathlib import Path
from types import FrameType

MARK = b"VINE-MATRIX-TOKEN:"
PORT = 20247
CONTROL = 0xFFFFFFFF
"""Token of what `control` sends."""
ETHERTYPE_IP = 0x0800
BUFFER = 8 << 20
"""Bytes that the kernel keeps for a listener that is not scheduled: far more than the whole matrix."""
_FORCED_BUFFER = 33  # SO_RCVBUFFORCE
_SOL_PACKET, _ADD_MEMBERSHIP, _STATISTICS, _PROMISCUOUS = 263, 1, 6, 1


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(token: int, source: IPv4Address, destination: IPv4Address) -> bytes:
    """A whole IPv4 packet."""
    payload = MARK + struct.pack("!I", token)
    length = 8 + len(payload)
    pseudo = source.packed + destination.packed + struct.pack("!HH", socket.IPPROTO_UDP, length)
    udp = struct.pack("!HHHH", PORT, PORT, length, 0) + payload
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, token & 0xFFFF, 0, 64, socket.IPPROTO_UDP, 0)
    head += source.packed + destination.packed
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def send(plan: Path, gateway: str, rate: float, seconds: float) -> int:
    """One packet each 1/rate seconds; what is behind catches up. Returns how many: fewer if the time is over."""
    rows = [line.split() for line in plan.read_text().splitlines()]
    address = ("eth", ETHERTYPE_IP, 0, 0, bytes.fromhex(gateway.replace(":", "")))
    begun = time.monotonic()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETHERTYPE_IP)) as link:
        for count, (token, source, destination) in enumerate(rows):
            now = time.monotonic() - begun
            if now > seconds:
                return count
            time.sleep(max(0.0, count / rate - now))
            link.sendto(packet(int(token), IPv4Address(source), IPv4Address(destination)), address)
    return len(rows)


def arrival(data: bytes) -> tuple[int, IPv4Address, IPv4Address] | None:
    """Token and outer addresses of an IPv4 packet with the mark anywhere in it."""
    at = data.find(MARK)
    if at < 0 or len(data) < max(20, at + len(MARK) + 4):
        return None
    (token,) = struct.unpack_from("!I", data, at + len(MARK))
    return token, IPv4Address(data[12:16]), IPv4Address(data[16:20])


def listen(interface: str | None, seconds: float) -> int:
    """Returns how many packets the kernel had no room for."""
    ends = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal ends
        ends = True

    signal.signal(signal.SIGTERM, stop)
    with (
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETHERTYPE_IP)) as link,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute,
    ):
        # Nobody shall answer "port unreachable".
        mute.bind(("0.0.0.0", PORT))
        link.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, BUFFER)
        if interface:
            link.bind((interface, ETHERTYPE_IP))
            request = struct.pack("iHH8s", socket.if_nametoindex(interface), _PROMISCUOUS, 0, b"")
            link.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, request)
        link.settimeout(0.1)
        print("listening", flush=True)
        end = time.monotonic() + seconds
        while not ends and time.monotonic() < end:
            try:
                found = arrival(link.recv(65535))
            except TimeoutError:
                continue
            if found:
                print(*found, flush=True)
        _, lost = struct.unpack("II", link.getsockopt(_SOL_PACKET, _STATISTICS, 8))
    return lost


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="ends by itself after this time")
    verbs = parser.add_subparsers(dest="verb", required=True)
    sending = verbs.add_parser("send")
    sending.add_argument("plan", type=Path)
    sending.add_argument("--gateway", required=True, help="the VR's address on the Ethernet")
    sending.add_argument("--rate", type=float, default=50, help="packets a second")
    verbs.add_parser("control").add_argument("address")
    listening = verbs.add_parser("listen")
    listening.add_argument("--interface", help="otherwise all")
    options = parser.parse_args()
    if options.verb == "send":
        print(f"sent {send(options.plan, options.gateway, options.rate, options.seconds)}")
    elif options.verb == "control":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
            plain.sendto(MARK + struct.pack("!I", CONTROL), (options.address, PORT))
    else:
        print(f"lost {listen(options.interface, options.seconds)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

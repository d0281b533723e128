#!/usr/bin/env python3
"""Numbered packets between all hosts of a mesh, by the thousand: one process with sockets in every host's namespace.

Each probe goes one way and is stamped by the one clock of the machine, so that every loss has a direction and a time.
A host listens to all that comes on its wire, whoever it is for; what a host gets that is not for it is a stray.
Rows go to the log as `ROW`: time, what, who saw it, source, target, number.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROW = struct.Struct("<dBHHHI")
SENT, ARRIVED, STRAY, DOUBLED = range(4)
MARK = b"VINE-CHAOS"
PAYLOAD = struct.Struct(f"!{len(MARK)}sHHI")
PORT = 20248
STRANGERS_EACH = 5.0
"""Seconds between two probes of a pair that has no ViNe in common: they must never arrive."""
_NEWNET = 0x40000000
_SOL_PACKET, _IGNORE_OUTGOING, _ATTACH_FILTER, _FORCED_BUFFER = 263, 23, 26, 33
# IPv4 over UDP to PORT, no later fragment; offsets are of the IP header, as the socket has no Ethernet header.
_FILTER = [
    (0x30, 0, 0, 9), (0x15, 0, 6, 17), (0x28, 0, 0, 6), (0x45, 4, 0, 0x1FFF), (0xB1, 0, 0, 0), (0x48, 0, 0, 2),
    (0x15, 0, 1, PORT), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0),
]  # fmt: skip


@dataclass
class Prober:
    """One host: where it is, what it may talk to, its sockets."""

    number: int
    ns: str
    alias: str
    vine: str
    site: str
    sender: socket.socket = field(init=False)
    listener: socket.socket = field(init=False)

    def open(self) -> None:
        """Its sockets, in its namespace. The caller goes back to its own afterwards."""
        with open(f"/var/run/netns/{self.ns}") as namespace:
            if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {self.ns}")
        # Bound and not read: nobody shall answer "port unreachable".
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sender.bind((self.alias, PORT))
        self.sender.setblocking(False)
        self.listener = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.listener.bind(("eth", 0x0800))
        self.listener.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        code = b"".join(struct.pack("HBBI", *line) for line in _FILTER)
        program = ctypes.create_string_buffer(code)
        self.listener.setsockopt(
            socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HL", len(_FILTER), ctypes.addressof(program))
        )
        self.listener.setsockopt(socket.SOL_SOCKET, _FORCED_BUFFER, 4 << 20)
        self.listener.setblocking(False)


class Rounds:
    """Who sends to whom and when: each pair of a ViNe `rate` times a second, strangers now and then."""

    def __init__(self, hosts: list[Prober], rate: float) -> None:
        pairs = [(a, b) for a in hosts for b in hosts if a.site != b.site]
        friends = [pair for pair in pairs if pair[0].vine == pair[1].vine]
        strangers = [pair for pair in pairs if pair[0].vine != pair[1].vine]
        self.due = [(k / rate / max(1, len(friends)), 1 / rate, *pair) for k, pair in enumerate(friends)]
        self.due += [(k * STRANGERS_EACH / max(1, len(strangers)), STRANGERS_EACH, *p) for k, p in enumerate(strangers)]
        self.due.sort(key=lambda entry: entry[0])
        self.at = [entry[0] for entry in self.due]
        self.numbers = [0] * len(self.due)


def run(plan: Path, log: Path, rate: float, seconds: float) -> None:
    hosts = [Prober(number, **host) for number, host in enumerate(json.loads(plan.read_text()))]
    with open("/proc/self/ns/net") as home:
        for host in hosts:
            host.open()
        ctypes.CDLL(None).setns(home.fileno(), _NEWNET)
    ends = False

    def stop(number: int, frame: object) -> None:
        nonlocal ends
        ends = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    selector = selectors.EpollSelector()
    for host in hosts:
        selector.register(host.listener, selectors.EVENT_READ, host)
    rounds = Rounds(hosts, rate)
    seen: dict[tuple[int, int], int] = {}
    begun = time.time()
    with log.open("wb", buffering=1 << 16) as file:
        flushed = begun
        print("probing", flush=True)
        while not ends and time.time() - begun < seconds:
            _send_due(rounds, time.time() - begun, begun, file.write)
            for key, _ in selector.select(0.004):
                _receive(key.data, hosts, seen, file.write)
            if time.time() - flushed > 0.2:
                file.flush()
                flushed = time.time()
        end = time.time() + 1.0
        while time.time() < end:
            for key, _ in selector.select(0.05):
                _receive(key.data, hosts, seen, file.write)
    lost = sum(struct.unpack("II", host.listener.getsockopt(_SOL_PACKET, 6, 8))[1] for host in hosts)
    print(f"lost {lost}", flush=True)


def _send_due(rounds: Rounds, now: float, begun: float, write) -> None:  # noqa: ANN001
    """What is late by more than two turns is left out: a machine that was held up sends no burst."""
    for k, (_, every, source, target) in enumerate(rounds.due):
        if rounds.at[k] > now:
            continue
        behind = now - rounds.at[k]
        rounds.at[k] += every if behind < 2 * every else every * (1 + behind // every)
        rounds.numbers[k] += 1
        number = rounds.numbers[k]
        write(ROW.pack(time.time(), SENT, source.number, source.number, target.number, number))
        try:
            source.sender.sendto(PAYLOAD.pack(MARK, source.number, target.number, number), (target.alias, PORT))
        except OSError:
            # No room, or an ICMP error of an earlier probe: it counts as sent and lost.
            pass


def _receive(host: Prober, hosts: list[Prober], seen: dict[tuple[int, int], int], write) -> None:  # noqa: ANN001
    for _ in range(64):
        try:
            data, address = host.listener.recvfrom(2048)
        except BlockingIOError:
            return
        except OSError:
            return
        at = (data[0] & 15) * 4 + 8
        if len(data) < at + PAYLOAD.size or not data[at:].startswith(MARK):
            continue
        _, source, target, number = PAYLOAD.unpack_from(data, at)
        now = time.time()
        known = source < len(hosts) and target < len(hosts)
        right = (
            known
            and target == host.number
            and hosts[source].vine == host.vine
            and socket.inet_ntoa(data[12:16]) == hosts[source].alias
            and socket.inet_ntoa(data[16:20]) == host.alias
        )
        if not right and known and hosts[source].site == host.site and address[2] == socket.PACKET_OTHERHOST:
            # The switch of the site floods what is for a card that is down: no VR handed that to anybody.
            continue
        if not right:
            write(ROW.pack(now, STRAY, host.number, min(source, 0xFFFF), min(target, 0xFFFF), number))
            continue
        pair = (source, target)
        # The last 64 numbers of the pair: a packet that comes twice is told from one that comes late.
        base, bits = divmod(seen.get(pair, 0), 1 << 64)
        if number > base:
            bits = (bits << (number - base) | 1) & ((1 << 64) - 1) if number - base < 64 else 1
            base, kind = number, ARRIVED
        else:
            bit = 1 << (base - number)
            kind = DOUBLED if base - number < 64 and bits & bit else ARRIVED
            bits |= bit if base - number < 64 else 0
        seen[pair] = base << 64 | bits
        write(ROW.pack(now, kind, host.number, source, target, number))


if __name__ == "__main__":
    os.nice(-5)
    run(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))

"""Somebody on a site's network hands a host a packet of the other ViNe, as a VR never may."""

from __future__ import annotations

import sys

from lib.trial import Trial

CHECKER = "isolation"
ABOUT = "a packet of the other ViNe is put on a host's wire"

_CODE = """
import socket, sys
source, target, payload = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
port = int(sys.argv[4])
udp = port.to_bytes(2, "big") * 2 + (8 + len(payload)).to_bytes(2, "big") + bytes(2) + payload
head = bytes([0x45, 0]) + (20 + len(udp)).to_bytes(2, "big") + bytes(4) + bytes([64, 17]) + bytes(2)
head += socket.inet_aton(source) + socket.inet_aton(target)
total = sum(int.from_bytes(head[k : k + 2], "big") for k in range(0, 20, 2))
while total >> 16:
    total = (total & 0xFFFF) + (total >> 16)
packet = head[:10] + (~total & 0xFFFF).to_bytes(2, "big") + head[12:] + udp
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800)) as wire:
    wire.sendto(packet, ("lan", 0x0800, 0, 0, bytes([255]) * 6))
"""


def play(trial: Trial) -> None:
    from lib import prober

    hosts = trial.mesh.hosts
    stranger = next(k for k, host in enumerate(hosts) if host.site.name == "s1" and host.number == 2)
    victim = next(k for k, host in enumerate(hosts) if host.site.name == "s2" and host.number == 1)
    payload = prober.PAYLOAD.pack(prober.MARK, stranger, victim, 1)
    argv = [sys.executable, "-c", _CODE, hosts[stranger].alias, hosts[victim].alias, payload.hex(), str(prober.PORT)]
    trial.box.runner.run(argv, ns=trial.mesh.vrs["s2"].ns, check=True)
    trial.pause(3)

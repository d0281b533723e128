"""The paper's rules for one packet (3.5, 3.6), written a second time: who is where, and in which ViNe."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from .topology import SPACE


@dataclass(frozen=True)
class Packet:
    """A packet that a host of `site` hands to its VR. `token` is in its payload, and no other packet has it."""

    token: int
    site: str
    host: str
    source: IPv4Address
    destination: IPv4Address


@dataclass(frozen=True)
class Fate:
    """The one host that gets the packet; or why the VR of its site drops it."""

    host: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Arrival:
    """A packet of the matrix that somebody saw: a host, or whoever listens to the underlay."""

    token: int
    host: str
    source: IPv4Address
    destination: IPv4Address


@dataclass
class Membership:
    """What an administrator decided: each site's hosts by address and in which ViNes they are."""

    hosts: dict[tuple[str, IPv4Address], str] = field(default_factory=dict)
    vines: dict[tuple[str, IPv4Address], set[str]] = field(default_factory=dict)
    blocks: dict[str, set[IPv4Network]] = field(default_factory=dict)

    def add(self, site: str, address: IPv4Address, host: str, vines: tuple[str, ...]) -> None:
        self.hosts[site, address] = host
        self.vines[site, address] = set(vines)

    def gateways(self, site: str) -> set[IPv4Address]:
        """Its VR's own addresses: the first of each block."""
        return {block[1] for block in self.blocks[site]}

    def fate(self, site: str, source: IPv4Address, destination: IPv4Address) -> Fate:
        """What has to become of a packet. Raises ValueError if two hosts could get it: then ViNes meet that must not.

        A site knows its hosts by address: another machine of the same network that writes a host's address is taken for
        that host (the paper leaves a site's network to the site).
        """
        if destination not in SPACE:
            return Fate(reason="notVirtualDestination")
        if destination in self.gateways(site):
            return Fate(reason="toVirtualRouter")
        own = self.vines.get((site, source), set())
        if not own:
            return Fate(reason="sourceNotInLNDT")
        there = {key for key, vines in self.vines.items() if key[1] == destination and vines & own}
        if len(there) > 1:
            raise ValueError(f"{source} of {site} to {destination}: {sorted(self.hosts[key] for key in there)}")
        return Fate(host=self.hosts[there.pop()]) if there else Fate(reason="noGNDTEntry")


@dataclass
class Judgement:
    """How what was seen compares with the model."""

    expected: int = 0
    delivered: int = 0
    """Right host, unchanged addresses, counted once each."""
    missing: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """Seen where the model has nobody see it, or with other addresses."""


def judge(membership: Membership, packets: list[Packet], arrivals: list[Arrival]) -> Judgement:
    """Holds every arrival against the model, and the model against the arrivals."""
    result = Judgement()
    known = {packet.token: packet for packet in packets}
    fates = {token: membership.fate(packet.site, packet.source, packet.destination) for token, packet in known.items()}
    right: dict[int, int] = {}
    for arrival in arrivals:
        packet, fate = known.get(arrival.token), fates.get(arrival.token, Fate())
        unchanged = packet and (packet.source, packet.destination) == (arrival.source, arrival.destination)
        if unchanged and fate.host and fate.host == arrival.host:
            right[arrival.token] = right.get(arrival.token, 0) + 1
        else:
            told = f"{packet.host} as {packet.source} to {packet.destination}" if packet else f"token {arrival.token}"
            result.foreign.append(f"{told} at {arrival.host} as {arrival.source} to {arrival.destination}")
    for token, fate in fates.items():
        packet, times = known[token], right.get(token, 0)
        told = f"{packet.host} as {packet.source} to {packet.destination}"
        result.expected += bool(fate.host)
        result.delivered += times > 0
        if fate.host and not times:
            result.missing.append(told)
        if times > 1:
            result.doubled.append(f"{told}: {times} times")
    return result

"""No address of a ViNe has two owners: not in what two VRs say of themselves, nor in what all say of others."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from lib.trial import Trial

CLAIM = "no address has two owners in a ViNe"


def violations(trial: Trial) -> list[str]:
    found: set[str] = set()
    own: dict[IPv4Network, str] = {}
    entries: dict[tuple[str, int], str] = {}
    for word in trial.sampler.words:
        for row in word.views["status"]["ownBlocks"]:
            _claim(own, IPv4Network(row["block"]), word.vr, found)
        rows = [(IPv4Network(row["block"]), row["site"]) for row in word.views["blocks"]["blocks"]]
        for block, site in rows:
            _claim(own, block, site, found)
        for table in word.views["gndt"]["tables"]:
            for entry in table["entries"]:
                for address in range(int(IPv4Address(entry["first"])), int(IPv4Address(entry["last"])) + 1):
                    owner = entries.setdefault((table["name"], address), entry["site"])
                    if owner != entry["site"]:
                        found.add(f"{IPv4Address(address)} in {table['name']}: {owner} and {entry['site']}")
    if not own:
        found.add("no VR ever said which blocks it has")
    return sorted(found)


def _claim(own: dict[IPv4Network, str], block: IPv4Network, site: str, found: set[str]) -> None:
    """No trial gives a block back, so a block has one owner from the first word to the last."""
    if own.get(block) == site:
        return
    for other, owner in own.items():
        if owner != site and block.overlaps(other):
            found.add(f"{block} of {site} and {other} of {owner}")
    own.setdefault(block, site)

"""Reads the JSON views of `vine-mesh` (`"schema":"vine-mesh.<view>/1"`) and leaves alone what it does not need."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

Json = object


def values(document: Json, *keys: str) -> Iterator[Json]:
    """Values of the keys anywhere in the document: the first key's hits before the second's, outer before inner."""
    for key in keys:
        level: list[Json] = [document]
        while level:
            below: list[Json] = []
            for item in level:
                if isinstance(item, dict):
                    if key in item:
                        yield item[key]
                    below += item.values()
                elif isinstance(item, list):
                    below += item
            level = below


@dataclass(frozen=True)
class Identity:
    """What must survive a SIGKILL."""

    node: str
    blocks: tuple[ipaddress.IPv4Network, ...]


def identity(status: Json) -> Identity:
    """NodeID and own blocks out of the `status` view. Raises ValueError if it has no NodeID."""
    node = next((value for value in values(status, "node", "nodeID", "nodeId") if isinstance(value, str)), None)
    if node is None:
        raise ValueError("the status view names no node")
    return Identity(node, tuple(sorted(_networks(next(values(status, "ownBlocks", "blocks"), [])))))


def _networks(value: Json) -> Iterator[ipaddress.IPv4Network]:
    """Blocks as a list of texts, or of objects that hold the text under `block`."""
    for item in value if isinstance(value, list) else [value]:
        text = item.get("block") if isinstance(item, dict) else item
        if isinstance(text, str):
            yield ipaddress.IPv4Network(text)


def role(status: Json) -> tuple[str, str]:
    """`public` or `limited`, and the evidence for it."""
    found = next(values(status, "role"), "unknown")
    why = next((v for v in values(status, "roleReason", "why", "evidence", "reason") if isinstance(v, str)), "")
    if isinstance(found, dict):
        why = next((v for v in values(found, "why", "evidence", "reason") if isinstance(v, str)), why)
        found = next((v for v in values(found, "name", "role", "value") if isinstance(v, str)), "unknown")
    return str(found), why


def drops(view: Json) -> dict[str, int]:
    """Packets dropped since the daemon's start by reason, out of the `drops` view."""
    table: dict[str, int] = {}
    for rows in values(view, "drops", "reasons"):
        if isinstance(rows, dict):
            return {str(reason): int(count) for reason, count in rows.items() if isinstance(count, int)}
        for row in rows if isinstance(rows, list) else []:
            if isinstance(row, dict) and isinstance(row.get("reason"), str):
                counts = [row[key] for key in ("total", "packets", "count") if isinstance(row.get(key), int)]
                table[row["reason"]] = table.get(row["reason"], 0) + (counts[0] if counts else 0)
    return table

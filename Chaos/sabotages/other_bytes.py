"""Connections to a web server end up at another one, whose file differs in one byte."""

from __future__ import annotations

import sys

from lib.programs import HTTP_PORT
from lib.trial import Trial

CHECKER = "transfers"
ABOUT = "one byte of a transferred file is another"
_RULES = f"""
table ip misled {{
  chain pre {{
    type nat hook prerouting priority -100; policy accept;
    tcp dport {HTTP_PORT} redirect to :{HTTP_PORT + 1}
  }}
}}
"""


def play(trial: Trial) -> None:
    processes = trial.box.processes
    host = next(host for host in trial.mesh.hosts if host.site.name == "s2")
    data = bytearray((processes.folder / f"www-{host.name}" / "file.bin").read_bytes())
    data[len(data) // 2] ^= 1
    folder = processes.folder / "changed"
    folder.mkdir()
    (folder / "file.bin").write_bytes(data)
    argv = [sys.executable, "-m", "http.server", str(HTTP_PORT + 1), "--directory", str(folder)]
    processes.serve("changed", argv, host.ns, HTTP_PORT + 1)
    trial.box.runner.run(["nft", "-f", "-"], ns=host.ns, stdin=_RULES, check=True)
    trial.pause(45)

"""A site's switch loses every second packet to a host: the VR says that it delivered them."""

from __future__ import annotations

from lib.trial import Trial

CHECKER = "accounted"
ABOUT = "packets vanish behind a VR that counts them as delivered"
_RULES = """
table bridge loses {
  chain forward {
    type filter hook forward priority 0; policy accept;
    oifname "s2p1" udp dport 20248 numgen random mod 2 0 drop
  }
}
"""


def play(trial: Trial) -> None:
    lans = trial.mesh.underlay.ns("lans")
    trial.pause(12)
    trial.box.runner.run(["nft", "-f", "-"], ns=lans, stdin=_RULES, check=True)
    trial.pause(10)
    trial.box.runner.run(["nft", "delete", "table", "bridge", "loses"], ns=lans, check=True)
    trial.pause(5)

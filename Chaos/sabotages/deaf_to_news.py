"""Control frames to one VR, relayed ones too, are dropped, packets of hosts are not: it never learns of a new host."""

from __future__ import annotations

from lib.grown import Size
from lib.trial import Trial

CHECKER = "agreement"
ABOUT = "a VR gets packets and no news, and the tables change"
SIZE = Size(4, 0)
LOAD = {"transfers": 0, "flows": 0}
_RULES = """
table inet deaf {
  chain in {
    type filter hook prerouting priority -400; policy accept;
    udp dport 2247 @th,64,8 3 drop
    udp dport 2247 @th,64,8 5 drop
    tcp dport 2247 drop
    tcp sport 2247 drop
  }
}
"""


def play(trial: Trial) -> None:
    trial.clerk.stop()
    trial.agree_max = 3.0
    trial.box.runner.run(["nft", "-f", "-"], ns=trial.mesh.vrs["s3"].ns, stdin=_RULES, check=True)
    first = trial.mesh.vrs["s1"]
    first.ask("host", "add", str(first.identity().blocks[0][15]), "--vine", "physics")
    # The others have learned of it, and s3 has not.
    trial.pause(2)

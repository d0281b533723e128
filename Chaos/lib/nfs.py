"""NFS between hosts, without the kernel's: nfs-ganesha serves a folder, libnfs's nfs-cp copies from and to it."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

from .processes import Processes
from .topology import Host

PORT = 2049
NOTE = 1000
"""Bytes that are written: over NFSv4 libnfs 4.0 encodes no write of 4000."""
SETTINGS = """NFS_CORE_PARAM {{ Protocols = 4; NFS_Port = {port}; Bind_addr = {address}; Enable_NLM = false;
  Enable_RQUOTA = false; mount_path_pseudo = true; }}
NFSv4 {{ Graceless = true; RecoveryBackend = fs; RecoveryRoot = {state}; Only_Numeric_Owners = true; }}
NFS_KRB5 {{ Active_krb5 = false; }}
EXPORT {{ Export_Id = 1; Path = {files}; Pseudo = /files; Access_Type = RW; Squash = No_Root_Squash; SecType = sys;
  Protocols = 4; Transports = TCP; FSAL {{ Name = VFS; }} }}
LOG {{ Default_Log_Level = EVENT; }}
"""


def serve(processes: Processes, host: Host) -> Path:
    """Starts a server on the host's alias and returns the folder that it serves as `/files`."""
    folder = processes.folder / f"nfs-{host.name}"
    files, state = folder / "files", folder / "state"
    files.mkdir(parents=True)
    state.mkdir()
    config = folder / "ganesha.conf"
    config.write_text(SETTINGS.format(port=PORT, address=host.alias, state=state, files=files))
    # A tmpfs hides the machine's own rpcbind and D-Bus: `ip netns exec` gave it a mount namespace of its own.
    argv = ["ganesha.nfsd", "-F", "-f", str(config), "-L", str(folder / "log"), "-p", str(folder / "pid")]
    script = f"mount -t tmpfs none /run && exec {shlex.join(argv)}"
    processes.serve(f"nfs-{host.name}", ["sh", "-c", script], host.ns, PORT)
    return files


def there_and_back(processes: Processes, client: Host, server: str, files: Path, content: bytes) -> str:
    """Reads a file through NFS and writes a short one; empty if both arrived whole, else what is wrong."""
    name = client.name
    note, back = processes.folder / f"nfs-note-{name}", processes.folder / f"nfs-back-{name}"
    note.write_bytes(content[:NOTE])
    (files / f"for-{name}").write_bytes(content)
    place = f"nfs://{server}/files"
    for source, target in ((f"{place}/for-{name}?version=4", back), (note, f"{place}/from-{name}?version=4")):
        outcome = processes.runner.run(["nfs-cp", str(source), str(target)], ns=client.ns, timeout=30)
        if not outcome.ok:
            return f"{name}: nfs-cp {source} {target}: {outcome.line}"
    found = (back.read_bytes(), (files / f"from-{name}").read_bytes())
    sums = [[hashlib.sha256(data).hexdigest() for data in pair] for pair in ((content, content[:NOTE]), found)]
    return "" if sums[0] == sums[1] else f"{name}: a checksum differs"

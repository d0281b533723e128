"""A Debian machine with systemd in a network namespace: systemd-nspawn over a clean root folder, for what a package does."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .processes import Processes, Program, wait_until
from .shell import Outcome, Runner

# What `env -i` leaves nothing of: systemd's tools and apt need no more.
ENVIRONMENT = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"]
BOOT_SECONDS = 60


def clean_root(runner: Runner, tarball: Path, packages: list[str]) -> None:
    """A Debian 12 of the smallest kind with these packages, as a tar file that is kept for the next run."""
    if tarball.exists():
        return
    tarball.parent.mkdir(parents=True, exist_ok=True)
    made = tarball.with_suffix(".new.tar")
    runner.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(packages)}", "bookworm", str(made)],
        timeout=600,
        check=True,
    )
    made.rename(tarball)


class Machine:
    """One of them. Its folder is below the run's, so that the sandbox removes it."""

    def __init__(self, name: str, namespace: str, processes: Processes, tarball: Path) -> None:
        self.name = name
        self.namespace = namespace
        self.processes = processes
        self.runner = processes.runner
        self.root = processes.folder / f"machine-{name}"
        self.root.mkdir()
        self.runner.run(["tar", "-C", str(self.root), "-xf", str(tarball)], timeout=120, check=True)
        (self.root / "etc/hostname").write_text(f"{name}\n")
        self.program: Program | None = None
        self.leader = 0

    def boot(self) -> None:
        """Until systemd says that the machine is up; a unit that fails is no reason to wait on."""
        self.program = self.processes.start(
            f"nspawn-{self.name}",
            [
                "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--directory", str(self.root), "--boot",
                f"--machine={self.name}", f"--network-namespace-path=/run/netns/{self.namespace}", "--console=pipe",
                "--capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_NICE", "--setenv=container=systemd-nspawn",
            ],
        )
        if not wait_until(lambda: self._found_leader() and self._is_up(), BOOT_SECONDS, 0.3):
            raise RuntimeError(f"machine {self.name} does not boot: {self.program.last_line()}")

    def _found_leader(self) -> bool:
        pid = self.program.pid if self.program else 0
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        self.leader = int(children[0]) if children else 0
        return self.leader > 0

    def _is_up(self) -> bool:
        return self.run(["systemctl", "is-system-running"], timeout=5).out.strip() in ("running", "degraded")

    def run(self, argv: list[str], *, timeout: float = 60, stdin: str | None = None, check: bool = False) -> Outcome:
        """A command as root in it, as somebody logged in would type it, in /root."""
        return self.runner.run([*self.entering, *argv], timeout=timeout, stdin=stdin, check=check)

    @property
    def entering(self) -> list[str]:
        """What stands before a command that runs in it."""
        enter = ["nsenter", "--target", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w"]
        return [*enter, *ENVIRONMENT, "sh", "-c", 'cd /root && exec "$@"', "sh"]

    def shell(self, line: str, *, timeout: float = 60) -> Outcome:
        return self.run(["sh", "-c", line], timeout=timeout)

    def journal(self) -> str:
        """The last that its VR and systemd said of it, on one line."""
        text = self.run(["journalctl", "-u", "vine-meshd@*", "--no-pager", "-o", "cat", "-n", "12"]).out
        return " | ".join(text.splitlines())

    def files(self) -> set[str]:
        """All of its root folder, as paths from its root."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}

    def pids_of(self, program: str) -> list[int]:
        """As this side's process table has them."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    same = (entry / "ns/net").readlink() == Path(f"/proc/{self.leader}/ns/net").readlink()
                    if same and (entry / "comm").read_text().strip() == program[:15]:
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def power_off(self) -> None:
        if self.program and self.program.running:
            self.run(["systemctl", "poweroff"], timeout=10)
            try:
                self.program.popen.wait(30)
            except subprocess.TimeoutExpired:
                self.program.popen.kill()
                self.program.popen.wait()
        shutil.rmtree(self.root, ignore_errors=True)

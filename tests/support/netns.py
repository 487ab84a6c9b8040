"""A weak radio link made of network namespaces: a device in one, and the air before it, which loses and throttles.

    this machine ── air (iptables: loss, tbf: rate) ── device

The loss is in the middle, as a radio's is: neither end is told. What a process started with `prefix` sends to `near`
goes through it.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CAP_NET_ADMIN = 12
QUEUE_MS = 400
"""What the radio's queue holds before it drops."""
BURST_BYTES = 1_600
TRIES = 20
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def missing() -> str:
    """What this machine lacks for it; empty when it has everything."""
    tools = {"ip": "iproute2", "tc": "iproute2", "iptables": "iptables"}
    for tool, package in tools.items():
        if shutil.which(tool, path=_PATH) is None:
            return f"the Debian package {package}"
    status = Path("/proc/self/status").read_text()
    capabilities = int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff")), 16)
    return "" if capabilities >> CAP_NET_ADMIN & 1 else "root with CAP_NET_ADMIN"


def _run(*command: str) -> str:
    found = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": _PATH}, timeout=60
    )
    if found.returncode:
        raise RuntimeError(f"{' '.join(command)}: {found.stderr.strip()}")
    return found.stdout


@dataclass
class WeakLink:
    """near: this machine's address on the link. loss: the share of packets lost each way."""

    name: str
    near: str
    _gateway: str
    _net: str
    _host: int = 2

    @property
    def air(self) -> str:
        return f"{self.name}-air"

    @property
    def device(self) -> str:
        return f"{self.name}-dev"

    @property
    def prefix(self) -> Sequence[str]:
        """Words before a command that is to run at the far end."""
        return (str(shutil.which("ip", path=_PATH)), "netns", "exec", self.device)

    def shape(self, rate_kbit: int) -> None:
        """From now on it carries so much each way."""
        for wire in (f"{self.name}a", f"{self.name}b"):
            rate = ["rate", f"{rate_kbit}kbit", "burst", str(BURST_BYTES), "latency", f"{QUEUE_MS}ms"]
            _run("tc", "-n", self.air, "qdisc", "replace", "dev", wire, "root", "tbf", *rate)

    def lose(self, share: float) -> None:
        """From now on this share of all packets is lost, each way."""
        self._iptables("-F", "FORWARD")
        if share:
            self._iptables(
                "-A", "FORWARD", "-m", "statistic", "--mode", "random", "--probability", str(share), "-j", "DROP"
            )

    def go_silent(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._iptables("-I", "FORWARD", "-j", "DROP")

    def come_back(self) -> None:
        """Everything passes again that passed before."""
        self._iptables("-D", "FORWARD", "-j", "DROP")

    def change_address(self) -> None:
        """As a mobile network does after a gap: every connection there was is dead, and nobody is told."""
        self._host = 3 if self._host == 2 else 2
        self._address()

    def passed_bytes(self) -> int:
        """Bytes that came out of the air towards the device, headers and repetitions included."""
        counts = _run("tc", "-n", self.air, "-s", "qdisc", "show", "dev", f"{self.name}b")
        return int(counts.split("Sent ")[1].split()[0])

    def _iptables(self, *words: str) -> None:
        _run("ip", "netns", "exec", self.air, "iptables", "-w", *words)

    def _address(self) -> None:
        wire = f"{self.name}d"
        _run("ip", "-n", self.device, "addr", "flush", "dev", wire)
        _run("ip", "-n", self.device, "addr", "add", f"{self._net}.{16 + self._host}/28", "dev", wire)
        _run("ip", "-n", self.device, "route", "replace", "default", "via", self._gateway)


@contextmanager
def weak_link(*, loss: float, rate_kbit: int) -> Iterator[WeakLink]:
    """Lay the link until the block ends. Raises RuntimeError with the name of what is missing here."""
    lack = missing()
    if lack:
        raise RuntimeError(f"network namespaces need {lack}")
    _sweep()
    link = _laid()
    try:
        link.shape(rate_kbit)
        link.lose(loss)
        yield link
    finally:
        _remove(link.name)


def _laid() -> WeakLink:
    """Two namespaces and the wires between them, in a corner of 10/8 that nobody here uses."""
    for _ in range(TRIES):
        name = f"loa{os.getpid():x}{secrets.token_hex(1)}"
        net = f"10.{128 + secrets.randbelow(127)}.{secrets.randbelow(256)}"
        link = WeakLink(name, f"{net}.1", f"{net}.17", net)
        if f" {net}." in _run("ip", "route"):
            continue
        try:
            _lay(link, net)
        except BaseException:
            _remove(name)
            raise
        return link
    raise RuntimeError("no free network of 10/8 was found")


def _lay(link: WeakLink, net: str) -> None:
    near, middle, below, far = (f"{link.name}{end}" for end in "nabd")
    for name in (link.air, link.device):
        _run("ip", "netns", "add", name)
        _run("ip", "-n", name, "link", "set", "lo", "up")
    _run("ip", "link", "add", near, "type", "veth", "peer", "name", middle, "netns", link.air)
    _run("ip", "-n", link.air, "link", "add", below, "type", "veth", "peer", "name", far, "netns", link.device)
    _run("ip", "addr", "add", f"{link.near}/28", "dev", near)
    _run("ip", "-n", link.air, "addr", "add", f"{net}.2/28", "dev", middle)
    _run("ip", "-n", link.air, "addr", "add", f"{net}.17/28", "dev", below)
    # A packet on the air is a packet: what the kernel would pass on as one of 64 KiB would be lost as one.
    for where, wire in (((), near), (("-n", link.air), middle), (("-n", link.air), below), (("-n", link.device), far)):
        _run("ip", *where, "link", "set", wire, "gso_max_segs", "1", "up")
    _run("ip", "netns", "exec", link.air, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    link._address()
    _run("ip", "route", "add", f"{net}.16/28", "via", f"{net}.2")


def _remove(name: str) -> None:
    with contextlib.suppress(RuntimeError):
        _run("ip", "link", "del", f"{name}n")
    for each in (f"{name}-dev", f"{name}-air"):
        with contextlib.suppress(RuntimeError):
            _run("ip", "netns", "del", each)


def _sweep() -> None:
    """Remove what a process left behind that was killed in the middle."""
    for line in _run("ip", "netns", "list").splitlines():
        name = line.split()[0]
        if name.startswith("loa") and name.endswith("-air"):
            with contextlib.suppress(ValueError):
                if not Path(f"/proc/{int(name.removeprefix('loa')[:-6], 16)}").exists():
                    _remove(name.removesuffix("-air"))

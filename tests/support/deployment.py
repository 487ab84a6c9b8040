"""The repository's own deployment files, run on this machine: paths and ports replaced, nothing else."""

import os
import signal
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from base.mqtt import BrokerAddress
from server.broker import free_port, listening
from tests.support.commands import ROOT, wait_until_gone
from tests.support.until import until

SCRIPT = ROOT / "deploy" / "mosquitto.sh"


@dataclass
class Deployed:
    """Mosquitto as the compose file runs it; `folder` is what the containers know as /loa."""

    folder: Path
    tls_port: int
    port: int
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def inside(self, user: str, password: str) -> BrokerAddress:
        """The way of the server, without TLS."""
        return BrokerAddress("127.0.0.1", self.port, username=user, password=password)

    def outside(self, user: str, password: str) -> BrokerAddress:
        """The way of a speaker."""
        ca_file = str(self.folder / "tls" / "ca.crt")
        return BrokerAddress("127.0.0.1", self.tls_port, tls=True, ca_file=ca_file, username=user, password=password)

    def certificate(self) -> str:
        """What it shows to whoever connects now."""
        return ssl.get_server_certificate(("127.0.0.1", self.tls_port))

    def listens(self) -> bool:
        assert self.process.poll() is None, self.log
        return listening("127.0.0.1", self.port) and listening("127.0.0.1", self.tls_port)


def configuration(folder: Path, tls_port: int, port: int) -> str:
    """mosquitto.conf for this folder and these ports."""
    text = (ROOT / "mosquitto.conf").read_text("utf-8")
    for there, here in (
        ("listener 8883\n", f"listener {tls_port} 127.0.0.1\n"),
        ("listener 1883\n", f"listener {port} 127.0.0.1\n"),
    ):
        assert there in text
        text = text.replace(there, here)
    text = text.replace(" /loa/", f" {folder}/")
    # In its container Mosquitto is nobody special; here it would give up root and then may not read the files.
    return text + ("user root\n" if os.geteuid() == 0 else "")


def start(folder: Path, tls_port: int, port: int) -> subprocess.Popen[bytes]:
    """Run the script; it waits until passwd and acl are there."""
    conf = folder / "mosquitto.conf"
    conf.write_text(configuration(folder, tls_port, port), "utf-8")
    # Whoever started the tests in the background had them ignore SIGINT; a shell cannot catch what it began ignoring.
    command = ["env", "--default-signal=INT", "sh", str(SCRIPT), str(conf), str(folder / "broker")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


@asynccontextmanager
async def deployed(folder: Path) -> AsyncIterator[Deployed]:
    """The script and its Mosquitto until the block ends."""
    tls_port, port = free_port(), free_port()
    running = Deployed(folder, tls_port, port, start(folder, tls_port, port))
    try:
        await until(running.listens)
        yield running
    finally:
        if running.process.poll() is None:
            running.process.send_signal(signal.SIGTERM)
        running.process.wait(30)
        wait_until_gone(folder)

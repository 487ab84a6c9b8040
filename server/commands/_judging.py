"""What `loa conformance` does once its words are read: the kit, with this machine's broker behind it."""

import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from base.errors import Refused
from conformance import kit
from conformance.broker import Login, Prepared
from conformance.options import Need, Options
from conformance.registry import RULES
from conformance.standing import STANDING
from conformance.verdict import State, Verdict, as_json, as_text, summary
from devices.broker_files import BrokerDevice
from server.broker import BrokerPlan, free_port, prepare
from server.commands._failing import sentence

KEPT, BROKEN, UNABLE = 0, 1, 2
SERVER_PASSWORD_BYTES = 24
NOT_BESIDE_AN_OPERATOR = frozenset({Need.CLOCK, Need.CAPACITY})
"""What the kit can only arrange for a device it runs itself."""


def judge(
    *,
    command: str | None,
    patterns: tuple[str, ...],
    without: str,
    host: str,
    local_url: str,
    jobs: int,
    timeout_s: float,
    boot_s: float,
    patience: float,
    keep: Path | None,
    as_json_: bool,
) -> int:
    """Run the kit and report; gives the exit code. What keeps it from judging is said in a sentence."""
    try:
        with _folder(keep) as folder:
            options = Options(
                folder=folder,
                prepare=own_broker,
                command=command,
                host=host,
                without=_lacking(without) | (NOT_BESIDE_AN_OPERATOR if command is None else frozenset()),
                patterns=patterns,
                jobs=jobs if command is not None else 1,
                boot_s=boot_s,
                rule_s=timeout_s,
                patience=patience,
                local_url=local_url,
            )
            verdicts = asyncio.run(kit.run(options, _say if not as_json_ else lambda _verdict: None))
    except Exception as error:
        said = sentence(error)
        if said is None:
            raise
        sys.stderr.write(f"loa: {said}\n")
        return UNABLE
    report = json.dumps(as_json(command or "attached", verdicts), ensure_ascii=False) if as_json_ else summary(verdicts)
    sys.stdout.write(f"{report}\n")
    return BROKEN if any(verdict.state is State.BROKEN for verdict in verdicts) else KEPT


def _say(verdict: Verdict) -> None:
    sys.stdout.write(f"{as_text(verdict)}\n")
    sys.stdout.flush()


def name_rules() -> None:
    """Every rule, one a line."""
    for name, rule in RULES.items():
        needs = f" (needs {', '.join(sorted(rule.needs))})" if rule.needs else ""
        sys.stdout.write(f"{name:34}{rule.sentence}{needs}\n")
    for name, text in STANDING.items():
        sys.stdout.write(f"{name:34}{text}\n")


def _lacking(text: str) -> frozenset[Need]:
    try:
        return frozenset(Need(word.strip()) for word in text.split(",") if word.strip())
    except ValueError as error:
        known = ", ".join(Need)
        raise Refused("conformance.need_unknown", problem=str(error), known=known) from error


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="loa-conformance-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def own_broker(folder: Path, login: Login) -> Prepared:
    """The broker of this machine, on a free port, for this one device, which reaches it through the kit's gate."""
    device = BrokerDevice(login.name, login.password, login.follows)
    password = secrets.token_urlsafe(SERVER_PASSWORD_BYTES)
    plan = BrokerPlan(folder / "broker", "127.0.0.1", free_port(), [device], password)
    return Prepared(prepare(plan).command, plan.address)

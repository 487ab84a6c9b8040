"""What was found in a signed PDF, as it is kept with the approval (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from base.errors import Refused

MAX_BYTES = 5_000_000
CODES = frozenset(
    {
        "schedules.signed_changed",
        "schedules.signed_encrypted",
        "schedules.signed_expired",
        "schedules.signed_nothing",
        "schedules.signed_other",
        "schedules.signed_revoked",
        "schedules.signed_stranger",
        "schedules.signed_time",
        "schedules.signed_unreadable",
        "schedules.signed_weak",
    }
)
"""Why a PDF does not count, each an error of this room."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A signature that counts. anchor: fingerprint of the configured certificate it leads to."""

    signer: str
    issuer: str
    serial: str
    anchor: str
    signed_at: datetime
    digest: str
    """Of the bulletin that was signed."""

    def to_map(self) -> dict[str, Any]:
        return {
            "signer": self.signer,
            "issuer": self.issuer,
            "serial": self.serial,
            "anchor": self.anchor,
            "signed_at": self.signed_at.isoformat(),
            "digest": self.digest,
        }


def read_answer(answer: Mapping[str, Any], digest: str) -> Verdict:
    """What the checking process said. Raises Refused with the code it gave."""
    if answer.get("ok") is not True:
        code = answer.get("code")
        words = {"part": "answer"} | _words(answer.get("params"))
        raise Refused(code if code in CODES else "schedules.signed_unreadable", **words)
    return Verdict(
        signer=str(answer["signer"])[:120],
        issuer=str(answer["issuer"])[:120],
        serial=str(answer["serial"])[:64],
        anchor=str(answer["anchor"])[:64],
        signed_at=datetime.fromisoformat(answer["signed_at"]),
        digest=digest,
    )


def _words(said: Any) -> dict[str, str]:
    return {str(name): str(value)[:120] for name, value in said.items()} if isinstance(said, Mapping) else {}

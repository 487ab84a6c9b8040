"""Orders as the judge reads them: from the bytes in the log, by the words of docs/protocol.md and no code of theirs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

import cbor2

from base.ids import id_from_bytes
from simulation import town
from simulation.town import ClusterFacts

EMERGENCY = 3
_HEIGHTS = {town.COMMUNE: 0, town.PROVINCE: 1, town.COUNTRY: 2}


@dataclass(frozen=True)
class Issued:
    """One order that the server truly put into a log."""

    id: str
    log: str
    seq: int
    signer: str
    envelope: bytes
    payload: dict[str, Any]

    @classmethod
    def read(cls, envelope: bytes) -> "Issued":
        protected, _, payload, _ = cbor2.loads(envelope).value
        facts = cbor2.loads(payload)
        kid = cbor2.loads(protected)[4].decode()
        return cls(id_from_bytes(facts["id"]), facts["log"], facts["seq"], kid, envelope, facts)

    @property
    def type(self) -> str:
        return str(self.payload["type"])

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.payload["body"])

    @property
    def issued_ms(self) -> int:
        return int(self.payload["iat"])

    @property
    def expires_ms(self) -> int:
        return int(self.payload["exp"])

    @cached_property
    def digest(self) -> bytes:
        return sha256(self.envelope).digest()

    @property
    def height(self) -> int:
        """0 the commune and the devices' own logs, 1 the province, 2 the country."""
        return _HEIGHTS.get(self.log, 0)

    # --- a play

    @cached_property
    def occurrence(self) -> str:
        """The occurrence a play is of; empty for anything else."""
        raw = self.payload["body"].get("occ") if self.type == "play" else None
        return "" if raw is None else id_from_bytes(raw)

    @property
    def play_class(self) -> int:
        return int(self.payload["body"]["class"])

    @property
    def real(self) -> bool:
        """Whether it is an emergency that is actual: neither the hours nor an unset clock hold it."""
        return self.play_class == EMERGENCY and self.payload["body"]["status"] == "actual"

    @property
    def start_ms(self) -> int | None:
        found: int | None = self.payload["body"].get("start")
        return found

    @property
    def due_ms(self) -> int:
        return self.issued_ms if self.start_ms is None else self.start_ms

    @property
    def late_ms(self) -> int:
        return int(self.payload["body"]["late"])

    @property
    def restarts(self) -> bool:
        return bool(self.payload["body"]["pre"] == "restart")

    # --- what ends something

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """The occurrences that a cancel or an all-clear ends."""
        if self.type not in {"cancel", "all_clear"}:
            return ()
        return tuple(id_from_bytes(raw) for raw in self.payload["body"]["occs"])

    def stops(self, play: "Issued") -> bool:
        """Whether this is a stop that has a say over a play of that class and origin."""
        if self.type != "stop" or play.play_class > self.payload["body"]["upto"]:
            return False
        return self.height >= play.height or play.play_class < EMERGENCY

    @property
    def retires(self) -> frozenset[str]:
        """The keys that a keys order retires, by key id."""
        if self.type != "keys":
            return frozenset()
        return frozenset(f"{self.log}#{entry['epoch']}" for entry in self.payload["body"]["old"])

    def replaces(self, other: "Issued") -> bool:
        """Whether another standing order of the same log means nothing since this one: of two the later holds."""
        if self.type != other.type or self.log != other.log or self.seq <= other.seq:
            return False
        return self.type == "config" or (self.type == "hold" and self.body["bank"] == other.body["bank"])

    # --- whom it is for

    def means(self, cluster: ClusterFacts) -> bool:
        """Whether the cluster follows this log and is addressed."""
        if self.log.startswith("d/"):
            if self.log != f"d/{cluster.device}":
                return False
        elif self.log not in cluster.places:
            return False
        to = self.payload["to"]
        if cluster.id in to.get("but", ()):
            return False
        named = to.get("places", []), to.get("zones", []), to.get("clusters", [])
        return not any(named) or cluster.id in named[2] or not cluster.places.isdisjoint(named[0])

    def needs(self, languages: Sequence[str]) -> Iterable[Sequence[bytes]]:
        """For each recording that a listener hears, the contents of which one must be there; what stands in for a
        live stream need not.
        """
        for each in self.payload["body"].get("parts", ()):
            part = each.get("with", each)
            if "say" in part:
                chosen = [language for language in languages if language in part["say"]] or [part["first"]]
                for language in chosen:
                    yield [rendition["sha"] for rendition in part["say"][language]]

"""Which contents a device needs, which it has, and which encoding of a speech it picks (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass

from devices.wire.content import Rendition, Version
from firmware_sim.effects import Fetch, Forget, Turn

TRY_AGAIN_MS = 60_000
"""After every encoding of a speech has failed, it is asked for again after this long."""

Key = tuple[str, ...]
"""Who needs: ("play", occurrence, output) or ("hold", bank)."""


@dataclass(frozen=True, slots=True)
class Need:
    """The speech somebody needs, by when (the least first), whether the smallest encoding will do.

    emergency: a real one needs it, never an exercise.
    """

    versions: tuple[Version, ...]
    urgency_ms: int
    light: bool = False
    bank: bool = False
    emergency: bool = False

    @property
    def rank(self) -> tuple[int, bool]:
        """The least goes first."""
        return self.urgency_ms, not self.emergency


class Bank:
    """Needs on one side, contents on the other."""

    def __init__(self, codecs: Iterable[str]) -> None:
        self._codecs = frozenset(codecs)
        self._needs: dict[Key, Need] = {}
        self._stored: set[bytes] = set()
        self._asked: dict[bytes, tuple[int, bool]] = {}
        self._failed: dict[bytes, int] = {}

    def playable(self, versions: Iterable[Version]) -> bool:
        """Whether this device can play some encoding of each."""
        return all(self._candidates(version, light=False) for version in versions)

    def need(self, key: Key, need: Need, turn: Turn) -> None:
        """Ask for what is not here."""
        self._needs[key] = need
        self._ask(need, turn)

    def release(self, key: Key, turn: Turn) -> None:
        """Nobody needs it under this key any more."""
        gone = self._needs.pop(key, None)
        if gone is None:
            return
        kept = {r.sha256 for need in self._needs.values() for v in need.versions for r in v.renditions}
        for sha in dict.fromkeys(r.sha256 for v in gone.versions for r in v.renditions):
            if sha not in kept and (sha in self._stored or sha in self._asked):
                self._stored.discard(sha)
                self._asked.pop(sha, None)
                turn.do(Forget(sha))

    def complete(self, key: Key) -> bool:
        """Whether every speech needed under this key is here."""
        need = self._needs.get(key)
        return need is None or self.here(need.versions)

    def here(self, versions: Iterable[Version]) -> bool:
        """Whether each is here in some encoding."""
        return all(self._here(version) for version in versions)

    @property
    def fetching(self) -> bool:
        """Whether anything is on its way."""
        return bool(self._asked)

    def arrived(self, sha: bytes) -> None:
        """A content is on flash."""
        self._asked.pop(sha, None)
        self._failed.pop(sha, None)
        self._stored.add(sha)

    def failed(self, sha: bytes, turn: Turn) -> None:
        """A content cannot be had, or was dropped: try another encoding."""
        self._stored.discard(sha)
        self._asked.pop(sha, None)
        self._failed[sha] = turn.now.mono_ms
        for need in self._needs.values():
            if any(r.sha256 == sha for version in need.versions for r in version.renditions):
                self._ask(need, turn)

    def try_again(self, turn: Turn) -> None:
        """Ask once more for what failed long enough ago."""
        over = [sha for sha, at in self._failed.items() if at + TRY_AGAIN_MS <= turn.now.mono_ms]
        for sha in over:
            del self._failed[sha]
        if over:
            for need in self._needs.values():
                self._ask(need, turn)

    def next_mono_ms(self) -> int | None:
        """When `try_again` has something to do."""
        return min((at + TRY_AGAIN_MS for at in self._failed.values()), default=None)

    def _here(self, version: Version) -> bool:
        return any(rendition.sha256 in self._stored for rendition in version.renditions)

    def _candidates(self, version: Version, *, light: bool) -> list[Rendition]:
        fit = [rendition for rendition in version.renditions if rendition.codec in self._codecs]
        return sorted(fit, key=lambda rendition: rendition.size) if light else fit

    def _ask(self, need: Need, turn: Turn) -> None:
        for version in need.versions:
            candidates = self._candidates(version, light=need.light)
            rendition = next((r for r in candidates if r.sha256 not in self._failed), None)
            if rendition is None or self._here(version):
                continue
            asked = self._asked.get(rendition.sha256)
            if asked is None or need.rank < asked:
                self._asked[rendition.sha256] = need.rank
                turn.do(Fetch(rendition, need.urgency_ms, bank=need.bank, emergency=need.emergency))

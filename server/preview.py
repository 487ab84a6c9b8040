"""What a cluster sounds of an announcement or a session: which languages in which order, and which renditions.

The rules are the speaker's (`firmware_sim.bank`, `devices.wire.content`): every part in turn; of a speech the
listener's languages in their order; of each the first rendition the device can play, or the smallest when it is
fetched late or in an emergency. Nobody can listen to a live stream before it is on air, and nobody wants to listen to
music for an hour: streams, and music after its first round, are shown and left out of the sound. A wireless cluster
sounds what its gateway transmits: the languages of all clusters on that transmitter. FM carries 15 kHz, and our sounds
end at 8 kHz, so nothing of them is lost on the air.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fastapi import Request, Response
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncSession

from audio import preview as sounds
from audio.renditions import EVERYWHERE
from audio.tones import TONES
from base.errors import Conflict, NotFound, Refused
from devices.models import ClusterKind
from devices.views import ClusterView
from devices.wire.content import Fill, Gap, Live, Loop, Part, Piece, Rendition, Speech, Stream, Tone, Version, pieces
from schedules.announcements import AnnouncementView
from schedules.dispatch import tone
from server.auth.permissions import Permission
from server.auth.who import Who
from server.runtime import Runtime

MOST_CLUSTERS = 200
"""Offered by name."""
WEAK_LINKS = frozenset({"2g"})
_MOST_LANGUAGES, _LONGEST_LANGUAGE, _LONGEST_WHO, _LONGEST_LIST = 16, 16, 80, 300
_RECIPE = "1"
"""Goes into the key of a preview: another one when the same parts come to sound different."""


class Kind(StrEnum):
    """Whom one may listen as, besides a cluster by its name."""

    SMART = "smart"
    WEAK = "weak"
    WIRELESS = "wireless"


@dataclass(frozen=True, slots=True)
class Listener:
    """Who takes a sound. light: the smallest rendition, as when it is fetched late."""

    kind: ClusterKind
    languages: tuple[str, ...]
    codecs: frozenset[str] = frozenset(EVERYWHERE)
    light: bool = False
    cluster: ClusterView | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One uninterrupted stretch. rendition: of a recording, what is fetched; `item` counts from 0 what has a title:
    announcements, streams, music.

    A stream, and music after its first round, is shown and not sounded: `sound` is what it is then.
    """

    piece: Piece
    sound: Tone | Gap | Version | Live | Loop
    rendition: Rendition | None = None
    item: int | None = None

    @property
    def skipped(self) -> bool:
        """Whether it is left out of what one listens to."""
        return isinstance(self.sound, Live | Loop)

    @property
    def fills(self) -> bool:
        """Whether it is music that goes on until its time."""
        return isinstance(self.piece.sound, Loop)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a listener hears once, without the cluster's own volume."""

    listener: Listener
    lines: tuple[Line, ...]
    fetched: tuple[Rendition, ...]
    """What its device fetches, each rendition once."""

    @property
    def duration_ms(self) -> int:
        """How long it lasts on air."""
        return sum(line.piece.duration_ms for line in self.lines)

    @property
    def skips(self) -> bool:
        """Whether something of it is left out of what one listens to."""
        return any(line.skipped for line in self.lines)

    @property
    def sounding(self) -> tuple[Line, ...]:
        """What one listens to."""
        return tuple(line for line in self.lines if not line.skipped)

    def lasts_ms(self, *, skim: bool) -> int:
        """How long it takes to listen, or to skim; see `audio.preview`."""
        lengths = ((line.piece.duration_ms, skim and line.rendition is not None) for line in self.sounding)
        return sum(sounds.skimmed_ms(length_ms) if skimmed else length_ms for length_ms, skimmed in lengths)

    @property
    def size(self) -> int:
        """Bytes the device fetches."""
        return sum(rendition.size for rendition in self.fetched)

    @property
    def codecs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rendition.codec for rendition in self.fetched))

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that are heard, in the order in which they first are."""
        found = (line.sound.language for line in self.lines if isinstance(line.sound, Version))
        return tuple(dict.fromkeys(found))

    @property
    def strange(self) -> bool:
        """Whether something sounds in a language that is none of the listener's, for want of those."""
        return not set(self.languages) <= set(self.listener.languages)

    def key(self, *, horn: bool, skim: bool) -> str:
        """The same for what sounds the same, in hex."""
        said = [line.rendition.sha256.hex() if line.rendition else repr(line.sound) for line in self.sounding]
        lengths = [line.piece.duration_ms for line in self.sounding]
        return hashlib.sha256(json.dumps([_RECIPE, said, lengths, horn, skim]).encode()).hexdigest()[:40]


def preview_of(parts: Sequence[Part], listener: Listener) -> Preview:
    """What this listener hears of these parts. Raises Conflict("server.preview_codec") when its device cannot."""
    lines: list[Line] = []
    taken: dict[Version, Rendition] = {}
    places = _items(parts)
    for piece in pieces(parts, listener.languages):
        taken |= {version: _taken(version, listener) for version in piece.versions}
        for sound, stretch in _unrolled(piece):
            rendition = taken[sound] if isinstance(sound, Version) else None
            lines.append(Line(stretch, sound, rendition, places.get(piece.part)))
    return Preview(listener, tuple(lines), tuple(dict.fromkeys(taken.values())))


async def load(
    session: AsyncSession, runtime: Runtime, me: Who, *, announcement_id: str, who: str, languages: str = ""
) -> tuple[AnnouncementView, Preview]:
    """An announcement this person may see, in whatever state, and what somebody hears of it.

    who, languages: see `find_listener`; the languages parted by commas. Raises NotFound, Forbidden, Refused, Conflict:
    server.preview_codec; server.preview_silent when some sound of it is missing.
    """
    view = await runtime.announcements.get(session, announcement_id)
    place_id = view.announcement.place_id
    me.require(Permission.VIEW, place_id)
    wanted = [language for language in languages[:_LONGEST_LIST].split(",") if language]
    listener = await find_listener(session, runtime, place_id, who, wanted)
    parts = await runtime.programme.parts(session, announcement_id)
    if not parts:
        raise Conflict("server.preview_silent", title=view.announcement.title)
    return view, preview_of(parts, listener)


def titles_of(view: AnnouncementView) -> tuple[str, ...]:
    """The titles of what is spoken, relayed or played as music, in its order."""
    if view.composition is None:
        return (view.announcement.title,)
    first = () if view.identification is None else (view.identification,)
    return tuple(item.title for item in (*first, *view.items))


def tone_name(sound: Tone) -> str:
    """The name of a tone given by its parameters; empty for one that has none."""
    return next((name for name in TONES if tone(name) == sound), "")


async def find_listener(
    session: AsyncSession, runtime: Runtime, place_id: str, who: str, languages: Sequence[str]
) -> Listener:
    """From a choice: `smart`, `weak`, `wireless` with languages; `cluster:ID`, or `late:ID` for its late fetch.

    Raises NotFound for a cluster that is not of this place, Refused("server.input_wrong").
    """
    how, _, cluster_id = who[:_LONGEST_WHO].partition(":")
    if how in {"cluster", "late"}:
        return await _by_name(session, runtime, place_id, cluster_id, light=how == "late")
    if (
        how not in set(Kind)
        or len(languages) > _MOST_LANGUAGES
        or max(map(len, languages), default=0) > _LONGEST_LANGUAGE
    ):
        raise Refused("server.input_wrong")
    kind = ClusterKind.WIRELESS if how == Kind.WIRELESS else ClusterKind.SMART
    return Listener(kind, tuple(languages) or ("vi",), light=how == Kind.WEAK)


def spoken_orders(views: Sequence[ClusterView]) -> list[tuple[str, ...]]:
    """The lists of languages there are among clusters, the most common first."""
    found = Counter(tuple(view.cluster.languages) for view in views if view.cluster.languages)
    return [languages for languages, _ in sorted(found.items(), key=lambda each: (-each[1], each[0]))]


async def sound_answer(request: Request, runtime: Runtime, preview: Preview, *, horn: bool, skim: bool) -> Response:
    """The sound of a preview as FLAC; parts of it on request.

    Raises Refused, Unavailable, NotFound; Conflict("server.preview_live") when all of it is live.
    """
    if not preview.sounding:
        raise Conflict("server.preview_live")
    sounds.check_length(preview.lasts_ms(skim=skim))
    key = preview.key(horn=horn, skim=skim)
    headers = {"ETag": f'"{key}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    wanted = [_sound(runtime, line) for line in preview.sounding]
    path = await runtime.previews.get(key, lambda out: runtime.audio.write_preview(wanted, out, horn=horn, skim=skim))
    return FileResponse(path, media_type="audio/flac", headers=headers)


async def _by_name(session: AsyncSession, runtime: Runtime, place_id: str, cluster_id: str, *, light: bool) -> Listener:
    view = await runtime.devices.cluster(session, cluster_id)
    cluster = view.cluster
    if cluster.commune_id != place_id or cluster.retired_at is not None:
        raise NotFound("devices.cluster_unknown", cluster_id=cluster_id)
    languages = list(cluster.languages)
    if cluster.kind is ClusterKind.WIRELESS and cluster.device_id is not None:
        languages = await _on_air(session, runtime, place_id, cluster.device_id)
    codecs = frozenset(view.device.codecs if view.device is not None else ()) or frozenset(EVERYWHERE)
    return Listener(cluster.kind, tuple(dict.fromkeys(languages)), codecs, light, view)


async def _on_air(session: AsyncSession, runtime: Runtime, place_id: str, gateway: str) -> list[str]:
    """The languages of every wireless cluster this gateway transmits to, in its order."""
    spoken = await runtime.devices.cluster_languages(session, place_id)
    nodes = await runtime.devices.cluster_nodes(session, place_id)
    # In the database's order, as the gateway's device file names them: PostgreSQL may sort names otherwise than we do.
    children = (node.id for node in nodes if node.kind is ClusterKind.WIRELESS and node.device_id == gateway)
    return [language for child in children for language in spoken.get(child, ())]


def _items(parts: Sequence[Part]) -> dict[int, int]:
    """Of every part that has a title, which one it is, both from 0."""
    titled = (
        number
        for number, part in enumerate(parts)
        if isinstance(part, Speech | Stream) or (isinstance(part, Fill) and part.sound is not None)
    )
    return {number: place for place, number in enumerate(titled)}


def _unrolled(piece: Piece) -> Iterator[tuple[Tone | Gap | Version | Live | Loop, Piece]]:
    """The stretches a piece is shown as: of music its first round, then that it goes on."""
    sound = piece.sound
    if not isinstance(sound, Loop):
        yield sound, piece
        return
    at_ms, end_ms = piece.start_ms, piece.start_ms + piece.duration_ms
    once_ms = sum(version.renditions[0].duration_ms for version in piece.versions)
    for version, _, heard_ms in sound.rounds(0, min(once_ms, piece.duration_ms)):
        yield version, replace(piece, start_ms=at_ms, duration_ms=heard_ms)
        at_ms += heard_ms
    if at_ms < end_ms:
        yield sound, replace(piece, start_ms=at_ms, duration_ms=end_ms - at_ms)


def _taken(version: Version, listener: Listener) -> Rendition:
    fit = [rendition for rendition in version.renditions if rendition.codec in listener.codecs]
    if not fit:
        raise Conflict("server.preview_codec", codecs=", ".join(sorted(listener.codecs)))
    return min(fit, key=lambda rendition: rendition.size) if listener.light else fit[0]


def _sound(runtime: Runtime, line: Line) -> sounds.Piece:
    assert not isinstance(line.sound, Live | Loop), "what is skipped has no sound"
    match line.sound:
        case Tone(segments, repeat, gap_ms):
            return sounds.ToneSound(segments, repeat, gap_ms)
        case Gap(duration_ms):
            return sounds.Silence(duration_ms)
        case Version():
            assert line.rendition is not None
            return sounds.Recording(runtime.audio.rendition_path(line.rendition.sha256.hex()), line.piece.duration_ms)

"""Listening to an announcement or a session as a chosen cluster sounds it, before it goes on air."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from audio.preview import check_length
from base.errors import LoaError
from devices.models import ClusterKind
from devices.views import ClusterView
from devices.wire.content import Gap, Live, Loop, Tone, Version
from schedules.announcements import AnnouncementView
from server import preview
from server.i18n.catalogue import N_
from server.preview import Kind, Line, Preview
from server.web.announcements import find
from server.web.page import Page, ViewPage
from server.web.tones import TONE_WORDS

router = APIRouter(include_in_schema=False)

KINDS = {
    Kind.SMART: N_("a smart cluster with a good link"),
    Kind.WEAK: N_("a smart cluster with a weak link, late"),
    Kind.WIRELESS: N_("a wireless cluster, through its gateway"),
}
CODECS = {
    "opus16": N_("Opus, 16 kbit/s"),
    "opus8": N_("Opus, 8 kbit/s, the lighter one"),
    "mp3-32": N_("MP3, 32 kbit/s"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says."""

    who: str = Kind.SMART.value
    languages: str = ""
    horn: bool = False
    skim: bool = False

    @property
    def query(self) -> str:
        """As the query of an address."""
        flags = [(name, "1") for name, on in (("horn", self.horn), ("skim", self.skim)) if on]
        return urlencode([("who", self.who), ("languages", self.languages), *flags])


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list: what sounds, from when, how long. kind: tone, gap, speech, fill, more (music), live."""

    start_ms: int
    duration_ms: int
    kind: str
    text: str = ""
    language: str = ""


@router.get("/announcements/{announcement_id}/listen")
async def listen(page: ViewPage, announcement_id: str) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        it = (await find(page, session, announcement_id)).announcement
        clusters = await page.runtime.devices.clusters(session, it.place_id, limit=preview.MOST_CLUSTERS)
    orders = preview.spoken_orders(clusters) or [("vi",)]
    asked = _asked(page, ",".join(orders[0]))
    shown: dict[str, Any] = {"it": it, "asked": asked, "kinds": KINDS, "orders": orders, "codecs": CODECS}
    try:
        view, heard = await _hear(page, announcement_id, asked)
    except LoaError as error:
        named = _named(clusters)
        return page.html("announcements/listen.html", error=error, heard=None, rows=(), clusters=named, **shown)
    titles, chosen = preview.titles_of(view), heard.listener.cluster
    rows = [_row(line, titles) for line in heard.lines]
    more = [chosen] if chosen and chosen.cluster.id not in {each.cluster.id for each in clusters} else []
    named = _named([*more, *clusters])
    too_long = _too_long(heard, asked)
    return page.html("announcements/listen.html", error=too_long, heard=heard, rows=rows, clusters=named, **shown)


@router.get("/announcements/{announcement_id}/listen/audio")
async def audio(page: ViewPage, announcement_id: str) -> Response:
    """The sound, of which a browser may ask for parts."""
    asked = _asked(page)
    _, heard = await _hear(page, announcement_id, asked)
    return await preview.sound_answer(page.request, page.runtime, heard, horn=asked.horn, skim=asked.skim)


def _too_long(heard: Preview, asked: Asked) -> LoaError | None:
    try:
        check_length(heard.lasts_ms(skim=asked.skim))
    except LoaError as error:
        return error
    return None


def _asked(page: Page, usual: str = "") -> Asked:
    """usual: the languages when none are named."""
    said = page.request.query_params
    who, languages = said.get("who") or Kind.SMART.value, said.get("languages") or usual
    return Asked(who, languages, bool(said.get("horn")), bool(said.get("skim")))


async def _hear(page: Page, announcement_id: str, asked: Asked) -> tuple[AnnouncementView, Preview]:
    async with page.runtime.database.reading() as session:
        return await preview.load(
            session,
            page.runtime,
            page.me,
            announcement_id=announcement_id,
            who=asked.who,
            languages=asked.languages,
        )


def _row(line: Line, titles: Sequence[str]) -> Row:
    at, lasts, number = line.piece.start_ms, line.piece.duration_ms, line.item
    title = titles[number] if number is not None and number < len(titles) else ""
    match line.sound:
        case Tone() as sound:
            return Row(at, lasts, "tone", TONE_WORDS.get(preview.tone_name(sound), N_("tone")))
        case Gap():
            return Row(at, lasts, "gap")
        case Version(language):
            return Row(at, lasts, "fill" if line.fills else "speech", title, language)
        case Live():
            return Row(at, lasts, "live", title)
        case Loop():
            return Row(at, lasts, "more", title)


def _named(views: Sequence[ClusterView]) -> list[tuple[str, ClusterView, bool]]:
    """The clusters to choose among: value, cluster, whether it is its late fetch; a weak link is offered twice."""
    found: list[tuple[str, ClusterView, bool]] = []
    for view in views:
        found.append((f"cluster:{view.cluster.id}", view, False))
        if view.cluster.kind is ClusterKind.SMART and view.cluster.link in preview.WEAK_LINKS:
            found.append((f"late:{view.cluster.id}", view, True))
    return found

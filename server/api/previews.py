"""Listening to an announcement or a session as a chosen cluster sounds it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field

from devices.models import ClusterKind
from devices.wire.content import Gap, Live, Loop, Tone, Version
from server import preview
from server.api.shapes import PROBLEMS, Id, Shown
from server.auth.guard import Viewer
from server.deps import RuntimeOf
from server.preview import Line

router = APIRouter(prefix="/announcements", tags=["announcements"], responses=PROBLEMS)

AsWho = Annotated[
    str,
    Query(
        alias="as",
        max_length=80,
        description="`smart`, `weak` (the lighter rendition, as fetched late), `wireless`, `cluster:ID` or `late:ID`",
    ),
]
Languages = Annotated[
    str, Query(max_length=300, description="In their order, parted by commas; a cluster named by its id has its own")
]


class PartOut(Shown):
    """One uninterrupted stretch. title: of all but tones and gaps; language, codec, sha256 and size: of recordings,
    whether they are spoken in their turn or fill as music; tone: its name, if any.

    live: a stream; more: music that goes on. Both are left out of the preview's sound.
    """

    sound: Literal["tone", "gap", "speech", "fill", "live", "more"]
    start_ms: int
    duration_ms: int
    tone: str = ""
    title: str = ""
    language: str = ""
    codec: str = ""
    sha256: str = ""
    size: int = 0


class PreviewOut(Shown):
    """What sounds once, before the cluster's own volume. size: bytes its device fetches."""

    announcement_id: str
    kind: ClusterKind
    light: bool
    duration_ms: int
    size: int
    languages: list[str]
    parts: list[PartOut] = Field(default_factory=list)


@router.get("/{announcement_id}/preview")
async def get(
    *, announcement_id: Id, who: Viewer, runtime: RuntimeOf, listener: AsWho = "smart", languages: Languages = ""
) -> PreviewOut:
    """What a cluster will sound of it: which parts when, in which languages and encodings; of drafts too."""
    async with runtime.database.reading() as session:
        view, found = await preview.load(
            session, runtime, who, announcement_id=announcement_id, who=listener, languages=languages
        )
    titles = preview.titles_of(view)
    return PreviewOut(
        announcement_id=announcement_id,
        kind=found.listener.kind,
        light=found.listener.light,
        duration_ms=found.duration_ms,
        size=found.size,
        languages=list(found.languages),
        parts=[_part(line, titles) for line in found.lines],
    )


@router.get(
    "/{announcement_id}/preview/audio",
    response_class=FileResponse,
    responses={200: {"content": {"audio/flac": {}}}, 206: {"description": "The range asked for"}, 304: {}},
)
async def audio(
    *,
    announcement_id: Id,
    who: Viewer,
    runtime: RuntimeOf,
    request: Request,
    listener: AsWho = "smart",
    languages: Languages = "",
    horn: bool = False,
    skim: bool = False,
) -> Response:
    """The sound as FLAC, sample for sample the speaker's. horn: through a simulated horn loudspeaker. skim: of each
    long announcement only how it begins and ends.
    """
    async with runtime.database.reading() as session:
        _, found = await preview.load(
            session, runtime, who, announcement_id=announcement_id, who=listener, languages=languages
        )
    return await preview.sound_answer(request, runtime, found, horn=horn, skim=skim)


def _part(line: Line, titles: tuple[str, ...]) -> PartOut:
    at, lasts, number = line.piece.start_ms, line.piece.duration_ms, line.item
    title = titles[number] if number is not None and number < len(titles) else ""
    match line.sound:
        case Tone() as sound:
            return PartOut(sound="tone", start_ms=at, duration_ms=lasts, tone=preview.tone_name(sound))
        case Gap():
            return PartOut(sound="gap", start_ms=at, duration_ms=lasts)
        case Version(language):
            return _recording(line, language, title)
        case Live():
            return PartOut(sound="live", start_ms=at, duration_ms=lasts, title=title)
        case Loop():
            return PartOut(sound="more", start_ms=at, duration_ms=lasts, title=title)


def _recording(line: Line, language: str, title: str) -> PartOut:
    rendition = line.rendition
    assert rendition is not None
    return PartOut(
        sound="fill" if line.fills else "speech",
        start_ms=line.piece.start_ms,
        duration_ms=line.piece.duration_ms,
        title=title,
        language=language,
        codec=rendition.codec,
        sha256=rendition.sha256.hex(),
        size=rendition.size,
    )

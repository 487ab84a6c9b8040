"""How a commune says its words; how a text will be said; which voices there are."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from audio.models import DictionaryWord
from audio.speech.choice import TEXT_LIMIT, accent_of, check_text
from audio.speech.port import Voice
from audio.spoken_vi import explain
from base.errors import NotFound
from server.acts import acting
from server.api.shapes import PROBLEMS, Moment, Name, Page, Shown, Strict
from server.auth.guard import Viewer, allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf
from server.runtime import Runtime

router = APIRouter(tags=["speech"], responses=PROBLEMS)

Writer = Annotated[Who, Depends(allow(Permission.WRITE_ANNOUNCEMENT))]


class WordIn(Strict):
    """A word: written as in a text, capitals count; said in words, without figures and short forms."""

    place_id: Name
    written: Annotated[str, Field(min_length=1, max_length=60)]
    said: Annotated[str, Field(min_length=1, max_length=300)]


class WordOut(Shown):
    """A word of a commune's dictionary."""

    written: str
    said: str
    changed_at: Moment
    changed_by: str | None


class TextIn(Strict):
    """A text; place_id: with this commune's dictionary; voice: counted as in its region."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT_LIMIT)]
    language: Annotated[str, Field(max_length=16)] = "vi"
    place_id: Name | None = None
    voice: Annotated[str | None, Field(max_length=64)] = None


class PieceOut(Shown):
    """A stretch of the tidied text; rule: why it is said so, empty where it is said as written."""

    written: str
    spoken: str
    rule: str


class SpokenOut(Shown):
    """What a voice will say. pieces: of Vietnamese only; their written parts joined are the tidied text."""

    spoken: str
    pieces: list[PieceOut]


class VoiceOut(Shown):
    """A voice; the first of a language speaks it when no voice is chosen."""

    id: str
    language: str
    title: str


@router.get("/dictionary")
async def words(place_id: Annotated[Name, Query()], who: Viewer, runtime: RuntimeOf) -> Page[WordOut]:
    """A commune's dictionary, whole: 5,000 words at most. A village's is its commune's."""
    commune_id = _commune(who, place_id)
    who.require(Permission.VIEW, commune_id)
    async with runtime.database.reading() as session:
        rows = await runtime.dictionary.rows(session, commune_id)
    return Page(items=[WordOut.model_validate(row) for row in rows])


@router.put("/dictionary")
async def put_word(body: WordIn, who: Writer, runtime: RuntimeOf) -> WordOut:
    """Add a word, or change how it is said."""
    commune_id = _commune(who, body.place_id)
    who.require(Permission.WRITE_ANNOUNCEMENT, commune_id)
    async with acting(runtime, who) as act:
        row: DictionaryWord = await runtime.dictionary.put(
            act.session, commune_id, body.written, body.said, user_id=who.id
        )
        await act.done("put_word", f"word/{row.written}", commune_id, said=row.said)
    return WordOut.model_validate(row)


@router.delete("/dictionary", status_code=204)
async def drop_word(
    place_id: Annotated[Name, Query()],
    written: Annotated[str, Query(min_length=1, max_length=60)],
    who: Writer,
    runtime: RuntimeOf,
) -> Response:
    """Take a word out: it is said by the common rules again."""
    commune_id = _commune(who, place_id)
    who.require(Permission.WRITE_ANNOUNCEMENT, commune_id)
    async with acting(runtime, who) as act:
        await runtime.dictionary.drop(act.session, commune_id, written)
        await act.done("drop_word", f"word/{written}", commune_id)
    return Response(status_code=204)


@router.post("/text/spoken")
async def spoken(body: TextIn, who: Writer, runtime: RuntimeOf) -> SpokenOut:
    """How a text will be said, and what in it is said otherwise than written."""
    own: dict[str, str] = {}
    if body.place_id is not None:
        commune_id = _commune(who, body.place_id)
        who.require(Permission.VIEW, commune_id)
        async with runtime.database.reading() as session:
            own = await runtime.dictionary.words(session, commune_id)
    return await run_in_threadpool(_spoken, runtime, body, own)


@router.get("/voices")
async def voices(_who: Viewer, runtime: RuntimeOf) -> Page[VoiceOut]:
    """Every voice there is, the preferred of each language first."""
    found: list[Voice] = runtime.audio.voices()
    return Page(items=[VoiceOut.model_validate(voice) for voice in found])


def _spoken(runtime: Runtime, body: TextIn, own: Mapping[str, str]) -> SpokenOut:
    said = runtime.audio.spoken_form(body.text, language=body.language, voice=body.voice, dictionary=own)
    if body.language != "vi":
        return SpokenOut(spoken=said, pieces=[])
    pieces = explain(check_text(body.text), dictionary=own, accent=accent_of(body.voice))
    return SpokenOut(spoken=said, pieces=[PieceOut.model_validate(piece) for piece in pieces])


def _commune(who: Who, place_id: str) -> str:
    """The commune whose dictionary it is. Raises NotFound for what lies in none."""
    found = who.places.commune_of(place_id)
    if found is None:
        raise NotFound("devices.place_unknown", place_id=place_id)
    return found

"""Typing a text: how it will be said, what it sounds like, and using that sound."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, HTMLResponse, Response

from audio.drafts import Wish
from audio.renditions import RENDITIONS
from audio.speech.choice import accent_of, check_speed, check_text
from audio.spoken_vi import Piece, explain
from base.errors import LoaError, Refused
from server.auth.permissions import Permission
from server.web import voices
from server.web.fields import speed
from server.web.page import Page, WritePage
from server.web.sound_steps import heading, keep, on_to_details, target_of
from server.web.spoken_text import MOST_CHANGES, RULES, Change, Typed, changes, read, with_spoken

router = APIRouter(include_in_schema=False)

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the page says besides the fields."""

    typed: Typed
    pieces: Sequence[Piece] = ()
    heard: str = ""
    """Key of the sound to listen to."""
    changed: bool = False
    """Something was changed between listening and using."""
    kept: str = ""
    """The word that was just put into the dictionary."""
    error: LoaError | None = None

    @property
    def changes(self) -> list[Change]:
        return changes(self.pieces)


@router.get("/announcements/new/text")
async def text_form(page: WritePage, target: str = "", language: str = "vi") -> HTMLResponse:
    """An empty form; `target` and `language`: which announcement is to get another language."""
    typed = read({"target": target, "language": language}, page.runtime.audio.voices())
    return await _answer(page, _Shown(typed))


@router.post("/announcements/new/text")
async def text(page: WritePage) -> Response:
    """`act`: typed, typing or show (how it will be said), again (made anew), word:N (into the dictionary), listen, use.

    typing comes late, maybe behind a listen: what stands there already then stays, the player too.
    """
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    act, number = form.get("act", "use").partition(":")[::2]
    shown = _Shown(read(form, page.runtime.audio.voices()))
    try:
        page.me.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
        if act == "typing" and shown.typed.said_already:
            return Response(status_code=204)
        if act in {"typed", "typing", "word"} and not shown.typed.text:
            shown = replace(shown, typed=with_spoken(shown.typed, ""))
        else:
            shown = await _said(page, shown, anew=act == "again")
        if act == "word":
            kept = await _put_word(page, form, number)
            shown = replace(await _said(page, shown, anew=False) if shown.typed.text else shown, kept=kept)
        if act not in {"listen", "use"}:
            return await _answer(page, shown)
        return await _sounding(page, shown, form, use=act == "use")
    except LoaError as error:
        return await _answer(page, replace(shown, error=error))


@router.get("/announcements/new/text/heard/{key}")
async def heard(page: WritePage, key: str) -> FileResponse:
    """The sound that is listened to before it is used; waits until it can be heard."""
    path = await page.runtime.drafts.heard(key, page.place.id)
    return FileResponse(path, media_type=RENDITIONS[0].media_type, headers={"Cache-Control": "private, no-store"})


async def _sounding(page: Page, shown: _Shown, form: Form, *, use: bool) -> Response:
    """Let it be heard; or keep it, unless it is no longer what was heard."""
    typed, drafts = shown.typed, page.runtime.drafts
    key = drafts.start(_wish(page, typed), page.me.id)
    if use and form.get("heard", key) == key:
        asset = await keep(page, await drafts.take(key, page.place.id), title=heading(typed.text))
        return on_to_details(asset, typed.target)
    await drafts.heard(key, page.place.id)
    return await _answer(page, replace(shown, heard=key, changed=use))


def _wish(page: Page, typed: Typed) -> Wish:
    if not typed.voice:
        raise Refused("audio.voice_unknown", voice="", language=typed.language)
    pace = speed({"speed": typed.speed}, "speed")
    check_speed(pace)
    return Wish(page.place.id, check_text(typed.text), check_text(typed.spoken), typed.language, typed.voice, pace)


async def _said(page: Page, shown: _Shown, *, anew: bool) -> _Shown:
    """How the text will be said; what a person changed by hand stays, unless it is to be made anew."""
    typed, audio = shown.typed, page.runtime.audio
    async with page.runtime.database.reading() as session:
        words = await page.runtime.dictionary.words(session, page.place.id)

    def work() -> tuple[str, Sequence[Piece]]:
        said = audio.spoken_form(typed.text, language=typed.language, voice=typed.voice, dictionary=words)
        accent = accent_of(typed.voice)
        pieces = explain(check_text(typed.text), dictionary=words, accent=accent) if typed.language == "vi" else ()
        return said, pieces

    spoken, pieces = await run_in_threadpool(work)
    return replace(shown, typed=typed if typed.by_hand and not anew else with_spoken(typed, spoken), pieces=pieces)


async def _put_word(page: Page, form: Form, number: str) -> str:
    """Say a word always as the row of this number says; the word as it is kept."""
    async with page.act() as act:
        act.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
        written, said = form.get(f"written-{number}", ""), form.get(f"said-{number}", "")
        row = await page.runtime.dictionary.put(act.session, page.place.id, written, said, user_id=page.me.id)
        await act.done("put_word", f"word/{row.written}", page.place.id, said=row.said)
    return row.written


async def _answer(page: Page, shown: _Shown) -> HTMLResponse:
    typed, every = shown.typed, page.runtime.audio.voices()
    values: dict[str, Any] = {
        "target": await target_of(page, typed.target),
        "typed": typed,
        "it": shown,
        "changes": shown.changes[:MOST_CHANGES],
        "more_changes": len(shown.changes[MOST_CHANGES:]),
        "rules": RULES,
        "voices": voices.by_language(every, typed.language),
        "speeds": voices.SPEEDS,
        "part": page.request.headers.get("HX-Request") == "true",
    }
    answer = page.html("announcements/text.html", error=shown.error, **values)
    if values["part"]:
        answer.status_code = 200  # htmx puts only what succeeded into the page; the error stands in it
    return answer

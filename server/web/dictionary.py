"""The commune's dictionary: how its short forms, names and places are said."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from audio.dictionary import MOST_WORDS
from audio.models import DictionaryWord
from base.errors import LoaError
from server.auth.permissions import Permission
from server.web import repository
from server.web.page import Page, WritePage, go

router = APIRouter(include_in_schema=False)

ROWS = 50
_SENTENCE = 500
Start = Annotated[int, Query(ge=0, le=MOST_WORDS)]
_BLANK: Mapping[str, str] = {"written": "", "said": ""}


@router.get("/dictionary")
async def index(page: WritePage, q: str = "", start: Start = 0, word: str = "", sentence: str = "") -> HTMLResponse:
    """The words that hold `q`; `word`: the one to change; `sentence`: say it as a voice would."""
    return await _index(page, q=q, start=start, word=word, sentence=sentence)


@router.post("/dictionary")
async def put(page: WritePage) -> Response:
    """Add a word, or change how it is said."""
    form = {name: str(value) for name, value in (await page.request.form()).items()}
    typed = {name: form.get(name, "") for name in _BLANK}
    try:
        async with page.act() as act:
            act.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
            row = await page.runtime.dictionary.put(act.session, page.place.id, **typed, user_id=page.me.id)
            await act.done("put_word", f"word/{row.written}", page.place.id, said=row.said)
    except LoaError as error:
        return await _index(page, typed=typed, error=error)
    return go("/dictionary", "saved")


@router.post("/dictionary/drop")
async def drop(page: WritePage) -> Response:
    """Take a word out: it is said by the common rules again."""
    written = str((await page.request.form()).get("written", ""))
    try:
        async with page.act() as act:
            act.require(Permission.WRITE_ANNOUNCEMENT, page.place.id)
            await page.runtime.dictionary.drop(act.session, page.place.id, written)
            await act.done("drop_word", f"word/{written}", page.place.id)
    except LoaError as error:
        return await _index(page, error=error)
    return go("/dictionary", "word_out")


async def _index(
    page: Page,
    *,
    q: str = "",
    start: int = 0,
    word: str = "",
    sentence: str = "",
    typed: Mapping[str, str] = _BLANK,
    error: LoaError | None = None,
) -> HTMLResponse:
    async with page.runtime.database.reading() as session:
        every = await page.runtime.dictionary.rows(session, page.place.id)
        names = await repository.user_names(session, {row.changed_by for row in every})
    found = sorted((row for row in every if _holds(row, q)), key=lambda row: (row.written.casefold(), row.written))
    chosen = next((row for row in every if row.written == word), None)
    said, problem = await _say(page, every, sentence[:_SENTENCE])
    return page.html(
        "dictionary/index.html",
        error=error or problem,
        rows=found[start : start + ROWS],
        names=names,
        found=len(found),
        count=len(every),
        most=MOST_WORDS,
        next=start + ROWS if len(found) > start + ROWS else 0,
        q=q,
        sentence=sentence[:_SENTENCE],
        said=said,
        chosen=chosen,
        form={"written": chosen.written, "said": chosen.said} if chosen else typed,
    )


def _holds(row: DictionaryWord, q: str) -> bool:
    wanted = q.strip().casefold()
    return wanted in row.written.casefold() or wanted in row.said.casefold()


async def _say(page: Page, rows: Sequence[DictionaryWord], sentence: str) -> tuple[str, LoaError | None]:
    """How a sentence is said with these words, or why it is not."""
    if not sentence.strip():
        return "", None
    words = {row.written: row.said for row in rows}
    try:
        return await run_in_threadpool(lambda: page.runtime.audio.spoken_form(sentence, dictionary=words)), None
    except LoaError as error:
        return "", error

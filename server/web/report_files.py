"""The as-run log to take along: CSV as it is read, XLSX once it is written; both for whoever may view the place."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from schedules.asrun import Row
from schedules.asrun_files import LogBook, csv_head, csv_rows
from schedules.log_scope import Scope
from server.runtime import Runtime
from server.web.page import ViewPage
from server.web.report_words import ReportWords
from server.web.reports import When, asked, scope_of

router = APIRouter(include_in_schema=False)

CHUNK_BYTES = 65_536
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/reports/log.csv")
async def as_csv(page: ViewPage) -> StreamingResponse:
    """Every row, while it is read. Nothing is audited: it says what the pages say."""
    when = asked(page)
    scope = await scope_of(page, when)
    words = words_of(page.locale, scope)
    lots = page.runtime.programme.reports.batches(page.runtime.database, scope, page.now)
    # Asked for now, so that what is refused is an answer and not half a file.
    first: list[Row] = await anext(lots, [])
    return _download(csv_chunks(first, lots, words, scope, page.now), CSV, file_name(scope, when.text, "csv"))


@router.get("/reports/log.xlsx")
async def as_xlsx(page: ViewPage) -> StreamingResponse:
    """Totals, log and what was not heard."""
    when: When = asked(page)
    scope = await scope_of(page, when)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it when it is sent
    try:
        await write_book(page.runtime, file, scope, words_of(page.locale, scope), page.now)
    except BaseException:
        file.close()
        raise
    return _download(_chunks(file), XLSX, file_name(scope, when.text, "xlsx"))


def words_of(locale: str, scope: Scope) -> ReportWords:
    """A file's words in a language."""
    return ReportWords(locale, scope.place.name, scope.first, scope.last)


def file_name(scope: Scope, when: str, ending: str) -> str:
    """Named by place and period; a place's id is plain ASCII."""
    return f"loa-{scope.place.id}-{when}.{ending}"


async def csv_chunks(
    first: list[Row], lots: AsyncIterator[list[Row]], words: ReportWords, scope: Scope, now: datetime
) -> AsyncIterator[str]:
    """The file in parts. first: rows already read."""
    yield csv_head(words) + csv_rows(first, words, scope.zone, now)
    async for rows in lots:
        yield csv_rows(rows, words, scope.zone, now)


async def write_book(runtime: Runtime, file: BinaryIO, scope: Scope, words: ReportWords, now: datetime) -> None:
    """Write the workbook, a lot of rows at a time, each beside the event loop. Raises what `period` does."""
    reports, database = runtime.programme.reports, runtime.database
    async with database.reading() as session:
        period = await reports.period(session, scope, now)
    with tempfile.TemporaryDirectory() as folder:
        book = LogBook(file, Path(folder), words, scope.zone, now)
        await asyncio.to_thread(book.totals, period)
        async for rows in reports.batches(database, scope, now):
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.close)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _download(body: AsyncIterator[str] | Iterator[bytes], media_type: str, name: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(body, media_type=media_type, headers=headers)

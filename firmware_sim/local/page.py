"""The routes of the local page, and what they answer; no route can do more than hand over what is signed."""

import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from base.errors import LoaError
from firmware_sim import words
from firmware_sim.hand_over import FAILED, HandOver, Result
from firmware_sim.local.rate import Bucket
from firmware_sim.local.upload import Incoming, Refusal, receive

_HERE = Path(__file__).parent
_STATUS = {"busy": 503, "too_often": 429, "full": 507, "too_large": 413, "failed": 500, "no_file": 400}
"""Everything else that is not taken is 422."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_COPY_BYTES = 65_536
_log = structlog.get_logger(__name__)

Status = Callable[[], dict[str, Any]]
"""What the device tells of itself: device, playing, online, clock, time, battery_pct, storage_free_mib,
storage_total_mib, receipts_waiting, faults."""


class LocalPage:
    """folder: where a bundle lies while it comes in."""

    def __init__(self, hand_over: HandOver, status: Status, folder: Path) -> None:
        self._hand_over, self._status, self._folder = hand_over, status, folder
        self._asking = Bucket(burst=60, every_s=0.2)
        self._handing = Bucket(burst=12, every_s=10)
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"), autoescape=select_autoescape(), trim_blocks=True
        )
        self._templates.filters["fault"] = words.fault

    def application(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._show),
                Route("/status.json", self._tell),
                Route("/bundle", self._take, methods=["POST"]),
                Route("/return.loa", self._give_back),
                Route("/local.css", self._static("local.css", "text/css")),
                Route("/local.js", self._static("local.js", "text/javascript")),
            ]
        )

    def _static(self, name: str, kind: str) -> Callable[[Request], Response]:
        def answer(_request: Request) -> Response:
            return FileResponse(_HERE / "static" / name, media_type=kind, headers=_HEADERS)

        return answer

    async def _show(self, request: Request) -> Response:
        if not self._asking.take(time.monotonic()):
            return self._refused(request, "too_often")
        return self._page(request, None)

    async def _tell(self, request: Request) -> Response:
        if not self._asking.take(time.monotonic()):
            return self._refused(request, "too_often")
        return JSONResponse(self._status(), headers=_HEADERS)

    async def _take(self, request: Request) -> Response:
        if not self._handing.take(time.monotonic()):
            return self._refused(request, "too_often")
        if self._hand_over.busy:
            return self._refused(request, "busy")
        result = await self._carry_in(request)
        _log.info("local.bundle", outcome=result.code, bundle=result.bundle, orders=result.orders)
        return self._answer(request, result)

    async def _carry_in(self, request: Request) -> Result:
        """The bundle into a file, and to the device."""
        incoming = Incoming(self._folder)
        try:
            await receive(request, incoming)
            return await self._hand_over.take(await incoming.finish())
        except Refusal as refusal:
            return Result(refusal.code)
        except (OSError, LoaError) as error:
            _log.error("local.failed", problem=str(error))
            return Result(FAILED)
        finally:
            incoming.close()

    async def _give_back(self, request: Request) -> Response:
        if not self._asking.take(time.monotonic()):
            return self._refused(request, "too_often")
        if self._hand_over.busy:
            return self._refused(request, "busy")
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        out: BinaryIO = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - `_sent` closes it
        try:
            name = await self._hand_over.give_back(out)
        except (OSError, LoaError) as error:
            out.close()
            _log.error("local.failed", problem=str(error))
            return self._refused(request, FAILED)
        size = out.seek(0, 2)
        out.seek(0)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
        return StreamingResponse(_sent(out), media_type="application/octet-stream", headers=_HEADERS | headers)

    def _refused(self, request: Request, code: str) -> Response:
        return self._answer(request, Result(code))

    def _answer(self, request: Request, result: Result) -> Response:
        """A page for people, JSON for programs."""
        status = 200 if result.taken else _STATUS.get(result.code, 422)
        if "text/html" in request.headers.get("accept", ""):
            return self._page(request, result, status)
        told = {
            "outcome": result.code,
            "text": words.outcome(result.code, _language(request)),
            "bundle": result.bundle,
            "orders": result.orders,
            "contents": result.contents,
        }
        return JSONResponse(told, status, headers=_HEADERS)

    def _page(self, request: Request, result: Result | None, status: int = 200) -> Response:
        language = _language(request)
        text = self._templates.get_template("page.html").render(
            language=language,
            other=words.VI if language == words.EN else words.EN,
            status=self._status(),
            result=result,
            w=lambda key: words.page(key, language),
            outcome=lambda code: words.outcome(code, language),
        )
        return HTMLResponse(text, status, headers=_HEADERS | {"Content-Language": language})


async def _sent(out: BinaryIO) -> AsyncIterator[bytes]:
    with out:
        while chunk := out.read(_COPY_BYTES):
            yield chunk


def _language(request: Request) -> str:
    asked = request.query_params.get("lang", "")
    return asked if asked in {words.VI, words.EN} else words.language_of(request.headers.get("accept-language", ""))

"""Recording a sound in the browser; what was recorded is uploaded like any other file."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from server.settings import LimitSettings
from server.web.page import WritePage
from server.web.signs import LANGUAGES
from server.web.sound_steps import target_of

router = APIRouter(include_in_schema=False)

BIT_RATE_BPS = 64_000
"""Of a voice in Opus or AAC: our own renditions keep a quarter of it at most, and two hours stay under 60 MB."""
_BYTES_A_SECOND = 10_000
"""The bit rate with a quarter more, for encoders that exceed it and for the container."""
_SPARE_S = 1
"""A recorder ends a little after it is told to; the server would refuse what is over its limit."""
_MICROPHONE_HERE = {"Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()"}
"""No other page may ask for the microphone; see `server.app`."""


@router.get("/announcements/new/record")
async def record_form(page: WritePage, target: str = "", language: str = "vi") -> HTMLResponse:
    """The recorder; `target` and `language` say which announcement gets another language."""
    limits = page.runtime.settings.limits
    settings = page.runtime.settings
    answer = page.html(
        "announcements/record.html",
        target=await target_of(page, target),
        language=language if language in LANGUAGES else "vi",
        bit_rate_bps=BIT_RATE_BPS,
        longest_s=longest_s(limits),
        upload_bytes=limits.upload_bytes,
        secure_url=settings.public_url if settings.https else "",
    )
    answer.headers.update(_MICROPHONE_HERE)
    return answer


def longest_s(limits: LimitSettings) -> int:
    """How long a recording may be, in seconds: what the server takes, by length and by size."""
    return max(1, min(limits.sound_s - _SPARE_S, limits.upload_bytes // _BYTES_A_SECOND))

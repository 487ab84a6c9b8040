"""Return files: what devices hand a courier to bring back, taken in by upload."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from pydantic import BaseModel

from server import couriers
from server.api.courier_bundles import Carrying
from server.api.shapes import PROBLEMS, Id, Moment
from server.couriers import Outcome, Upload
from server.deps import RuntimeOf
from server.i18n import negotiate, translate_error

router = APIRouter(prefix="/courier-returns", tags=["couriers"], responses=PROBLEMS)


class ReturnOut(BaseModel):
    """What became of one file. again: it came before. latest: it told more of the device than was known.

    code and detail say why it was refused; nothing of it was taken then.
    """

    name: str
    accepted: bool
    device_id: str | None = None
    clock_at: Moment | None = None
    receipts: int = 0
    refused: int = 0
    again: bool = False
    latest: bool = False
    handed: list[Id] = []
    code: str = ""
    detail: str = ""


class ReturnsOut(BaseModel):
    """File by file."""

    items: list[ReturnOut]


@router.post("", responses={413: {"description": "Larger than allowed; refused while it streams in"}})
async def take(
    who: Carrying,
    runtime: RuntimeOf,
    request: Request,
    files: Annotated[list[UploadFile], File(description="At most 20, 64 MiB each; in any order, also twice")],
) -> ReturnsOut:
    """Take return files in; one that is refused keeps no other out."""
    outcomes = await couriers.take_returns(runtime, who, list(as_uploads(files)))
    return ReturnsOut(items=[_shown(each, negotiate(request)) for each in outcomes])


def as_uploads(files: Iterable[UploadFile]) -> Iterable[Upload]:
    """What a form brought."""
    return [Upload((each.filename or "")[:120], each.file, each.size or 0) for each in files]


def _shown(outcome: Outcome, locale: str) -> ReturnOut:
    taken, error = outcome.taken, outcome.error
    if taken is None:
        code = "" if error is None else error.code
        detail = "" if error is None else translate_error(locale, error)
        return ReturnOut(name=outcome.name, accepted=False, code=code, detail=detail)
    return ReturnOut(
        name=outcome.name,
        accepted=True,
        device_id=taken.device_id,
        clock_at=taken.clock_at,
        receipts=taken.receipts,
        refused=taken.refused,
        again=taken.again,
        latest=taken.latest,
        handed=list(taken.handed),
    )

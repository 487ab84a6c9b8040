"""The description of the REST interface, committed as docs/openapi.json: ``python -m server.openapi [FILE]``."""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from server.app import TITLE, add_routes

DESCRIPTION = (
    "Loudspeaker broadcast control for communes. Sign in with POST /api/v1/session and send the token as "
    "`Authorization: Bearer loa_…`. Errors are problem+json (RFC 9457) with a stable `code`. Lists are pages: follow "
    "`next`. What sounds takes an `Idempotency-Key`."
)


def description() -> dict[str, Any]:
    """The document, as every server of this version gives it."""
    app = FastAPI()
    add_routes(app)
    document = get_openapi(title=TITLE, version="1", description=DESCRIPTION, routes=app.routes)
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    document.setdefault("components", {})["securitySchemes"] = schemes
    document["security"] = [{"bearer": []}]
    return document


def as_text() -> str:
    """As it is committed."""
    return json.dumps(description(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/openapi.json").write_text(as_text(), encoding="utf-8")

"""Which revision a change is about: the header If-Match, with the ETag that was given."""

import re
from typing import Annotated

from fastapi import Header

from base.errors import Refused
from server.errors import PreconditionNeeded

Revision = Annotated[str | None, Header(alias="If-Match", description="The ETag of the revision this is about")]


def needed_revision(if_match: str | None) -> int:
    """Its number. Raises PreconditionNeeded without one, Refused("server.input_wrong") for another kind of tag."""
    if if_match is None:
        raise PreconditionNeeded
    found = re.fullmatch(r'"(\d{1,9})"', if_match.strip())
    if found is None:
        raise Refused("server.input_wrong")
    return int(found[1])

"""Keys of authorities: which sign, which are announced, which are retired; and the three steps of a rotation."""

from typing import Annotated

from fastapi import APIRouter, Depends

from devices import rotation
from devices.rotation import KeyState, KeyView
from server.acts import acting
from server.api.shapes import PROBLEMS, Moment, Name, Page, Shown, Strict
from server.auth.guard import allow
from server.auth.permissions import Permission
from server.auth.who import Who
from server.deps import RuntimeOf

router = APIRouter(prefix="/authorities/{authority_id}/keys", tags=["keys"], responses=PROBLEMS)

Administrator = Annotated[Who, Depends(allow(Permission.ADMINISTER))]


class KeyOut(Shown):
    """A key. `held`: whether its private half is on this server. `expires_soon`: it is time to announce the next one.

    `lacking`: devices heard of lately that have not shown that they know an announced key.
    """

    kid: str
    epoch: int
    state: KeyState
    public: str
    made_at: Moment
    signing_from: Moment | None
    expires_at: Moment
    retired_at: Moment | None
    held: bool
    expires_soon: bool
    lacking: int | None = None


class UseIn(Strict):
    """`force`: also while devices do not know the key; they refuse what it signs until they do."""

    force: bool = False


@router.get("")
async def of_authority(authority_id: Name, who: Administrator, runtime: RuntimeOf) -> Page[KeyOut]:
    """All keys of a country, province or commune, oldest first."""
    who.require(Permission.ADMINISTER, authority_id)
    async with runtime.database.reading() as session:
        views = await rotation.key_views(session, runtime.keys, runtime.clock(), [authority_id])
        announced = any(view.state is KeyState.ANNOUNCED for view in views)
        lacking = len(await rotation.lacking(session, authority_id)) if announced else None
    return Page(items=[_shown(view, lacking) for view in views])


@router.post("", status_code=201)
async def announce(authority_id: Name, who: Administrator, runtime: RuntimeOf) -> Page[KeyOut]:
    """Make the next key and tell every device of it, under the present one."""
    who.require(Permission.ADMINISTER, authority_id)
    async with acting(runtime, who) as act:
        made = await rotation.announce(act.session, runtime.keys, runtime.clock, authority_id)
        await act.done("announce_key", f"key/{authority_id}#{made.epoch}", authority_id)
    return await of_authority(authority_id, who, runtime)


@router.post("/use")
async def use(authority_id: Name, body: UseIn, who: Administrator, runtime: RuntimeOf) -> Page[KeyOut]:
    """Sign with the announced key from now on."""
    who.require(Permission.ADMINISTER, authority_id)
    async with acting(runtime, who) as act:
        used = await rotation.use(act.session, runtime.keys, runtime.clock, authority_id, force=body.force)
        await act.done("use_key", f"key/{authority_id}#{used.epoch}", authority_id, forced=body.force)
    return await of_authority(authority_id, who, runtime)


@router.post("/retire")
async def retire(authority_id: Name, who: Administrator, runtime: RuntimeOf) -> Page[KeyOut]:
    """Tell every device to trust no key any more that signed before the present one."""
    who.require(Permission.ADMINISTER, authority_id)
    async with acting(runtime, who) as act:
        old = await rotation.retire(act.session, runtime.keys, runtime.clock, authority_id)
        await act.done(
            "retire_key", f"key/{authority_id}#{old[-1].epoch}", authority_id, epochs=[key.epoch for key in old]
        )
    return await of_authority(authority_id, who, runtime)


def _shown(view: KeyView, lacking: int | None) -> KeyOut:
    key = view.key
    return KeyOut(
        kid=view.kid,
        epoch=key.epoch,
        state=view.state,
        public=key.public.hex(),
        made_at=key.made_at,
        signing_from=key.signing_from,
        expires_at=key.expires_at,
        retired_at=key.retired_at,
        held=view.held,
        expires_soon=view.expires_soon,
        lacking=lacking if view.state is KeyState.ANNOUNCED else None,
    )

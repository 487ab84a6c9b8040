"""Before a broadcast it says which clusters could not sound it because their controllers are too old."""

from sqlalchemy import update
from sqlmodel import col

from devices.models import Cluster, Device
from schedules.composition import Composition, Item
from server.auth.models import Role
from tests.integration.server.web.conftest import COMMUNE, Office


async def hello(office: Office, parts: list[str] | None) -> None:
    """What every controller said of itself; None: nothing of parts, as older ones do."""
    async with office.runtime.database.writing() as session:
        await session.execute(update(Device).values(firmware="1", parts=parts))


async def fixed(office: Office, announcement: str) -> str:
    """A session in which an announcement begins at a fixed time."""
    items = (Item(announcement), Item(announcement, at_s=30))
    async with office.runtime.database.writing() as session:
        made = await office.runtime.announcements.compose(
            session, place_id=COMMUNE, title="Buổi sáng", composition=Composition(items=items), user_id=announcement
        )
    return made.id


async def test_who_would_refuse_it_is_named_before_it_is_sent(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan, boss)
    session_id = await fixed(office, path.rsplit("/", 1)[-1])
    asked = f"/audience?announcement={session_id}&where=all"
    assert "would refuse it" not in (await lan.get(asked)).text, "nobody has said hello yet"
    await hello(office, None)
    refused = (await lan.get(asked)).text
    assert "clusters would refuse it" in refused
    async with office.runtime.database.writing() as session:
        await session.execute(update(Cluster).where(col(Cluster.id) == "bn-s01").values(device_id="bn-s01"))
        await session.execute(update(Device).where(col(Device.id) != "bn-s01").values(parts=["fill", "relay"]))
    one = (await lan.get(asked)).text
    assert "1 cluster would refuse it" in one
    assert "would refuse it" not in (await lan.get(asked.replace(session_id, path.rsplit("/", 1)[-1]))).text

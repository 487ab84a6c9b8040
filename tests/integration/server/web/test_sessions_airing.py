"""Broadcasting a session from its page: who would not have all of it in time."""

from base.ids import new_id
from devices.contacts import Reach
from devices.couriers.models import DeviceContact
from schedules.composition import Composition, Item
from server.auth.models import Role
from server.runtime import Runtime
from tests.integration.server.web.conftest import COMMUNE, Office


async def _slow(runtime: Runtime, cluster: str, kbit_s: int) -> None:
    """Let a cluster's device be reached by a link that is not always there and carries little."""
    async with runtime.database.writing() as session:
        device_id = (await runtime.devices.cluster(session, cluster)).cluster.device_id
        contact = DeviceContact(device_id=device_id, reach=Reach.WINDOW, rate_kbit=kbit_s)
        session.add(contact)


async def _session_of(runtime: Runtime, *announcement_ids: str) -> str:
    composition = Composition(items=tuple(Item(each) for each in announcement_ids))
    async with runtime.database.writing() as session:
        made = await runtime.announcements.compose(
            session, place_id=COMMUNE, title="Sáng", composition=composition, user_id=new_id()
        )
        await runtime.announcements.submit(session, made.id, "tests")
        await runtime.announcements.approve(session, made.id, "tests")
    return made.id


async def test_what_a_session_weighs_is_what_stands_in_it(office: Office):
    lan, boss = await office.person(Role.OPERATOR), await office.person(Role.APPROVER)
    path = await office.announcement(lan)
    await lan.post(f"{path}/submit")
    await boss.post(f"{path}/approve")
    made = await _session_of(office.runtime, path.rpartition("/")[2])
    late = "will not have it in time"
    assert late not in (await lan.get(f"/announcements/{made}/broadcast")).text
    await _slow(office.runtime, "bn-s01", 4)
    assert late in (await lan.get(f"{path}/broadcast")).text
    assert late in (await lan.get(f"/announcements/{made}/broadcast")).text

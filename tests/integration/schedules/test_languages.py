"""From the site file to the ear: each village its languages in its order, and who misses which."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from base.errors import NotFound, Refused
from base.times import to_ms
from devices.devicefile import Sound
from devices.enrolment import device_files
from devices.keys import ensure_authority
from devices.models import OrderEntry
from devices.site import Site, enrol_site, import_site, read_site
from devices.wire.audience import Audience
from devices.wire.content import Version
from firmware_sim import events
from schedules.composition import Composition, Item
from schedules.languages import Languages
from schedules.missing import Need
from schedules.models import Announcement
from tests.integration.schedules.conftest import APPROVER, OPERATOR, Room
from tests.support.bench import Bench

HILLS = """
[country]
id = "vn"
name = "Việt Nam"
zone_name = "Asia/Ho_Chi_Minh"
[province]
id = "lao-cai"
name = "Lào Cai"
[commune]
id = "hills"
name = "Nậm Mòn"
languages = ["vi"]
[[villages]]
id = "h-v1"
name = "Nậm Tôn"
population = 210
languages = ["hmn", "vi"]
[[villages]]
id = "h-v2"
name = "Nà Lượt"
population = 300
[[villages]]
id = "h-v3"
name = "Cốc Phúc"
population = 200
languages = ["ium"]
[[villages]]
id = "h-v4"
name = "Bản Mù"
population = 100
languages = ["tyz", "vi"]
[[clusters]]
id = "h-s1"
name = "Nậm Tôn"
kind = "smart"
village = "h-v1"
[[clusters]]
id = "h-s2"
name = "Nà Lượt"
kind = "smart"
village = "h-v2"
[[clusters]]
id = "h-s3"
name = "Cốc Phúc"
kind = "smart"
village = "h-v3"
[[clusters]]
id = "h-w1"
name = "Cốc Phúc dưới"
kind = "wireless"
village = "h-v3"
gateway = "h-s2"
code = "0101"
[[clusters]]
id = "h-w2"
name = "Bản Mù"
kind = "wireless"
village = "h-v4"
gateway = "h-s2"
code = "0102"
[[gateways]]
device = "h-s2"
khz = 54300
"""
DAY = date(2026, 3, 10)
HERE = Sound(broker_url="mqtt://127.0.0.1:1", content_urls=("http://127.0.0.1:1",), storage_root="x", offset_min=420)


async def settle(room: Room) -> Site:
    site = read_site(HILLS)
    async with room.database.writing() as session:
        await import_site(session, site)
        await ensure_authority(session, room.keys, site.commune_id, room.clock)
    return site


async def benches(room: Room, site: Site) -> dict[str, Bench]:
    """Every device of the hills, as it comes out of its own device file."""
    async with room.database.writing() as session:
        enrolled = await enrol_site(session, site, keys=room.keys, clock=room.clock, only=set(site.sounds))
        files = await device_files(session, enrolled, HERE)
    return {device: Bench.of(text, to_ms(room.clock())) for device, text in files.items()}


async def announce(room: Room, *languages: str) -> Announcement:
    """Approved, in these languages; the words of all are the same, their sounds are not."""
    async with room.database.writing() as session:
        versions = {}
        for language in languages:
            saved = await room.audio.save(session, room.speech, commune_id="hills", title=language, user_id=OPERATOR)
            versions[language] = saved.id
        draft = await room.announcements.create(
            session, place_id="hills", title="Họp thôn", versions=versions, user_id=OPERATOR
        )
        await room.announcements.submit(session, draft.id, OPERATOR)
        return await room.announcements.approve(session, draft.id, APPROVER)


async def broadcast(room: Room, announcement: Announcement, audience: Audience | None = None) -> bytes:
    """The order of a broadcast, to everyone unless told otherwise, as it is signed."""
    async with room.database.writing() as session:
        await room.programme.broadcast_now(
            session, announcement_id=announcement.id, audience=audience or Audience(), user_id=OPERATOR
        )
        entry = await session.scalar(select(OrderEntry).where(col(OrderEntry.type) == "play"))
        assert entry is not None
        return entry.envelope


def spoken(bench: Bench, output: str = "speaker") -> list[str]:
    """The languages of what it sounded on an output, in order."""
    plans = [sound.plan for sound in bench.sounds if sound.output == output]
    return [piece.sound.language for plan in plans for piece in plan.pieces if isinstance(piece.sound, Version)]


async def test_every_cluster_sounds_the_languages_of_its_village_in_their_order(room: Room):
    site = await settle(room)
    speakers = await benches(room, site)
    order = await broadcast(room, await announce(room, "hmn", "tyz", "vi"))
    for bench in speakers.values():
        bench.feed(events.OrderReceived(order))
        bench.run_until(to_ms(room.clock() + timedelta(minutes=2)))
    assert spoken(speakers["h-s1"]) == ["hmn", "vi"]
    assert spoken(speakers["h-s2"]) == ["vi"]
    assert spoken(speakers["h-s3"]) == ["vi"], "nobody recorded Dao: the first version"
    assert spoken(speakers["h-s2"], "radio") == ["tyz", "vi"], "one transmitter, one sound: all that its villages speak"


@pytest.mark.parametrize("audience", [Audience(), Audience(clusters=("h-w2",)), Audience(clusters=("h-w1",))])
async def test_what_a_wireless_cluster_will_hear_lasts_as_long_as_its_gateway_sends_it(room: Room, audience: Audience):
    site = await settle(room)
    gateway = (await benches(room, site))["h-s2"]
    order = await broadcast(room, await announce(room, "hmn", "tyz", "vi"), audience)
    gateway.feed(events.OrderReceived(order))
    gateway.run_until(to_ms(room.clock() + timedelta(minutes=2)))
    sent = [(one.from_ms, one.to_ms) for one in gateway.heard if one.output == "radio"]
    async with room.database.reading() as session:
        told = {
            cluster: [(one.from_ms, one.to_ms) for one in (await room.programme.hear(session, cluster, DAY)).heard]
            for cluster in ("h-w1", "h-w2")
        }
    assert len(sent) == 1
    assert told == {cluster: sent if cluster in (audience.clusters or told) else [] for cluster in told}


async def test_what_is_missing_is_told_by_village_and_people(room: Room):
    await settle(room)
    languages = Languages(room.devices, room.announcements)
    about = await announce(room, "vi")
    async with room.database.reading() as session:
        (lacking,) = await languages.missing(session, about.id)
        (near,) = await languages.missing(session, about.id, Audience(places=("h-v1", "h-v2")))
        (served,) = await languages.missing(session, about.id, Audience(places=("h-v2",)))
    assert (lacking.announcement_id, lacking.title) == (about.id, "Họp thôn")
    told = [
        (one.language, [(lack.village.name, lack.need) for lack in one.lacks], one.people) for one in lacking.missing
    ]
    assert told == [
        ("ium", [("Cốc Phúc", Need.NOTHING)], 200),
        ("hmn", [("Nậm Tôn", Need.FIRST)], 210),
        ("tyz", [("Bản Mù", Need.FIRST)], 100),
    ]
    assert [one.language for one in near.missing] == ["hmn"]
    assert served.missing == ()


async def test_changed_languages_hold_for_orders_already_issued_once_the_speaker_has_its_new_device_file(room: Room):
    site = await settle(room)
    before = (await benches(room, site))["h-s1"]
    order = await broadcast(room, await announce(room, "hmn", "tyz", "vi"))
    async with room.database.writing() as session:
        await import_site(session, read_site(HILLS.replace('languages = ["hmn", "vi"]', 'languages = ["vi", "tyz"]')))
    after = (await benches(room, site))["h-s1"]
    for bench in (before, after):
        bench.feed(events.OrderReceived(order))
        bench.run_until(to_ms(room.clock() + timedelta(minutes=2)))
    assert spoken(before) == ["hmn", "vi"], "what its device file says"
    assert spoken(after) == ["vi", "tyz"]


async def compose(room: Room, *items: Announcement) -> Announcement:
    """An approved session of these."""
    composition = Composition(items=tuple(Item(item.id) for item in items))
    async with room.database.writing() as session:
        draft = await room.announcements.compose(
            session, place_id="hills", title="Buổi sáng", composition=composition, user_id=OPERATOR
        )
        await room.announcements.submit(session, draft.id, OPERATOR)
        return await room.announcements.approve(session, draft.id, APPROVER)


async def test_in_a_session_each_announcement_is_heard_in_its_own_languages(room: Room):
    site = await settle(room)
    speakers = await benches(room, site)
    order = await broadcast(room, await compose(room, await announce(room, "vi"), await announce(room, "hmn", "vi")))
    for bench in speakers.values():
        bench.feed(events.OrderReceived(order))
        bench.run_until(to_ms(room.clock() + timedelta(minutes=2)))
    assert spoken(speakers["h-s1"]) == ["vi", "hmn", "vi"]
    assert spoken(speakers["h-s2"]) == ["vi", "vi"]


async def test_of_a_session_it_is_told_announcement_by_announcement(room: Room):
    await settle(room)
    plain, both = await announce(room, "vi"), await announce(room, "hmn", "vi")
    about = await compose(room, plain, both)
    async with room.database.reading() as session:
        found = await Languages(room.devices, room.announcements).missing(session, about.id)
    told = {each.announcement_id: [one.language for one in each.missing] for each in found}
    assert told == {plain.id: ["ium", "hmn", "tyz"], both.id: ["ium", "tyz"]}


async def test_an_audience_or_an_announcement_that_is_not_there_is_refused(room: Room):
    await settle(room)
    languages = Languages(room.devices, room.announcements)
    about = await announce(room, "vi")
    async with room.database.reading() as session:
        with pytest.raises(Refused, match="audience_unknown"):
            await languages.missing(session, about.id, Audience(places=("nowhere",)))
        with pytest.raises(NotFound, match="announcement_unknown"):
            await languages.missing(session, "0" * 26)

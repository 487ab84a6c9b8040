"""Keys follow one another: announced under the old one, used when devices know it, the old one retired."""

from datetime import timedelta
from typing import Any

import pytest

from base.errors import Conflict, NotFound, Refused
from base.times import to_ms
from devices.beacons import standings
from devices.configuring import Configurer
from devices.devicefile import Sound
from devices.enrolment import device_files, enrol
from devices.keys import current_key
from devices.models import AuthorityKey, DeviceConfig, OrderEntry
from devices.orderlog import append, read_order
from devices.repository import configs
from devices.repository import log as log_rows
from devices.rotation import KeyState, announce, key_views, lacking, retire, use
from devices.wire.audience import Audience
from devices.wire.config import Config, Hours
from devices.wire.envelope import signer
from devices.wire.haves import Haves
from devices.wire.keys import Keys
from devices.wire.orders import Body, Hold
from tests.support.speakers import SmallSite, bulletin
from tests.support.uplinks import Uplink, play, row

AUTHORITY = "bao-nhai"
SOUND = Sound(broker_url="mqtt://b:1883", content_urls=("http://c/content",), storage_root="/var/lib/loa")


async def step(site: SmallSite, work: Any, **options: Any) -> Any:
    async with site.database.writing() as session:
        return await work(session, site.keys, site.clock, AUTHORITY, **options)


async def states(site: SmallSite) -> list[tuple[int, KeyState]]:
    async with site.database.reading() as session:
        return [(v.key.epoch, v.state) for v in await key_views(session, site.keys, site.clock(), [AUTHORITY])]


async def signing(site: SmallSite) -> str:
    async with site.database.reading() as session:
        return (await current_key(session, site.keys, AUTHORITY)).kid


async def orders(site: SmallSite, kind: str, log: str = AUTHORITY) -> list[OrderEntry]:
    async with site.database.reading() as session:
        found = await log_rows.in_force_above(session, {log: 0}, site.clock())
        entries = [await session.get(OrderEntry, each.id) for each in sorted(found, key=lambda each: each.seq)]
        return [entry for entry in entries if entry is not None and entry.type == kind]


async def body(site: SmallSite, entry: OrderEntry) -> Keys:
    async with site.database.reading() as session:
        read = (await read_order(session, entry)).body
    assert isinstance(read, Keys)
    return read


async def standing(site: SmallSite, log: str, said: Body, kind: str) -> OrderEntry:
    async with site.database.writing() as session:
        return await append(
            session,
            keys=site.keys,
            clock=site.clock,
            log=log,
            body=said,
            audience=Audience(),
            expires_at=site.clock() + timedelta(days=365),
            kind=kind,
        )


async def test_the_next_key_is_announced_under_the_present_one_and_does_not_sign_yet(site: SmallSite) -> None:
    made = await step(site, announce)
    (entry,) = await orders(site, "keys")
    told = await body(site, entry)
    assert (made.epoch, made.announced_seq, entry.urgency, signer(entry.envelope)) == (2, 1, 4, "bao-nhai#1")
    assert [(each.epoch, each.until_ms) for each in told.keys][1] == (2, to_ms(made.expires_at))
    assert (told.keys[1].public, told.old) == (made.public, ())
    assert await states(site) == [(1, KeyState.SIGNING), (2, KeyState.ANNOUNCED)]
    assert await signing(site) == "bao-nhai#1"
    with pytest.raises(Conflict, match=r"devices\.key_announced"):
        await step(site, announce)


async def test_it_is_not_used_while_a_device_heard_of_lately_does_not_know_it(site: SmallSite, uplink: Uplink) -> None:
    for name in ("s1", "s2"):
        await uplink.say(site.speakers[name], "heartbeat", site.speakers[name].heartbeat())
    await step(site, announce)
    await uplink.say(site.speakers["s1"], "heartbeat", site.speakers["s1"].heartbeat(haves={AUTHORITY: Haves(1)}))
    with pytest.raises(Refused, match=r"devices\.key_not_everywhere") as refusal:
        await step(site, use)
    assert refusal.value.params["count"] == 1
    async with site.database.reading() as session:
        assert await lacking(session, AUTHORITY) == ["s2"]
    await step(site, use, force=True)
    assert await signing(site) == "bao-nhai#2"
    assert await states(site) == [(1, KeyState.TRUSTED), (2, KeyState.SIGNING)]
    with pytest.raises(Refused, match=r"devices\.key_none_announced"):
        await step(site, use)


async def test_what_stands_for_long_is_said_again_under_the_new_key_in_its_order(site: SmallSite) -> None:
    hold = Hold("lu-quet", bulletin().parts)
    first = await standing(site, AUTHORITY, hold, "hold")
    own = await standing(site, "d/s2", Config(Hours((), 420), volume_max=70), "config")
    bulletin_of_today = await play(site)
    await step(site, announce)
    await step(site, use)
    (held,) = await orders(site, "hold")
    (config,) = await orders(site, "config", "d/s2")
    for old, new in ((first, held), (own, config)):
        assert (new.id != old.id, new.seq > old.seq, new.expires_at) == (True, True, old.expires_at)
        assert signer(new.envelope) == "bao-nhai#2"
    async with site.database.reading() as session:
        assert (await read_order(session, held)).body == hold
        assert (await read_order(session, config)).body == Config(Hours((), 420), volume_max=70)
    assert signer(bulletin_of_today.envelope) == "bao-nhai#1"


async def test_a_device_set_by_itself_stays_so_when_its_config_is_said_again(site: SmallSite) -> None:
    configurer, base = Configurer(site.keys, site.clock), Config(Hours(((300, 1260),), 420), volume_max=90)
    async with site.database.writing() as session:
        await configs.save_device_config(session, DeviceConfig(device_id="s2", volume_max=40))
        await configurer.tell(session, AUTHORITY, base)
    site.clock.forward(seconds=10)
    await step(site, announce)
    await step(site, use)
    (general,), (alone,) = await orders(site, "config"), await orders(site, "config", "d/s2")
    assert (signer(general.envelope), signer(alone.envelope)) == ("bao-nhai#2", "bao-nhai#2")
    async with site.database.reading() as session:
        issued_ms = [(await read_order(session, entry)).issued_ms for entry in (general, alone)]
        assert issued_ms[1] > issued_ms[0], "of two configs the later holds"
        assert not await configurer.is_due(session, AUTHORITY, base)


async def test_the_old_key_is_retired_when_nothing_it_signed_is_to_be_obeyed_any_more(site: SmallSite) -> None:
    with pytest.raises(Refused, match=r"devices\.key_none_old"):
        await step(site, retire)
    entry = await play(site)
    await step(site, announce)
    await step(site, use)
    with pytest.raises(Refused, match=r"devices\.key_bound") as refusal:
        await step(site, retire)
    assert refusal.value.params["count"] == 1
    assert refusal.value.params["until"] == f"{entry.expires_at:%Y-%m-%d %H:%M} UTC"
    site.clock.forward(hours=2)
    (old,) = await step(site, retire)
    told = await body(site, (await orders(site, "keys"))[-1])
    assert ([e.epoch for e in told.keys], [e.epoch for e in told.old]) == ([2], [1])
    assert (await states(site))[0] == (1, KeyState.RETIRED)
    assert (await row(site, AuthorityKey, (AUTHORITY, 1))).retired_seq == old.retired_seq == 3


async def test_the_chain_of_keys_stays_in_the_log_and_only_what_lies_between_is_gone(site: SmallSite) -> None:
    await play(site)
    await step(site, announce)
    await play(site)
    await step(site, use)
    await play(site)
    site.clock.forward(days=3)
    await step(site, retire)
    await step(site, announce)
    site.clock.forward(days=400)
    async with site.database.reading() as session:
        logs = await log_rows.logs(session, [AUTHORITY])
        stands = await standings(session, logs, site.clock())
    assert [entry.seq for entry in await orders(site, "keys")] == [2, 5, 6]
    assert stands[AUTHORITY] == (2, ((3, 4),))


async def test_a_device_enrolled_later_is_told_of_the_retired_key_so_that_no_gap_is_left(
    site: SmallSite,
) -> None:
    await step(site, announce)
    await step(site, use)
    await step(site, retire)
    async with site.database.writing() as session:
        enrolled = await enrol(
            session, keys=site.keys, clock=site.clock, device_id="s2", commune_id=AUTHORITY, cluster_ids=["s2"]
        )
        text = (await device_files(session, [enrolled], SOUND))["s2"]
    assert 'kid = "bao-nhai#2"' in text
    assert "retired = true\nbelow = 2" in text


async def test_keys_near_their_end_are_named_and_unknown_authorities_refused(site: SmallSite) -> None:
    async with site.database.reading() as session:
        assert not [v for v in await key_views(session, site.keys, site.clock()) if v.expires_soon]
        late = await key_views(session, site.keys, site.clock() + timedelta(days=671))
    assert [v.kid for v in late if v.expires_soon] == ["bao-nhai#1", "lao-cai#1", "vn#1"]
    async with site.database.writing() as session:
        with pytest.raises(NotFound, match=r"devices\.authority_unknown"):
            await announce(session, site.keys, site.clock, "v1")

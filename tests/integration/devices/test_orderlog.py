import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from base.errors import Conflict, LoaError, NotFound, Refused
from base.ids import new_id
from base.times import to_ms
from devices.models import OrderEntry, OrderLog
from devices.orderlog import append, appended, read_order
from devices.service import DeviceService
from devices.wire import trust
from devices.wire.audience import Audience
from devices.wire.config import Config, Hours
from devices.wire.orders import Body, Cancel
from devices.wire.trust import open_order
from tests.support.speakers import NOON, SmallSite, bulletin


async def order(
    site: SmallSite,
    kind: str = "play",
    occurrence: str | None = None,
    log: str = "bao-nhai",
    body: Body | None = None,
    **more: Any,
) -> OrderEntry:
    occurrence = occurrence or new_id()
    async with site.database.writing() as session:
        return await append(
            session,
            keys=site.keys,
            clock=site.clock,
            log=log,
            body=body or bulletin(occurrence),
            audience=Audience(),
            expires_at=site.clock() + timedelta(hours=1),
            kind=kind,
            occurrence_id=occurrence,
            **more,
        )


async def test_orders_are_numbered_chained_and_verified_by_any_speaker(site: SmallSite) -> None:
    entries = [await order(site) for _ in range(3)]
    opened = [open_order(e.envelope, site.publics.get, lambda _: None).order for e in entries]
    assert [each.seq for each in opened] == [1, 2, 3]
    assert [each.prev for each in opened] == [bytes(32), *(trust.digest(e.envelope) for e in entries[:2])]
    async with site.database.reading() as session:
        log = await session.get(OrderLog, "bao-nhai")
    assert (log.head, log.tip) == (3, trust.digest(entries[2].envelope))


async def test_what_is_in_the_log_reads_back_as_it_was_signed(site: SmallSite) -> None:
    entry = await order(site)
    async with site.database.reading() as session:
        stored = await session.get(OrderEntry, entry.id)
        assert (await read_order(session, stored)).body == bulletin(entry.occurrence_id)


async def test_the_same_occurrence_is_ordered_once_of_each_kind(site: SmallSite) -> None:
    first = await order(site)
    with pytest.raises(Conflict, match=r"devices\.already_ordered"):
        await order(site, occurrence=first.occurrence_id)
    cancel = await order(site, kind="cancel", occurrence=first.occurrence_id, body=Cancel((first.occurrence_id,)))
    assert cancel.seq == 2


async def test_a_refused_order_leaves_the_caller_free_to_go_on_in_the_same_transaction(site: SmallSite) -> None:
    first = await order(site)
    common: dict[str, Any] = {
        "keys": site.keys,
        "clock": site.clock,
        "log": "bao-nhai",
        "audience": Audience(),
        "kind": "play",
    }
    expires_at = site.clock() + timedelta(hours=1)
    async with site.database.writing() as session:
        again = bulletin(first.occurrence_id)
        with pytest.raises(Conflict):
            await append(session, body=again, expires_at=expires_at, occurrence_id=first.occurrence_id, **common)
        second = await append(session, body=bulletin(), expires_at=expires_at, occurrence_id=new_id(), **common)
    assert second.seq == 2


async def test_orders_written_at_once_get_numbers_of_their_own(site: SmallSite) -> None:
    entries = await asyncio.gather(*(order(site) for _ in range(20)))
    assert sorted(entry.seq for entry in entries) == list(range(1, 21))


async def test_of_many_orders_for_one_occurrence_at_once_exactly_one_is_written(site: SmallSite) -> None:
    occurrence = new_id()
    done = await asyncio.gather(*(order(site, occurrence=occurrence) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(each, OrderEntry) for each in done) == 1
    assert {each.code for each in done if isinstance(each, LoaError)} == {"devices.already_ordered"}
    async with site.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(OrderEntry)) == 1


async def test_an_order_rolled_back_leaves_no_trace_and_its_number_is_used_again(site: SmallSite) -> None:
    site.database.fail_next_commit = True
    with pytest.raises(OSError, match="disk"):
        await order(site)
    assert (await order(site)).seq == 1


async def test_what_is_ordered_later_says_so_although_the_clock_was_set_back(site: SmallSite) -> None:
    entries = [await order(site)]
    site.clock.forward(hours=-1)
    entries += [await order(site), await order(site)]
    site.clock.forward(hours=2)
    entries += [await order(site)]
    said = [open_order(e.envelope, site.publics.get, lambda _: None).order.issued_ms for e in entries]
    noon = to_ms(NOON)
    assert said == [noon, noon + 1, noon + 2, noon + 3_600_000]
    assert entries[1].issued_at == NOON - timedelta(hours=1)


async def test_a_devices_own_log_is_signed_by_its_commune(site: SmallSite) -> None:
    entry = await order(site, log="d/s1", kind="config", body=Config(Hours((), 420)))
    opened = open_order(entry.envelope, site.publics.get, {"s1": "bao-nhai"}.get)
    assert (opened.order.log, opened.order.seq) == ("d/s1", 1)
    with pytest.raises(NotFound, match=r"devices\.device_unknown"):
        await order(site, log="d/nobody", kind="config", body=Config(Hours((), 420)))


async def test_an_authority_without_a_key_orders_nothing(site: SmallSite) -> None:
    with pytest.raises(NotFound, match=r"devices\.authority_unknown"):
        await order(site, log="ha-noi")


async def test_what_no_speaker_would_accept_is_not_signed(site: SmallSite) -> None:
    with pytest.raises(Refused, match=r"devices\.order_refused"):
        await order(site, body=Cancel(()))
    async with site.database.writing() as session:
        with pytest.raises(Refused, match=r"devices\.order_expired"):
            await append(
                session,
                keys=site.keys,
                clock=site.clock,
                log="bao-nhai",
                body=bulletin(),
                audience=Audience(),
                expires_at=site.clock(),
                kind="play",
                occurrence_id=new_id(),
            )
        with pytest.raises(Refused, match=r"devices\.order_too_large"):
            await append(
                session,
                keys=site.keys,
                clock=site.clock,
                log="bao-nhai",
                body=bulletin(),
                audience=Audience(clusters=tuple(f"cluster-with-a-long-name-{n:020d}" for n in range(999))),
                expires_at=site.clock() + timedelta(hours=1),
                kind="play",
                occurrence_id=new_id(),
            )


async def test_contents_are_given_out_until_the_last_order_that_names_them_expires(site: SmallSite) -> None:
    service = DeviceService(site.keys, site.clock)
    sha = (b"\1" * 32).hex()
    async with site.database.reading() as session:
        with pytest.raises(NotFound, match=r"devices\.content_unknown"):
            await service.content(session, sha)
    await order(site)
    async with site.database.writing() as session:
        await append(
            session,
            keys=site.keys,
            clock=site.clock,
            log="bao-nhai",
            body=bulletin(),
            audience=Audience(),
            expires_at=site.clock() + timedelta(minutes=5),
            kind="play",
            occurrence_id=new_id(),
        )
    site.clock.forward(minutes=59)
    async with site.database.reading() as session:
        assert (await service.content(session, sha)).size == 1000
        site.clock.forward(minutes=1)
        with pytest.raises(NotFound):
            await service.content(session, sha)


async def test_what_a_savepoint_took_back_does_not_count_as_appended(site: SmallSite) -> None:
    """A sender may publish what is appended without looking it up: it must be sure to be in the log."""
    service = DeviceService(site.keys, site.clock)
    lasts = site.clock() + timedelta(hours=1)
    async with site.database.writing() as session:
        assert appended(session) == []
        savepoint = await session.begin_nested()
        await service.order_play(session, "bao-nhai", bulletin(), Audience(), lasts)
        await savepoint.rollback()
        sure = await service.order_play(session, "bao-nhai", bulletin(), Audience(), lasts)
        assert appended(session) == [sure]
    async with site.database.reading() as session:
        assert (await session.scalars(select(OrderEntry.id))).all() == [sure.id]

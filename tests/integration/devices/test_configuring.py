"""Config orders are given when what devices were told differs from what they are to do, and only then."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from base.errors import Refused
from devices.configuring import RENEW, STANDS, Configurer, check, config_of
from devices.models import DeviceConfig
from devices.orderlog import read_order
from devices.repository import configs as rows
from devices.wire.config import Config, Hours
from devices.wire.orders import Order
from tests.support.speakers import SmallSite

BASE = Config(Hours(((300, 1260),), 420), volume_max=90, content=("http://c/content",), exchange=("http://c/exchange",))


@pytest.fixture
def configurer(site: SmallSite) -> Configurer:
    return Configurer(site.keys, site.clock)


async def tell(site: SmallSite, configurer: Configurer, base: Config = BASE) -> list[Order]:
    async with site.database.reading() as session:
        due = await configurer.is_due(session, "bao-nhai", base)
    async with site.database.writing() as session:
        entries = await configurer.tell(session, "bao-nhai", base)
        found = [await read_order(session, entry) for entry in entries]
    assert due is bool(found)
    return found


async def own(site: SmallSite, **said: Any) -> None:
    async with site.database.writing() as session:
        await rows.save_device_config(session, DeviceConfig(device_id="s2", **said))


async def test_a_commune_is_told_once_and_again_only_when_something_differs(
    site: SmallSite, configurer: Configurer
) -> None:
    (first,) = await tell(site, configurer)
    assert (first.log, first.body) == ("bao-nhai", BASE)
    assert await tell(site, configurer) == []
    assert await tell(site, Configurer(site.keys, site.clock)) == []
    louder = replace(BASE, volume_max=100)
    (second,) = await tell(site, configurer, louder)
    assert second.body == louder
    site.clock.forward(seconds=1)
    async with site.database.reading() as session:
        (left,) = await rows.told(session, ["bao-nhai"], site.clock())
    assert left.id == second.id, "what was replaced is nobody's gap"


async def test_it_is_told_again_long_before_it_ends(site: SmallSite, configurer: Configurer) -> None:
    await tell(site, configurer)
    site.clock.now += STANDS - RENEW - timedelta(days=1)
    assert await tell(site, configurer) == []
    site.clock.forward(days=2)
    assert [order.body for order in await tell(site, configurer)] == [BASE]


async def test_a_device_set_by_itself_is_told_in_its_own_log_and_last(site: SmallSite, configurer: Configurer) -> None:
    await tell(site, configurer)
    await own(site, volume_max=60, heartbeat_s=60, online=[[330, 345]], low_pct=40, critical_pct=20)
    wanted = replace(BASE, volume_max=60, heartbeat_s=60, online=((330, 345),), saver_pct=(40, 20))
    (alone,) = await tell(site, configurer)
    assert (alone.log, alone.body) == ("d/s2", wanted)
    general, again = await tell(site, configurer, replace(BASE, volume_max=80))
    assert (general.log, again.log, again.body) == ("bao-nhai", "d/s2", replace(wanted, volume_max=60))
    assert again.issued_ms > general.issued_ms, "of two configs the later holds"
    assert await tell(site, configurer, replace(BASE, volume_max=80)) == []


async def test_what_was_set_for_one_is_taken_back_by_a_config_like_the_communes(
    site: SmallSite, configurer: Configurer
) -> None:
    await tell(site, configurer)
    await own(site, volume_max=60)
    await tell(site, configurer)
    await own(site)
    (back,) = await tell(site, configurer)
    assert (back.log, back.body) == ("d/s2", BASE)
    site.clock.forward(seconds=1)
    (general,) = await tell(site, configurer, replace(BASE, volume_max=70))
    assert general.log == "bao-nhai", "it follows its commune again"


async def test_one_limit_never_raises_the_communes(site: SmallSite) -> None:
    assert config_of(BASE, DeviceConfig(device_id="s2", volume_max=100)).volume_max == 90
    assert config_of(BASE, None) is BASE


@pytest.mark.parametrize(
    "said",
    [
        {"volume_max": 101},
        {"heartbeat_s": 4},
        {"low_pct": 10, "critical_pct": 20},
        {"low_pct": 10},
        {"online": [[5, 5]]},
        {"online": [[0, 1441]]},
    ],
)
def test_what_no_order_can_say_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"devices\.config_wrong"):
        check(DeviceConfig(device_id="s2", **said))


async def test_a_place_without_devices_is_told_nothing(site: SmallSite, configurer: Configurer) -> None:
    async with site.database.reading() as session:
        assert not await configurer.is_due(session, "lao-cai", BASE)

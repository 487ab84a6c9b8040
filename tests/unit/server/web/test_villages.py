from datetime import UTC, datetime
from types import SimpleNamespace

from devices.models import ClusterKind, Delivery, DeliveryState
from devices.views import DeliveryView
from server.web.villages import by_village

S = DeliveryState
PAGE = SimpleNamespace(ngettext=lambda one, many, num: (one if num == 1 else many) % {"num": num})


def view(village: str, state: S, kind: ClusterKind = ClusterKind.SMART) -> DeliveryView:
    row = Delivery(
        occurrence_id="o",
        cluster_id=f"{village}-{kind}-{state}",
        commune_id="c",
        order_id="x",
        state=state,
        ordered_at=datetime(2026, 11, 21, tzinfo=UTC),
    )
    return DeliveryView(row, "cụm", village, village.upper(), kind)


def test_a_village_is_as_far_as_its_best_cluster_and_says_who_is_behind():
    (village,) = by_village(PAGE, [view("a", S.STORED), view("a", S.PLAYING)])

    assert village.sign.symbol == "▶"
    assert village.more == "1 cluster not yet"


def test_a_wireless_cluster_that_was_transmitted_to_is_not_behind_one_that_played():
    (village,) = by_village(PAGE, [view("a", S.PLAYED), view("a", S.TRANSMITTED, ClusterKind.WIRELESS)])

    assert (village.sign.symbol, village.more) == ("✓", "")


def test_a_village_with_only_a_wireless_cluster_is_never_shown_as_played():
    (village,) = by_village(PAGE, [view("a", S.PLAYING, ClusterKind.WIRELESS)])

    assert village.sign.symbol == "◐"


def test_villages_that_missed_it_or_still_wait_come_first():
    found = by_village(PAGE, [view("a", S.PLAYED), view("b", S.ORDERED), view("c", S.MISSED)])

    assert [village.name for village in found] == ["C", "B", "A"]

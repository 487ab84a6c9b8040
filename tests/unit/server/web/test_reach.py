from hypothesis import given
from hypothesis import strategies as st

from devices.models import DeliveryState
from devices.views import DeliveryCounts
from server.web.reach import reach_of

S = DeliveryState
COUNTS = st.dictionaries(st.sampled_from(list(S)), st.integers(0, 500))


def test_a_wireless_cluster_is_never_shown_as_playing_or_played():
    reach = reach_of(DeliveryCounts(smart={S.PLAYED: 38}, wireless={S.PLAYING: 10, S.PLAYED: 9}))

    assert [(part.sign.symbol, part.count) for part in reach.parts] == [("✓", 38), ("◐", 9), ("◐", 10)]
    assert "played" not in {part.sign.word for part in reach.parts if part.sign.symbol == "◐"}


def test_the_same_news_of_both_kinds_is_one_part():
    reach = reach_of(DeliveryCounts(smart={S.MISSED: 2}, wireless={S.MISSED: 3}))

    assert [(part.state, part.count) for part in reach.parts] == [(S.MISSED, 5)]
    assert reach.failed == 5


def test_nothing_ordered_is_not_settled():
    assert not reach_of(None).settled
    assert not reach_of(DeliveryCounts()).settled


@given(COUNTS, COUNTS)
def test_the_parts_fill_the_bar_and_count_everybody_once(smart: dict[S, int], wireless: dict[S, int]):
    counts = DeliveryCounts(smart=smart, wireless=wireless)
    reach = reach_of(counts)

    assert sum(part.count for part in reach.parts) == counts.total == reach.total
    if reach.total:
        assert abs(sum(part.width for part in reach.parts) - 100) < 0.1
        assert reach.parts[0].left == 0


@given(COUNTS)
def test_it_is_settled_only_when_nothing_is_awaited(smart: dict[S, int]):
    waiting = {S.ORDERED, S.HAS_ORDER, S.STORED, S.PLAYING, S.PAUSED}
    reach = reach_of(DeliveryCounts(smart=smart))

    assert reach.settled == (reach.total > 0 and not any(smart.get(state) for state in waiting))

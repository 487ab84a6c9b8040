"""Where two airings meet, every choice offered does what it says, by the rules the speakers follow."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.wire.orders import AfterPreemption, Level, Repeat
from devices.wire.reports import ReceiptState
from schedules.allowances import Allowance, Kind, Limit
from schedules.conflicts import Slot
from schedules.decisions import Choice
from schedules.outcomes import Contender
from schedules.policy import Rules
from schedules.resolving import Option, options
from schedules.violations import check
from tests.unit.schedules.contenders import contender
from tests.unit.schedules.day import VIETNAM, local, slot

HOURS = Allowance(Rules.of(VIETNAM, [["05:00", "07:00"], ["16:30", "19:00"]], "Decision 12"))
NOW = local("00:00")
MINUTE = timedelta(minutes=1)


def offered(one: Contender, other: Contender, others: tuple[Slot, ...] = (), now: str = "00:00") -> list[Option]:
    return list(options(one, other, others, HOURS, local(now)))


def of(choice: Choice, found: list[Option]) -> list[Option]:
    return [option for option in found if option.choice is choice]


def shown(found: list[Option]) -> list[tuple[str, str]]:
    return [(option.yields, f"{option.start.astimezone(VIETNAM):%H:%M}") for option in found]


NEWS, TALK = contender("news", "17:00", 10), contender("talk", "17:05", 20)


def test_either_may_move_to_the_nearest_free_time_before_or_after() -> None:
    found = of(Choice.MOVE, offered(NEWS, TALK))
    assert shown(found) == [("news", "16:55"), ("news", "17:25"), ("talk", "16:40"), ("talk", "17:10")]


def test_nobody_moves_onto_a_third_airing_into_the_past_or_out_of_the_hours() -> None:
    third = slot("third", "17:12", 3, clusters="b")
    found = of(Choice.MOVE, offered(NEWS, TALK, (third,), now="16:50"))
    assert shown(found) == [("news", "16:55"), ("news", "17:25"), ("talk", "17:15")]


def test_a_third_airing_on_the_same_transmitter_is_in_the_way_too() -> None:
    through = frozenset({"gateway"})
    talk = replace(TALK, slot=replace(TALK.slot, transmitters=through))
    third = slot("third", "17:10", 30, clusters="z", transmitters=through)
    assert ("talk", "17:40") in shown(of(Choice.MOVE, offered(NEWS, talk, (third,))))
    assert ("talk", "17:10") in shown(of(Choice.MOVE, offered(NEWS, TALK, (third,))))


def test_what_begins_at_its_time_or_not_at_all_is_not_moved() -> None:
    relay = replace(TALK, fixed=True)
    assert {option.yields for option in offered(NEWS, relay)} == {"news"}


def test_a_session_is_shortened_by_whole_items_and_a_loop_by_whole_repetitions() -> None:
    session = contender("session", "17:00", 10, items=(2, 2.5, 3, 2.5))
    [cut] = of(Choice.SHORTEN, offered(session, TALK))
    assert (cut.yields, cut.items, cut.lasts) == ("session", 2, 4.5 * MINUTE)
    loop = contender("loop", "17:00", 2, repeat=Repeat(4, 60_000))
    [cut] = of(Choice.SHORTEN, offered(loop, TALK))
    assert (cut.yields, cut.loops, cut.lasts) == ("loop", 2, 5 * MINUTE)


def test_what_is_of_one_piece_or_leaves_no_room_is_not_shortened() -> None:
    assert of(Choice.SHORTEN, offered(NEWS, TALK)) == []
    long = contender("session", "17:00", 10, items=(6, 4))
    assert of(Choice.SHORTEN, offered(long, TALK)) == []
    loop = contender("loop", "17:00", 6, repeat=Repeat(4))
    assert of(Choice.SHORTEN, offered(loop, TALK)) == []


def test_of_two_classes_the_lower_gives_way_and_each_fate_says_what_is_heard() -> None:
    urgent = contender("urgent", "17:04", 5, play_class=2)
    found = of(Choice.HIGHER_WINS, offered(NEWS, urgent))
    assert {option.yields for option in found} == {"news"}
    assert [option.fate for option in found] == [AfterPreemption.RESUME, AfterPreemption.RESTART, AfterPreemption.DROP]
    heard = [option.outcome for option in found if option.outcome is not None]
    assert [outcome.heard_ms // 60_000 for outcome in heard] == [10, 14, 4]
    assert [outcome.whole for outcome in heard] == [True, True, False]
    assert heard[0].stretches == ((local("17:00"), local("17:04")), (local("17:09"), local("17:15")))
    assert (heard[2].state, heard[2].reason) == (ReceiptState.PREEMPTED, "dropped")


def test_the_rest_that_would_lie_after_the_hours_is_not_promised() -> None:
    late, urgent = contender("late", "18:45", 10), contender("urgent", "18:50", 8, play_class=2)
    resumed = of(Choice.HIGHER_WINS, offered(late, urgent))[0]
    assert resumed.outcome is not None
    assert (resumed.outcome.state, resumed.outcome.reason) == (ReceiptState.INTERRUPTED, "outside_hours")
    assert resumed.outcome.heard_ms == 7 * 60_000


def test_a_lower_one_that_comes_later_waits_no_longer_than_it_may() -> None:
    urgent = contender("urgent", "17:00", 5, play_class=2)
    [option] = of(Choice.HIGHER_WINS, offered(urgent, contender("news", "17:02", 10)))
    assert option.outcome is not None
    assert (option.outcome.state, option.outcome.reason, option.outcome.heard_ms) == (ReceiptState.MISSED, "busy", 0)
    [queued] = of(Choice.QUEUE_AFTER, offered(urgent, contender("news", "17:02", 10)))
    assert (queued.yields, queued.start) == ("news", local("17:05"))


def test_the_later_of_equals_waits_for_the_earlier_at_the_speaker() -> None:
    [queued] = of(Choice.QUEUE_AFTER, offered(NEWS, TALK))
    assert (queued.yields, queued.start, queued.turn) == ("talk", local("17:10"), 1)
    assert queued.late is not None
    assert queued.late > 5 * MINUTE
    assert queued.outcome is not None
    assert queued.outcome.whole


def test_of_two_that_begin_together_either_may_wait() -> None:
    both = offered(contender("a", "17:00", 10, play_class=2), contender("b", "17:00", 20, play_class=2))
    assert shown(of(Choice.QUEUE_AFTER, both)) == [("b", "17:10"), ("a", "17:20")]


def test_who_would_go_first_at_the_speaker_by_its_level_waits_by_a_later_beginning() -> None:
    commune = contender("commune", "17:00", 10, play_class=2)
    province = contender("province", "17:00", 7.5, play_class=2, level=Level.PROVINCE)
    found = {option.yields: option for option in of(Choice.QUEUE_AFTER, offered(commune, province))}
    assert (found["province"].start, found["province"].late) == (local("17:10"), None)
    assert found["commune"].start == local("17:07:30")
    assert found["commune"].late is not None


def test_a_higher_one_does_not_wait_nor_does_anybody_for_what_never_ends() -> None:
    urgent = contender("urgent", "17:04", 5, play_class=2)
    assert of(Choice.QUEUE_AFTER, offered(NEWS, urgent)) == []
    music = contender("music", "17:00", 10, repeat=Repeat(0))
    assert of(Choice.QUEUE_AFTER, offered(music, TALK)) == []


def test_a_queue_that_would_run_into_a_third_or_out_of_the_hours_is_not_offered() -> None:
    third = slot("third", "17:25", 10)
    assert of(Choice.QUEUE_AFTER, offered(NEWS, TALK, (third,))) == []
    late = contender("late", "18:45", 10), contender("later", "18:50", 8)
    assert of(Choice.QUEUE_AFTER, offered(*late)) == []


ANY = st.tuples(st.integers(0, 110), st.integers(1, 30), st.integers(0, 2), st.sampled_from([1, 1, 2]))


@settings(max_examples=60)
@given(ANY, ANY, st.lists(st.tuples(st.integers(0, 150), st.integers(1, 20)), max_size=4))
def test_no_option_breaks_the_policy_or_meets_anything(
    one: tuple[int, int, int, int], other: tuple[int, int, int, int], beside: list[tuple[int, int]]
) -> None:
    def at(minute: int) -> str:
        return f"{17 + minute // 60:02}:{minute % 60:02}"

    made = [
        contender(name, at(start % 110), length, play_class=of_class, repeat=Repeat(loops))
        for name, (start, length, of_class, loops) in (("one", one), ("other", other))
    ]
    allowance = replace(HOURS, limits=(Limit(Kind.BLOCKS, 3, "Three blocks", "Decision 12"),))
    others = [slot(f"beside {n}", at(start), length) for n, (start, length) in enumerate(beside)]
    if check(others, allowance):
        return
    for option in options(made[0], made[1], others, allowance, NOW):
        yields = next(each.slot for each in made if each.occurrence == option.yields)
        stays = next(each.slot for each in made if each.occurrence != option.yields)
        now = replace(yields, start=option.start, end=option.start + option.lasts)
        if option.choice in {Choice.MOVE, Choice.SHORTEN, Choice.QUEUE_AFTER}:
            assert not now.meets(stays)
        if option.choice in {Choice.MOVE, Choice.QUEUE_AFTER}:
            assert not any(now.meets(third) for third in others)
            refused = [
                v for v in check([*others, stays, now], allowance, {now.occurrence}) if v.occurrence == now.occurrence
            ]
            assert refused == []

"""A year of a commune's programme on the pure cores: what its operators do, and what must hold at the end of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from base.errors import LoaError
from devices.wire.audience import Audience
from schedules.aligning import planning_now
from schedules.copying import copy, name_of
from schedules.edits import Change, Scope, edit
from schedules.pauses import Occasion, Pause, Silence, placed, silent
from schedules.plans import Plan, airings
from schedules.recurrence import Rule
from schedules.recurrence.times import span
from schedules.undoing import Done, undo
from schedules.violations import check
from tests.unit.schedules.day import VIETNAM, local
from tests.unit.schedules.year.ground import AUDIENCES, FIRST, LISTENERS, POLICY, a_time, plans, slot_of
from tests.unit.schedules.year.office import HORIZON, Office
from tests.unit.schedules.year.speakers import Speakers

BEGIN = local("00:00", FIRST) + timedelta(seconds=30)
A_DAY = timedelta(days=1)
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Known:
    """A pause, and from when to when it stood in the books."""

    pause: Pause
    since: datetime
    until: datetime = FOREVER


@dataclass
class Life:
    """One commune from its first day on; the same seed lives the same life."""

    seed: int
    now: datetime = BEGIN
    true: datetime = BEGIN
    """What the speakers' clocks show; ours is stepped now and then, `now` is what is planned by."""
    plans: dict[str, Plan] = field(default_factory=plans)
    pauses: list[Known] = field(default_factory=list)
    last: Done | None = None
    did: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.speakers = Speakers()
        self.office = Office(self.speakers)
        self.names = 0
        self.off_by = timedelta()

    def live(self, days: int) -> None:
        """Ticks at random moments, and between them whatever people do."""
        acts: tuple[Callable[[], None], ...] = (self._edit, self._edit, self._edit, self._copy, self._pause,
                                                self._unpause, self._undo, self._restart, self._step)  # fmt: skip
        self.office.tick(self.plans, self._silences(), self.now)
        while self.true < BEGIN + days * A_DAY:
            # Whole hours and half a minute: nothing happens at the very moment something begins.
            self.true += timedelta(hours=self.rng.randint(1, 60))
            self.speakers.pass_until(self.true)
            self.now = planning_now(self.true + self.off_by, self.now, self.speakers.last)
            self.rng.choice(acts)()
            self.office.tick(self.plans, self._silences(), self.now)
        self.speakers.pass_until(self.now)

    def _silences(self, at: datetime | None = None) -> tuple[Silence, ...]:
        moment = at or self.now
        return placed([each.pause for each in self.pauses if each.since <= moment < each.until], LISTENERS)

    def _new_id(self) -> str:
        self.names += 1
        return f"plan {self.names}"

    def _edit(self) -> None:
        ahead = airings(self.plans.values(), self.now - A_DAY, self.now + HORIZON)
        if not ahead:
            return
        airing = self.rng.choice(ahead)
        scope = self.rng.choice((Scope.THIS, Scope.THIS, Scope.FOLLOWING, Scope.ALL))
        plan = self.plans[airing.plan]
        try:
            edited = edit(plan, airing.original, scope, self._change(scope), now=self.now, new_id=self._new_id())
        except LoaError as error:
            self.did[f"refused {error.code}"] += 1
            return
        self._put(Done((plan,), edited.plans, "operator", self.now), scope.value)

    def _change(self, scope: Scope) -> Change:
        rng = self.rng
        kind = rng.random()
        if kind < 0.4:
            shift = timedelta(days=rng.randint(-3, 6)) if scope is Scope.THIS and rng.random() < 0.5 else None
            return Change(time=a_time(rng), day=None if shift is None else self.now.astimezone(VIETNAM).date() + shift)
        if kind < 0.55:
            return Change(announcement=rng.choice(("bulletin", "talk", "notice")))
        if kind < 0.75:
            return Change(audience=rng.choice(AUDIENCES), volume=rng.choice((30, 60, 90)))
        if kind < 0.85 and scope is not Scope.THIS:
            day = self.now.astimezone(VIETNAM).date()
            return Change(rule=Rule("FREQ=WEEKLY;BYDAY=MO,SA", day, None, (a_time(rng),), VIETNAM))
        return Change(cancel=True) if scope is Scope.THIS or rng.random() < 0.2 else Change(volume=50)

    def _put(self, done: Done, what: str) -> None:
        gone = {plan.id for plan in done.before}
        wanted = {name: plan for name, plan in self.plans.items() if name not in gone}
        wanted |= {plan.id: plan for plan in done.after}
        if not self.office.permits(wanted, {plan.id for plan in done.after}, self.now):
            self.did["refused by policy"] += 1
            return
        self.plans, self.last = wanted, done
        self.did[what] += 1

    def _copy(self) -> None:
        days, by_days = self.rng.choice(((1, 1), (1, 3), (7, 7)))
        today = self.now.astimezone(VIETNAM).date() - timedelta(days=self.rng.randint(0, 2))
        source = airings(self.plans.values(), *span(today, days, VIETNAM))
        standing = airings(self.plans.values(), *span(today + by_days * A_DAY, days, VIETNAM))
        source = self.rng.sample(source, min(3, len(source)))
        if source:
            made = copy(source, standing, by_days=by_days, zone=VIETNAM, now=self.now, new_id=self._new_id,
                        slot_of=slot_of)  # fmt: skip
            self._put(Done((), made.plans, "operator", self.now), "copy")

    def _pause(self) -> None:
        start = self.now + timedelta(hours=self.rng.randint(-2, 100))
        whom = self.rng.choice((*AUDIENCES[1:], Audience(places=("far",))))
        end = start + timedelta(hours=self.rng.randint(1, 60))
        pause = Pause(f"{len(self.pauses)}", whom, start, end, Occasion.FUNERAL, "operator")
        self._repause(lambda: self.pauses.append(Known(pause, self.now)), "pause")

    def _unpause(self) -> None:
        standing = [each for each in self.pauses if each.until == FOREVER and each.pause.end > self.now]
        if standing:
            known = self.rng.choice(standing)

            def shorten() -> None:
                known.until = self.now
                middle = self.now + (known.pause.end - self.now) / 2
                if self.rng.random() < 0.5 and middle > known.pause.start:
                    self.pauses.append(Known(replace(known.pause, end=middle), self.now))

            self._repause(shorten, "unpause")

    def _repause(self, change: Callable[[], None], what: str) -> None:
        if self.now != self.true:
            return
        before = self._silences()
        change()
        self.office.paused(before, self._silences(), self.now)
        self.did[what] += 1

    def _undo(self) -> None:
        if self.last is None:
            return
        try:
            back = undo(self.last, self.plans, self.now)
        except LoaError as error:
            self.did[f"refused {error.code}"] += 1
            return
        after = tuple(self.plans[name] for name in back.remove)
        self._put(Done((*self.last.after, *after), back.put, "operator", self.now), "undo")

    def _step(self) -> None:
        """The server's clock jumps by an hour, or is set right."""
        self.off_by = timedelta(hours=self.rng.choice((-1, 0, 1)))
        self.did["clock step"] += 1

    def _restart(self) -> None:
        """A server that begins anew has its rows and nothing else."""
        again = Office(self.speakers, self.office.rows)
        again._numbers = self.office._numbers
        self.office = again
        self.did["restart"] += 1

    def wrong(self) -> list[str]:
        """Everything that did not hold, in words; computed anew from the plans as they are in the end."""
        past = {name_of(each): each for each in airings(self.plans.values(), BEGIN, self.now)}
        names = {row.occurrence: name for name, row in self.office.standing().items()}
        off = self.office.unfit()
        slots = {name: slot_of(each) for name, each in past.items() if name not in off}
        wanted = Counter(
            (cluster, name, slot.start)
            for name, slot in slots.items()
            for cluster in slot.clusters - silent(slot, self._silences(slot.start))
        )
        heard = Counter((cluster, names.get(number, "?"), start) for cluster, number, start in self.speakers.heard)
        found = [f"not heard: {line}" for line in wanted - heard] + [
            f"heard too often: {line}" for line in heard - wanted
        ]
        found += [f"against the rules: {each}" for each in check(slots.values(), POLICY)]
        outside = (
            name for name, slot in slots.items() if not POLICY.at(slot.start).hours.permitted(slot.start, slot.end)
        )
        return found + [f"outside the hours: {name}" for name in outside]

"""People at the console: random requests through the real services, each repeated with its key until it is answered."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from base.errors import LoaError
from base.ids import new_id
from base.times import Clock
from devices import rotation
from devices.places import PlaceTree
from devices.wire.audience import Audience
from devices.wire.orders import AfterPreemption, PlayClass, Status
from schedules.models import Occurrence, OccurrenceState
from schedules.recurrence import Rule
from server.acts import Act
from server.auth.who import Who
from server.idempotency import Answer, once
from server.runtime import Runtime
from simulation import town
from simulation.diary import Diary
from simulation.process import Process
from simulation.template import Template
from simulation.truth import Truth
from simulation.virtual_loop import VirtualLoop

TRIES = 8
PATIENCE_S = 15.0
ANSWERS_LOST = 0.1
ZONE = ZoneInfo(town.ZONE)

Work = Callable[[Act], Awaitable[Answer]]


@dataclass(slots=True)
class Operators:
    """Everything is chosen by the seed."""

    loop: VirtualLoop
    source: random.Random
    process: Process
    template: Template
    truth: Truth
    diary: Diary
    clock: Clock
    days: int

    def ask(self, what: str, work: Work) -> "asyncio.Task[Answer | None]":
        """Ask until an answer comes; a refusal is one."""
        return self.loop.create_task(self._ask(what, work, f"key-{new_id()}"))

    # --- requests

    def broadcast(self) -> None:
        announcement = self._announcement((PlayClass.BACKGROUND, PlayClass.NORMAL, PlayClass.PRIORITY))
        audience, preempted = self._audience(), self._preempted()

        async def work(act: Act) -> Answer:
            made = await act.runtime.programme.broadcast_now(
                act.session, announcement_id=announcement, audience=audience, preempted=preempted, user_id=act.who.id
            )
            await act.done("broadcast_now", f"occurrence/{made.id}", made.place_id)
            return {"occurrence": made.id}

        self.truth.asked["broadcast"] += 1
        self.ask("broadcasts", work)
        if self.source.random() < 0.3:
            # Second thoughts, before everybody has heard of it.
            self.loop.call_later(self.source.uniform(1, 20), self.cancel)

    def schedule(self) -> None:
        announcement = self._announcement((PlayClass.BACKGROUND, PlayClass.NORMAL, PlayClass.PRIORITY))
        audience, preempted = self._audience(), self._preempted()
        times = sorted({self._time_of_day() for _ in range(self.source.choice((1, 2)))})
        today = self.clock().astimezone(ZONE).date()

        async def work(act: Act) -> Answer:
            made = await act.runtime.programme.create_schedule(
                act.session,
                announcement_id=announcement,
                rule=Rule("FREQ=DAILY", today, today + timedelta(days=self.days), tuple(times), ZONE),
                audience=audience,
                preempted=preempted,
                user_id=act.who.id,
            )
            await act.done("create_schedule", f"schedule/{made.id}", made.place_id)
            return {"schedule": made.id}

        self.ask("schedules", work)

    def cancel(self) -> None:
        """Call off an airing that is near, or sounds."""

        async def work(act: Act) -> Answer:
            found = [row for row in await self._near(act) if row.emergency_id is None]
            if not found:
                return {}
            chosen = found[self.source.randrange(len(found))]
            await act.runtime.programme.cancel_occurrence(act.session, chosen.id, act.who.id)
            await act.done("cancel_occurrence", f"occurrence/{chosen.id}", chosen.place_id)
            return {}

        self.ask("cancels", work)

    def end_schedules(self) -> None:
        """Call off everything that is still planned."""

        async def work(act: Act) -> Answer:
            for schedule in await act.runtime.programme.schedules(act.session, town.COMMUNE):
                await act.runtime.programme.end_schedule(act.session, schedule.id, act.who.id)
            await act.done("end_schedule", f"place/{town.COMMUNE}", town.COMMUNE)
            return {}

        self.ask("ends schedules", work)

    def stop_all(self) -> None:
        up_to = self.source.choice((PlayClass.NORMAL, PlayClass.PRIORITY, PlayClass.EMERGENCY))

        async def work(act: Act) -> Answer:
            await act.runtime.programme.stop_all(act.session, town.COMMUNE, act.who.id, up_to)
            await act.done("stop_all", f"place/{town.COMMUNE}", town.COMMUNE)
            return {}

        self.ask(f"stops up to {up_to.name}", work)

    def alarm(self) -> None:
        """An emergency or a drill, and its end some time later."""
        place = self.source.choice((town.COMMUNE, town.COMMUNE, town.PROVINCE))
        template = self.source.choice(self.template.alarms[place])
        audience = self._audience() if place == town.COMMUNE else Audience()
        status = self.source.choice((Status.ACTUAL, Status.ACTUAL, Status.DRILL))
        ends_after_s = self.source.choice((8, 30, 90, 200, None))
        clear = self.source.random() < 0.6

        async def work(act: Act) -> Answer:
            made = await act.runtime.emergencies.launch(
                act.session, template_id=template, audience=audience, status=status, user_id=act.who.id
            )
            await act.done("launch_emergency", f"emergency/{made.id}", made.place_id)
            return {"occurrence": made.occurrence_id, "emergency": made.id}

        self.truth.asked["emergency"] += 1

        async def whole() -> None:
            answer = await self._ask(f"launches {status.value}", work, f"key-{new_id()}")
            if answer and ends_after_s is not None:
                await asyncio.sleep(ends_after_s)
                self._end_alarm(str(answer["emergency"]), clear=clear)

        self.loop.create_task(whole())

    def end_alarms(self) -> None:
        """Clear whatever still sounds."""

        async def work(act: Act) -> Answer:
            for place in (town.COMMUNE, town.PROVINCE):
                for emergency in await act.runtime.emergencies.list(act.session, place):
                    if emergency.state.value == "sounding":
                        await act.runtime.emergencies.stop(act.session, emergency.id, act.who.id)
            await act.done("stop_emergency", f"place/{town.COMMUNE}", town.COMMUNE)
            return {}

        self.ask("stops every alarm", work)

    def _end_alarm(self, emergency: str, *, clear: bool) -> None:
        async def work(act: Act) -> Answer:
            service = act.runtime.emergencies
            end = service.all_clear if clear else service.stop
            await end(act.session, emergency, act.who.id)
            await act.done("end_emergency", f"emergency/{emergency}", town.COMMUNE)
            return {}

        self.ask("clears" if clear else "stops an alarm", work)

    def rotate_keys(self) -> None:
        """Announce an authority's next key, sign with it a while later, and in the end retire the old one."""
        authority = self.source.choice((town.COMMUNE, town.PROVINCE))
        at_s = 0.0
        for step in (rotation.announce, rotation.use, rotation.use, rotation.retire):
            self.loop.call_later(at_s, self._rotate, authority, step)
            at_s += self.source.uniform(600, 30_000)

    def _rotate(self, authority: str, step: Callable[..., Awaitable[object]]) -> None:
        async def work(act: Act) -> Answer:
            await step(act.session, act.runtime.keys, act.runtime.clock, authority)
            await act.done("rotate_keys", f"place/{authority}", authority)
            return {}

        self.ask(f"keys: {step.__name__}", work)

    # --- asking

    async def _ask(self, what: str, work: Work, key: str) -> Answer | None:
        for _ in range(TRIES):
            runtime = self.process.runtime
            if runtime is not None:
                task = self.process.spawn(self._once(runtime, what, work, key))
                await asyncio.wait([task])
                answered = not task.cancelled() and task.exception() is None
                if answered and self.source.random() < ANSWERS_LOST:
                    self.diary.faults["answer to an operator lost"] += 1
                elif answered:
                    return self._answered(what, task.result())
            await asyncio.sleep(PATIENCE_S * self.source.random())
        self.diary.note("operator", f"gives up: {what}")
        return None

    async def _once(self, runtime: Runtime, what: str, work: Work, key: str) -> Answer:
        who = Who(user=self.template.user, grants=(), places=PlaceTree.of([]), token_hash=b"")

        async def in_act(session: AsyncSession) -> Answer:
            return await work(Act(session, runtime, who))

        try:
            return await once(
                runtime.database, runtime.clock, user_id=who.id, key=key, asked=what.encode(), work=in_act
            )
        except LoaError as refusal:
            return {"refused": refusal.code}

    def _answered(self, what: str, answer: Answer) -> Answer | None:
        self.process.poke()
        if "refused" in answer:
            self.diary.note("operator", f"{what}: refused", detail=str(answer["refused"]))
            return None
        occurrence = str(answer.get("occurrence", ""))
        if occurrence:
            self.truth.accepted[occurrence] = self.loop.now_ms
        self.diary.note("operator", what, occurrence)
        return answer

    # --- choices

    async def _near(self, act: Act) -> list[Occurrence]:
        now = act.runtime.clock()
        found = await act.runtime.programme.occurrences(
            act.session, town.COMMUNE, now - timedelta(minutes=2), now + timedelta(hours=6), limit=10
        )
        return [row for row in found if row.state in {OccurrenceState.PLANNED, OccurrenceState.ISSUED}]

    def _announcement(self, classes: tuple[PlayClass, ...]) -> str:
        return self.source.choice([each for each, found in self.template.announcements.items() if found in classes])

    def _audience(self) -> Audience:
        chance = self.source.random()
        if chance < 0.35:
            return Audience()
        if chance < 0.6:
            return Audience(places=(self.source.choice(town.VILLAGES),))
        names = sorted(town.clusters())
        if chance < 0.9:
            return Audience(clusters=tuple(self.source.sample(names, self.source.randint(1, 6))))
        return Audience(but=tuple(self.source.sample(names, 8)))

    def _preempted(self) -> AfterPreemption:
        return self.source.choice(list(AfterPreemption))

    def _time_of_day(self) -> str:
        return f"{self.source.choice((5, 6, 7, 8, 10, 11, 14, 16, 17, 19, 20)):02d}:{self.source.randrange(5, 55):02d}"

"""The tables of this room."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from base.columns import enum_column, json_column, moment_column, optional_json_column
from devices.wire.orders import AfterPreemption, Status


class AnnouncementState(StrEnum):
    """Where an announcement stands on its way to air."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    ARCHIVED = "archived"


class ScheduleState(StrEnum):
    """Whether a schedule makes occurrences."""

    ACTIVE = "active"
    ENDED = "ended"


class OccurrenceState(StrEnum):
    """Planned, its order is in the log, called off, or past."""

    PLANNED = "planned"
    ISSUED = "issued"
    CANCELLED = "cancelled"
    OVER = "over"


class Off(StrEnum):
    """Why an occurrence is cancelled, as far as it decides whether its airing comes back."""

    BY_PERSON = "by_person"
    """It stays off, whatever becomes of it."""
    UNFIT = "unfit"
    """Not permitted, or nobody left: it comes back when it has become another airing."""
    NOT_WANTED = "not_wanted"
    """The plans did not ask for it any more: it comes back when they do."""


class DraftState(StrEnum):
    """Being prepared, put in force, or thrown away."""

    OPEN = "open"
    PUBLISHED = "published"
    DISCARDED = "discarded"


class EmergencyState(StrEnum):
    """Sounding until it is stopped (silently), cleared (people are told), or expires."""

    SOUNDING = "sounding"
    STOPPED = "stopped"
    CLEARED = "cleared"
    EXPIRED = "expired"


class TemplateKind(StrEnum):
    """An alarm, or the message that ends one."""

    ALARM = "alarm"
    ALL_CLEAR = "all_clear"


class Announcement(SQLModel, table=True):
    """Content to be heard, in one or more languages. play_class: 0 background … 2 priority (`devices.wire.orders`).

    composition: None for one with versions of its own; of a session, `schedules.composition.Composition.to_map`.
    """

    __tablename__ = "announcement"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    title: str
    play_class: int = 1
    level: int = 1
    state: AnnouncementState = Field(default=AnnouncementState.DRAFT, sa_column=enum_column(AnnouncementState))
    composition: dict[str, Any] | None = Field(default=None, sa_column=optional_json_column())
    revision: int = 1
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    changed_at: datetime = Field(sa_column=moment_column(nullable=False))


class AnnouncementVersion(SQLModel, table=True):
    """One language of an announcement: the audio asset that is heard."""

    __tablename__ = "announcement_version"

    announcement_id: str = Field(primary_key=True, foreign_key="announcement.id")
    language: str = Field(primary_key=True, max_length=16)
    asset_id: str = Field(index=True, max_length=26)


class ApprovalStep(SQLModel, table=True):
    """Who did what on an announcement's way to air; never changed afterwards."""

    __tablename__ = "approval_step"

    id: str = Field(primary_key=True, max_length=26)
    announcement_id: str = Field(foreign_key="announcement.id", index=True)
    revision: int
    action: str
    user_id: str
    at: datetime = Field(sa_column=moment_column(nullable=False))
    comment: str = ""


class Schedule(SQLModel, table=True):
    """When, where and how loud an announcement recurs: a plan as it is kept (`schedules.keeping`).

    rule: `schedules.recurrence.to_map`; overrides: `schedules.stored_plans.override_to_map` each; since, until: the
    part of the rule that is this schedule's. follows_id: the one it was split from.
    audience: `devices.wire.audience.Audience.to_map`; empty means the whole place. stale_s: how long after its
    beginning a pre-empted airing may be taken up again; None: `schedules.dispatch.MARGIN`.
    """

    __tablename__ = "schedule"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    announcement_id: str = Field(foreign_key="announcement.id", index=True)
    title: str
    rule: dict[str, Any] = Field(sa_column=json_column())
    overrides: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    since: datetime | None = Field(default=None, sa_column=moment_column())
    until: datetime | None = Field(default=None, sa_column=moment_column())
    follows_id: str | None = Field(default=None, max_length=26)
    play_class: int = 1
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    volume: int = 80
    preempted: AfterPreemption = Field(default=AfterPreemption.RESUME, sa_column=enum_column(AfterPreemption))
    late_s: int = 60
    stale_s: int | None = None
    state: ScheduleState = Field(default=ScheduleState.ACTIVE, sa_column=enum_column(ScheduleState))
    planned_until: datetime | None = Field(default=None, sa_column=moment_column())
    revision: int = 1
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))

    @property
    def rrule(self) -> str:
        """The RFC 5545 rule without DTSTART; empty for once, and with a pattern."""
        return str(self.rule.get("rrule", ""))

    @property
    def times(self) -> list[str]:
        """Local "HH:MM" of each day it falls on."""
        return list(self.rule["times"])

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.rule["first_day"])

    @property
    def last_day(self) -> date | None:
        last = self.rule.get("last_day")
        return date.fromisoformat(last) if last else None

    @property
    def zone_name(self) -> str:
        return str(self.rule["zone"])


class Occurrence(SQLModel, table=True):
    """One planned airing at one time: the row the calendar, the runner and the reports all read.

    start_at None never happens: what airs now carries the moment it was asked for and `immediate`. original_at: the
    moment its schedule's rule gives it, which with the schedule names the airing for good; generation: how often it was
    replaced. paused: clusters meant by `audience` that are left out. off: of a cancelled one. turn: the operator's
    order among equals that meet, lower first.
    """

    __tablename__ = "occurrence"
    __table_args__ = (UniqueConstraint("schedule_id", "original_at", "generation"),)

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    schedule_id: str | None = Field(default=None, foreign_key="schedule.id", index=True)
    announcement_id: str | None = Field(default=None, foreign_key="announcement.id", index=True)
    emergency_id: str | None = Field(default=None, index=True, max_length=26)
    title: str
    original_at: datetime | None = Field(default=None, sa_column=moment_column(index=True))
    generation: int = 0
    replaces_id: str | None = Field(default=None, max_length=26)
    start_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    ends_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    immediate: bool = False
    play_class: int = 1
    level: int = 1
    status: Status = Field(default=Status.ACTUAL, sa_column=enum_column(Status))
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    paused: list[str] = Field(default_factory=list, sa_column=json_column())
    volume: int = 80
    preempted: AfterPreemption = Field(default=AfterPreemption.RESUME, sa_column=enum_column(AfterPreemption))
    late_s: int = 60
    stale_s: int | None = None
    turn: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    state: OccurrenceState = Field(default=OccurrenceState.PLANNED, sa_column=enum_column(OccurrenceState, index=True))
    off: Off | None = Field(default=None, sa_column=enum_column(Off, nullable=True))
    reason: str = ""
    clusters: int = 0
    people: int = 0
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))


class Policy(SQLModel, table=True):
    """A commune's rules. hours: local spans ["HH:MM", "HH:MM"] in which anything but an emergency may sound.

    allowance: what is permitted beyond the hours, as `schedules.stored_policy.policy_to_map`; empty: nothing more said.
    """

    __tablename__ = "policy"

    place_id: str = Field(primary_key=True, max_length=48)
    hours: list[list[str]] = Field(default_factory=list, sa_column=json_column())
    volume_max: int = 100
    source: str = ""
    allowance: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())


class HolidayOverride(SQLModel, table=True):
    """A day that a place adds to the public holidays, or takes out of them (`free` False), for all that lies in it."""

    __tablename__ = "holiday"

    place_id: str = Field(primary_key=True, max_length=48)
    day: date = Field(primary_key=True)
    name: str
    free: bool = True


class PauseRow(SQLModel, table=True):
    """A time in which somebody is left in peace: `schedules.pauses.Pause` as it is kept. ended_at: called off early."""

    __tablename__ = "pause"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    start_at: datetime = Field(sa_column=moment_column(nullable=False))
    end_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    occasion: str = Field(max_length=24)
    who: str
    note: str = ""
    up_to: int
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=moment_column())


class ClashDecision(SQLModel, table=True):
    """What a person decided of two airings that meet; never changed afterwards. sides: two, in order."""

    __tablename__ = "clash_decision"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    sides: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    choice: str = Field(max_length=24)
    yields: str = Field(max_length=26)
    day: date | None = None
    by: str
    at: datetime = Field(sa_column=moment_column(nullable=False))


class ProgrammeChange(SQLModel, table=True):
    """A change of a place's schedules. before, after: plans (`schedules.stored_plans.plan_to_map`) it touched."""

    __tablename__ = "programme_change"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    what: str = Field(max_length=24)
    before: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    after: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    by: str
    at: datetime = Field(sa_column=moment_column(nullable=False))
    undone_at: datetime | None = Field(default=None, sa_column=moment_column())


class RelaySource(SQLModel, table=True):
    """A station whose stream may be relayed. quiet_s: how long it may be silent or dead before the fallback sounds.
    again_s: how long after its end the fallback sounds anew while the station stays so; None: once.
    """

    __tablename__ = "relay_source"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    name: str
    url: str
    quiet_s: int = 10
    again_s: int | None = None
    fallback_announcement_id: str | None = Field(default=None, foreign_key="announcement.id")
    level: int = 1
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))
    retired_at: datetime | None = Field(default=None, sa_column=moment_column())


class ProgrammeDraft(SQLModel, table=True):
    """A week that is prepared beside the one in force. plans: `schedules.stored_plans.plan_to_map` each; seen: plan →
    the revision it was drafted from.
    """

    __tablename__ = "programme_draft"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    name: str
    first_day: date
    plans: list[dict[str, Any]] = Field(default_factory=list, sa_column=json_column())
    seen: dict[str, int] = Field(default_factory=dict, sa_column=json_column())
    state: DraftState = Field(default=DraftState.OPEN, sa_column=enum_column(DraftState))
    revision: int = 1
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))
    changed_at: datetime = Field(sa_column=moment_column(nullable=False))
    closed_by: str | None = None
    closed_at: datetime | None = Field(default=None, sa_column=moment_column())


class EmergencyTemplate(SQLModel, table=True):
    """A prepared emergency: siren by name (`audio.tones.TONES`) and spoken words, already in every message bank.

    texts, assets: language → words, asset id. repeat_count 0: until cleared, stopped or expired.
    """

    __tablename__ = "emergency_template"
    __table_args__ = (UniqueConstraint("place_id", "key"),)

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    key: str = Field(max_length=48)
    kind: TemplateKind = Field(default=TemplateKind.ALARM, sa_column=enum_column(TemplateKind))
    titles: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    tone: str
    texts: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    assets: dict[str, str] = Field(default_factory=dict, sa_column=json_column())
    repeat_count: int = 0
    repeat_gap_s: int = 30
    lasts_s: int = 7200
    held_at: datetime | None = Field(default=None, sa_column=moment_column())


class Emergency(SQLModel, table=True):
    """An emergency or a drill that went on air, and how it ended. countersigned: a second person, after air."""

    __tablename__ = "emergency"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    template_id: str = Field(foreign_key="emergency_template.id")
    title: str
    status: Status = Field(default=Status.ACTUAL, sa_column=enum_column(Status))
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    occurrence_id: str = Field(index=True, max_length=26)
    clear_occurrence_id: str | None = Field(default=None, max_length=26)
    state: EmergencyState = Field(default=EmergencyState.SOUNDING, sa_column=enum_column(EmergencyState))
    started_by: str
    started_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False))
    ended_by: str | None = None
    ended_at: datetime | None = Field(default=None, sa_column=moment_column())
    countersigned_by: str | None = None
    countersigned_at: datetime | None = Field(default=None, sa_column=moment_column())

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
    """When and where an announcement recurs, in the local time of `zone_name`.

    rrule: RFC 5545 recurrence rule without DTSTART, empty for once. times: local "HH:MM" of each day it falls on.
    audience: `devices.wire.audience.Audience.to_map`; empty means the whole place.
    """

    __tablename__ = "schedule"

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    announcement_id: str = Field(foreign_key="announcement.id", index=True)
    title: str
    rrule: str = ""
    times: list[str] = Field(default_factory=list, sa_column=json_column())
    first_day: date
    last_day: date | None = None
    zone_name: str
    play_class: int = 1
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    volume: int = 80
    preempted: AfterPreemption = Field(default=AfterPreemption.RESUME, sa_column=enum_column(AfterPreemption))
    late_s: int = 60
    state: ScheduleState = Field(default=ScheduleState.ACTIVE, sa_column=enum_column(ScheduleState))
    planned_until: datetime | None = Field(default=None, sa_column=moment_column())
    revision: int = 1
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))


class Occurrence(SQLModel, table=True):
    """One planned airing at one time: the row the calendar, the runner and the reports all read.

    start_at None never happens: what airs now carries the moment it was asked for and `immediate`.
    """

    __tablename__ = "occurrence"
    __table_args__ = (UniqueConstraint("schedule_id", "start_at"),)

    id: str = Field(primary_key=True, max_length=26)
    place_id: str = Field(index=True, max_length=48)
    schedule_id: str | None = Field(default=None, foreign_key="schedule.id", index=True)
    announcement_id: str | None = Field(default=None, foreign_key="announcement.id", index=True)
    emergency_id: str | None = Field(default=None, index=True, max_length=26)
    title: str
    start_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    ends_at: datetime = Field(sa_column=moment_column(nullable=False))
    expires_at: datetime = Field(sa_column=moment_column(nullable=False, index=True))
    immediate: bool = False
    play_class: int = 1
    level: int = 1
    status: Status = Field(default=Status.ACTUAL, sa_column=enum_column(Status))
    audience: dict[str, Any] = Field(default_factory=dict, sa_column=json_column())
    volume: int = 80
    preempted: AfterPreemption = Field(default=AfterPreemption.RESUME, sa_column=enum_column(AfterPreemption))
    late_s: int = 60
    state: OccurrenceState = Field(default=OccurrenceState.PLANNED, sa_column=enum_column(OccurrenceState, index=True))
    reason: str = ""
    clusters: int = 0
    people: int = 0
    created_by: str
    created_at: datetime = Field(sa_column=moment_column(nullable=False))


class Policy(SQLModel, table=True):
    """A commune's rules. hours: local spans ["HH:MM", "HH:MM"] in which anything but an emergency may sound."""

    __tablename__ = "policy"

    place_id: str = Field(primary_key=True, max_length=48)
    hours: list[list[str]] = Field(default_factory=list, sa_column=json_column())
    volume_max: int = 100
    source: str = ""


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

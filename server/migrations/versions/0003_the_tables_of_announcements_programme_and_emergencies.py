"""The tables of announcements, programme and emergencies."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


TABLES = (
    "announcement",
    "emergency_template",
    "policy",
    "announcement_version",
    "approval_step",
    "emergency",
    "schedule",
    "occurrence",
)


def upgrade() -> None:
    _announcement()
    _emergency_template()
    _policy()
    _announcement_version()
    _approval_step()
    _emergency()
    _schedule()
    _occurrence()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _announcement() -> None:
    op.create_table(
        "announcement",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("play_class", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_announcement_created_at", "announcement", ["created_at"])
    op.create_index("ix_announcement_place_id", "announcement", ["place_id"])


def _emergency_template() -> None:
    op.create_table(
        "emergency_template",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("key", sa.String(48), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("titles", sa.JSON(), nullable=False),
        sa.Column("tone", sa.String(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("assets", sa.JSON(), nullable=False),
        sa.Column("repeat_count", sa.Integer(), nullable=False),
        sa.Column("repeat_gap_s", sa.Integer(), nullable=False),
        sa.Column("lasts_s", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("place_id", "key"),
    )
    op.create_index("ix_emergency_template_place_id", "emergency_template", ["place_id"])


def _policy() -> None:
    op.create_table(
        "policy",
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("volume_max", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("place_id"),
    )


def _announcement_version() -> None:
    op.create_table(
        "announcement_version",
        sa.Column("announcement_id", sa.String(), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcement.id"]),
        sa.PrimaryKeyConstraint("announcement_id", "language"),
    )
    op.create_index("ix_announcement_version_asset_id", "announcement_version", ["asset_id"])


def _approval_step() -> None:
    op.create_table(
        "approval_step",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("announcement_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_approval_step_announcement_id", "approval_step", ["announcement_id"])


def _emergency() -> None:
    op.create_table(
        "emergency",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("template_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("occurrence_id", sa.String(26), nullable=False),
        sa.Column("clear_occurrence_id", sa.String(26), nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("started_by", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("countersigned_by", sa.String(), nullable=True),
        sa.Column("countersigned_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["template_id"], ["emergency_template.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_emergency_occurrence_id", "emergency", ["occurrence_id"])
    op.create_index("ix_emergency_place_id", "emergency", ["place_id"])
    op.create_index("ix_emergency_started_at", "emergency", ["started_at"])


def _schedule() -> None:
    op.create_table(
        "schedule",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("announcement_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("rrule", sa.String(), nullable=False),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("zone_name", sa.String(), nullable=False),
        sa.Column("play_class", sa.Integer(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("preempted", sa.String(24), nullable=False),
        sa.Column("late_s", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_schedule_announcement_id", "schedule", ["announcement_id"])
    op.create_index("ix_schedule_place_id", "schedule", ["place_id"])


def _occurrence() -> None:
    op.create_table(
        "occurrence",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("schedule_id", sa.String(), nullable=True),
        sa.Column("announcement_id", sa.String(), nullable=True),
        sa.Column("emergency_id", sa.String(26), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("immediate", sa.Boolean(), nullable=False),
        sa.Column("play_class", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=False),
        sa.Column("preempted", sa.String(24), nullable=False),
        sa.Column("late_s", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("clusters", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcement.id"]),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("schedule_id", "start_at"),
    )
    op.create_index("ix_occurrence_announcement_id", "occurrence", ["announcement_id"])
    op.create_index("ix_occurrence_emergency_id", "occurrence", ["emergency_id"])
    op.create_index("ix_occurrence_expires_at", "occurrence", ["expires_at"])
    op.create_index("ix_occurrence_place_id", "occurrence", ["place_id"])
    op.create_index("ix_occurrence_schedule_id", "occurrence", ["schedule_id"])
    op.create_index("ix_occurrence_start_at", "occurrence", ["start_at"])
    op.create_index("ix_occurrence_state", "occurrence", ["state"])

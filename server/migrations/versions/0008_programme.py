"""Programme: any rule, exceptions and parts of schedules; names of airings; allowances, pauses, decisions, changes.

The table of occurrences is written anew, before and after that of the schedules it points to: SQLite can neither drop
the old fence nor change a table that another one points to.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TABLES = ("holiday", "pause", "clash_decision", "programme_change")
OLD = ("rrule", "times", "first_day", "last_day", "zone_name")
NEW = ("rule", "overrides", "since", "until", "follows_id")
SAYS_MORE = {"pattern", "added", "removed", "on_holidays"}
"""Parts of a rule that the old columns cannot say."""
COPIED = (
    "id, place_id, schedule_id, announcement_id, emergency_id, title, start_at, ends_at, expires_at, immediate, "
    "play_class, level, status, audience, volume, preempted, late_s, state, reason, clusters, people, created_by, "
    "created_at"
)

_schedule = sa.table(
    "schedule",
    sa.column("id", sa.String),
    sa.column("state", sa.String),
    sa.column("rrule", sa.String),
    sa.column("times", sa.JSON),
    sa.column("first_day", sa.Date),
    sa.column("last_day", sa.Date),
    sa.column("zone_name", sa.String),
    sa.column("rule", sa.JSON),
    sa.column("overrides", sa.JSON),
    sa.column("since", sa.DateTime(timezone=True)),
    sa.column("until", sa.DateTime(timezone=True)),
)


def upgrade() -> None:
    _put_occurrences_aside()
    _rules_of_columns()
    _create_occurrence()
    _bring_occurrences_back(
        "original_at, generation, paused, off",
        "CASE WHEN schedule_id IS NULL THEN NULL ELSE start_at END, 0, '[]',"
        " CASE WHEN state = 'cancelled' THEN 'by_person' END",
    )
    _allowance()
    _holiday()
    _pause()
    _clash_decision()
    _programme_change()


def downgrade() -> None:
    """What the old columns cannot say is ended; of a replaced airing only the last still belongs to its schedule."""
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("policy", "allowance")
    _let_go_of_replaced()
    _put_occurrences_aside()
    _columns_of_rules()
    _create_occurrence(named=False)
    _bring_occurrences_back()


def _rules_of_columns() -> None:
    for column in (
        sa.Column("rule", sa.JSON(), nullable=True),
        sa.Column("overrides", sa.JSON(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follows_id", sa.String(26), nullable=True),
    ):
        op.add_column("schedule", column)
    connection = op.get_bind()
    for row in connection.execute(sa.select(_schedule)).mappings().all():
        said = _schedule.update().where(_schedule.c.id == row["id"])
        connection.execute(said.values(rule=_rule_of(row), overrides=[]))
    with op.batch_alter_table("schedule") as table:
        table.alter_column("rule", existing_type=sa.JSON(), nullable=False)
        table.alter_column("overrides", existing_type=sa.JSON(), nullable=False)
        for name in OLD:
            table.drop_column(name)


def _rule_of(row: Any) -> dict[str, Any]:
    said = {
        "version": 1,
        "rrule": row["rrule"],
        "first_day": row["first_day"].isoformat(),
        "last_day": row["last_day"].isoformat() if row["last_day"] else None,
        "times": row["times"],
        "zone": row["zone_name"],
    }
    return {name: value for name, value in said.items() if value}


def _columns_of_rules() -> None:
    for column in (
        sa.Column("rrule", sa.String(), nullable=True),
        sa.Column("times", sa.JSON(), nullable=True),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("zone_name", sa.String(), nullable=True),
    ):
        op.add_column("schedule", column)
    connection = op.get_bind()
    for row in connection.execute(sa.select(_schedule)).mappings().all():
        said = _schedule.update().where(_schedule.c.id == row["id"])
        connection.execute(said.values(**_columns_of(row)))
    with op.batch_alter_table("schedule") as table:
        for name in ("rrule", "zone_name"):
            table.alter_column(name, existing_type=sa.String(), nullable=False)
        table.alter_column("times", existing_type=sa.JSON(), nullable=False)
        table.alter_column("first_day", existing_type=sa.Date(), nullable=False)
        for name in NEW:
            table.drop_column(name)


def _columns_of(row: Any) -> dict[str, Any]:
    rule, days = row["rule"], sa.Date().python_type
    last = rule.get("last_day")
    more = SAYS_MORE.intersection(rule) or row["overrides"] or row["since"] or row["until"]
    return {
        "rrule": rule.get("rrule", ""),
        "times": rule["times"],
        "first_day": days.fromisoformat(rule["first_day"]),
        "last_day": days.fromisoformat(last) if last else None,
        "zone_name": rule["zone"],
        "state": "ended" if more else row["state"],
    }


def _let_go_of_replaced() -> None:
    op.execute(
        "UPDATE occurrence SET schedule_id = NULL WHERE EXISTS (SELECT 1 FROM occurrence AS later"
        " WHERE later.schedule_id = occurrence.schedule_id AND later.start_at = occurrence.start_at"
        " AND (later.generation > occurrence.generation"
        " OR (later.generation = occurrence.generation AND later.id > occurrence.id)))"
    )


def _put_occurrences_aside() -> None:
    op.execute("CREATE TABLE occurrence_aside AS SELECT * FROM occurrence")
    op.drop_table("occurrence")


def _bring_occurrences_back(more: str = "", values: str = "") -> None:
    into, out = (f"{COPIED}, {more}", f"{COPIED}, {values}") if more else (COPIED, COPIED)
    op.execute(f"INSERT INTO occurrence ({into}) SELECT {out} FROM occurrence_aside")  # noqa: S608 - our own words
    op.drop_table("occurrence_aside")


def _create_occurrence(*, named: bool = True) -> None:
    """named: with what names an airing, and what a change makes of it."""
    own = (
        sa.Column("original_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("replaces_id", sa.String(26), nullable=True),
        sa.Column("paused", sa.JSON(), nullable=False),
        sa.Column("off", sa.String(24), nullable=True),
    )
    fence = ("schedule_id", "original_at", "generation") if named else ("schedule_id", "start_at")
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
        *(own if named else ()),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcement.id"]),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(*fence),
    )
    indexed = ["announcement_id", "emergency_id", "expires_at", "place_id", "schedule_id", "start_at", "state"]
    for column in [*indexed, *(["original_at"] if named else [])]:
        op.create_index(f"ix_occurrence_{column}", "occurrence", [column])


def _allowance() -> None:
    op.add_column("policy", sa.Column("allowance", sa.JSON(), nullable=True))
    op.execute("UPDATE policy SET allowance = '{}'")
    with op.batch_alter_table("policy") as table:
        table.alter_column("allowance", existing_type=sa.JSON(), nullable=False)


def _holiday() -> None:
    op.create_table(
        "holiday",
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", "day"),
    )


def _pause() -> None:
    op.create_table(
        "pause",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("start_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("occasion", sa.String(24), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("up_to", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_pause_place_id", "pause", ["place_id"])
    op.create_index("ix_pause_end_at", "pause", ["end_at"])


def _clash_decision() -> None:
    op.create_table(
        "clash_decision",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("sides", sa.JSON(), nullable=False),
        sa.Column("choice", sa.String(24), nullable=False),
        sa.Column("yields", sa.String(26), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_clash_decision_place_id", "clash_decision", ["place_id"])


def _programme_change() -> None:
    op.create_table(
        "programme_change",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("what", sa.String(24), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_programme_change_place_id", "programme_change", ["place_id"])

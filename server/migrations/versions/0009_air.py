"""On air: relay sources, drafted weeks, who approves, signatures of bulletins; turns and staleness of airings."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("bulletin_signature", "signer_certificate", "approver_rule", "programme_draft", "relay_source")


def upgrade() -> None:
    op.add_column("schedule", sa.Column("stale_s", sa.Integer(), nullable=True))
    op.add_column("occurrence", sa.Column("stale_s", sa.Integer(), nullable=True))
    op.add_column("occurrence", sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("parts", sa.JSON(), nullable=True))
    _keep_where_it_was_heard()
    _relay_source()
    _programme_draft()
    _approver_rule()
    _signer_certificate()
    _bulletin_signature()


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_column("device", "parts")
    op.drop_column("delivery", "languages")
    op.drop_column("delivery", "village_id")
    op.drop_column("occurrence", "turn")
    op.drop_column("occurrence", "stale_s")
    op.drop_column("schedule", "stale_s")


def _keep_where_it_was_heard() -> None:
    """A report of the past stays what it was when a cluster moves: of what was ordered before, as it is now."""
    op.add_column("delivery", sa.Column("village_id", sa.String(48), nullable=True))
    op.add_column("delivery", sa.Column("languages", sa.JSON(), nullable=True))
    op.execute(
        "UPDATE delivery SET"
        " village_id = (SELECT village_id FROM cluster WHERE cluster.id = delivery.cluster_id),"
        " languages = (SELECT languages FROM cluster WHERE cluster.id = delivery.cluster_id)"
    )


def _relay_source() -> None:
    op.create_table(
        "relay_source",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("quiet_s", sa.Integer(), nullable=False),
        sa.Column("fallback_announcement_id", sa.String(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["fallback_announcement_id"], ["announcement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_relay_source_place_id", "relay_source", ["place_id"])


def _programme_draft() -> None:
    op.create_table(
        "programme_draft",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("plans", sa.JSON(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_programme_draft_place_id", "programme_draft", ["place_id"])


def _approver_rule() -> None:
    op.create_table(
        "approver_rule",
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("play_class", sa.Integer(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("other_than_author", sa.Boolean(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("place_id", "play_class"),
    )


def _signer_certificate() -> None:
    op.create_table(
        "signer_certificate",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("place_id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("pem", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_signer_certificate_place_id", "signer_certificate", ["place_id"])


def _bulletin_signature() -> None:
    op.create_table(
        "bulletin_signature",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("announcement_id", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.Column("signer", sa.String(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["announcement_id"], ["announcement.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_bulletin_signature_announcement_id", "bulletin_signature", ["announcement_id"])

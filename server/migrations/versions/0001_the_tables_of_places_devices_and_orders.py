"""The tables of places, devices and orders."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TABLES = (
    "place",
    "published_content",
    "authority_key",
    "device",
    "order_log",
    "zone",
    "beat_slot",
    "cluster",
    "device_state",
    "order_entry",
    "presence_change",
    "receipt_entry",
    "delivery",
    "zone_member",
)


def upgrade() -> None:
    _place()
    _published_content()
    _authority_key()
    _device()
    _order_log()
    _zone()
    _beat_slot()
    _cluster()
    _device_state()
    _order_entry()
    _presence_change()
    _receipt_entry()
    _delivery()
    _zone_member()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _place() -> None:
    op.create_table(
        "place",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("zone_name", sa.String(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_place_parent_id", "place", ["parent_id"])


def _published_content() -> None:
    op.create_table(
        "published_content",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("codec", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_index("ix_published_content_until", "published_content", ["until"])


def _authority_key() -> None:
    op.create_table(
        "authority_key",
        sa.Column("authority_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["authority_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("authority_id", "epoch"),
    )


def _device() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("transmitter_khz", sa.Integer(), nullable=True),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("firmware", sa.String(), nullable=False),
        sa.Column("codecs", sa.JSON(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_device_commune_id", "device", ["commune_id"])


def _order_log() -> None:
    op.create_table(
        "order_log",
        sa.Column("log", sa.String(64), nullable=False),
        sa.Column("signer_id", sa.String(), nullable=False),
        sa.Column("head", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("tip", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["signer_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("log"),
    )


def _zone() -> None:
    op.create_table(
        "zone",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_zone_commune_id", "zone", ["commune_id"])


def _beat_slot() -> None:
    op.create_table(
        "beat_slot",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("slot_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beats", sa.Integer(), nullable=False),
        sa.Column("signal_min_dbm", sa.Integer(), nullable=True),
        sa.Column("battery_min_pct", sa.Integer(), nullable=True),
        sa.Column("temperature_max_c", sa.Integer(), nullable=True),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("device_id", "slot_at"),
    )


def _cluster() -> None:
    op.create_table(
        "cluster",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("village_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("power", sa.String(), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("speakers", sa.Integer(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.ForeignKeyConstraint(["village_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_cluster_commune_id", "cluster", ["commune_id"])
    op.create_index("ix_cluster_device_id", "cluster", ["device_id"])
    op.create_index("ix_cluster_village_id", "cluster", ["village_id"])


def _device_state() -> None:
    op.create_table(
        "device_state",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("presence", sa.String(24), nullable=False),
        sa.Column("presence_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("beat_n", sa.Integer(), nullable=False),
        sa.Column("receipt_series", sa.Integer(), nullable=False),
        sa.Column("haves", sa.JSON(), nullable=False),
        sa.Column("playing", sa.JSON(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("children", sa.JSON(), nullable=False),
        sa.Column("volume", sa.Integer(), nullable=True),
        sa.Column("power", sa.String(), nullable=True),
        sa.Column("battery_pct", sa.Integer(), nullable=True),
        sa.Column("link", sa.String(), nullable=True),
        sa.Column("signal_dbm", sa.Integer(), nullable=True),
        sa.Column("temperature_c", sa.Integer(), nullable=True),
        sa.Column("storage_free_kib", sa.Integer(), nullable=True),
        sa.Column("storage_total_kib", sa.Integer(), nullable=True),
        sa.Column("clock_state", sa.String(), nullable=True),
        sa.Column("clock_bound_ms", sa.Integer(), nullable=True),
        sa.Column("clock_offset_ms", sa.Integer(), nullable=True),
        sa.Column("uptime_s", sa.Integer(), nullable=True),
        sa.Column("planned_quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_quiet_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.create_index("ix_device_state_heard_at", "device_state", ["heard_at"])


def _order_entry() -> None:
    op.create_table(
        "order_entry",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("occurrence_id", sa.String(), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["log"], ["order_log.log"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("log", "seq"),
        sa.UniqueConstraint("occurrence_id", "kind"),
    )
    op.create_index("ix_order_entry_expires_at", "order_entry", ["expires_at"])
    op.create_index("ix_order_entry_occurrence_id", "order_entry", ["occurrence_id"])
    op.create_index("ix_order_entry_unsent", "order_entry", ["sent_at", "urgency", "seq"])


def _presence_change() -> None:
    op.create_table(
        "presence_change",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("presence", sa.String(24), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_presence_change_at", "presence_change", ["at"])
    op.create_index("ix_presence_change_device_id", "presence_change", ["device_id"])


def _receipt_entry() -> None:
    op.create_table(
        "receipt_entry",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("occurrence_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bound_ms", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carrier", sa.String(), nullable=False),
        sa.Column("chained", sa.Boolean(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_receipt_entry_device", "receipt_entry", ["device_id", "series", "n"])
    op.create_index("ix_receipt_entry_occurrence_id", "receipt_entry", ["occurrence_id"])
    op.create_index("ix_receipt_entry_order_id", "receipt_entry", ["order_id"])


def _delivery() -> None:
    op.create_table(
        "delivery",
        sa.Column("occurrence_id", sa.String(26), nullable=False),
        sa.Column("cluster_id", sa.String(), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_order_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("start_bound_ms", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sounded_ms", sa.Integer(), nullable=False),
        sa.Column("step_n", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["cluster_id"], ["cluster.id"]),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["order_entry.id"]),
        sa.PrimaryKeyConstraint("occurrence_id", "cluster_id"),
    )
    op.create_index("ix_delivery_commune_id", "delivery", ["commune_id"])
    op.create_index("ix_delivery_device_id", "delivery", ["device_id"])
    op.create_index("ix_delivery_order_id", "delivery", ["order_id"])


def _zone_member() -> None:
    op.create_table(
        "zone_member",
        sa.Column("zone_id", sa.String(), nullable=False),
        sa.Column("cluster_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["cluster_id"], ["cluster.id"]),
        sa.ForeignKeyConstraint(["zone_id"], ["zone.id"]),
        sa.PrimaryKeyConstraint("zone_id", "cluster_id"),
    )

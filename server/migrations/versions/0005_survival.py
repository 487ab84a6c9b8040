"""Delivery that survives: keys that follow one another, devices set singly, wake plans; contact plans and couriers."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


TABLES = (
    "courier_route",
    "device_contact",
    "courier_bundle",
    "courier_bundle_device",
    "courier_bundle_order",
    "courier_carriage",
    "courier_return",
    "last_return",
    "device_config",
    "enrolment_code",
)
COLUMNS = {
    "device_state": ("wake", "carrier"),
    "order_entry": ("epoch",),
    "authority_key": ("signing_from", "announced_seq", "retired_seq"),
}


def upgrade() -> None:
    _courier_route()
    _device_contact()
    _courier_bundle()
    _courier_bundle_device()
    _courier_bundle_order()
    _courier_carriage()
    _courier_return()
    _last_return()
    _device_config()
    _enrolment_code()
    _device_state()
    _order_entry()
    _authority_key()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_order_entry_in_force", "order_entry")
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)


def _courier_route() -> None:
    op.create_table(
        "courier_route",
        sa.Column("id", sa.String(48), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("visits", sa.JSON(), nullable=False),
        sa.Column("travel_min", sa.Integer(), nullable=False),
        sa.Column("ahead_min", sa.Integer(), nullable=False),
        sa.Column("prepared_for", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_courier_route_commune_id", "courier_route", ["commune_id"])


def _device_contact() -> None:
    op.create_table(
        "device_contact",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("reach", sa.String(24), nullable=False),
        sa.Column("spans", sa.JSON(), nullable=False),
        sa.Column("rate_kbit", sa.Integer(), nullable=True),
        sa.Column("route_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.ForeignKeyConstraint(["route_id"], ["courier_route.id"]),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.create_index("ix_device_contact_reach", "device_contact", ["reach"])
    op.create_index("ix_device_contact_route_id", "device_contact", ["route_id"])


def _courier_bundle() -> None:
    op.create_table(
        "courier_bundle",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("route_id", sa.String(), nullable=True),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("contents", sa.Integer(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prepared_by", sa.String(26), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.ForeignKeyConstraint(["route_id"], ["courier_route.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_courier_bundle_commune_id", "courier_bundle", ["commune_id"])
    op.create_index("ix_courier_bundle_prepared_at", "courier_bundle", ["prepared_at"])
    op.create_index("ix_courier_bundle_route_id", "courier_bundle", ["route_id"])


def _courier_bundle_device() -> None:
    op.create_table(
        "courier_bundle_device",
        sa.Column("bundle_id", sa.String(26), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("haves", sa.JSON(), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("proof", sa.String(24), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["courier_bundle.id"]),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("bundle_id", "device_id"),
    )


def _courier_bundle_order() -> None:
    op.create_table(
        "courier_bundle_order",
        sa.Column("bundle_id", sa.String(26), nullable=False),
        sa.Column("order_id", sa.String(26), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["courier_bundle.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["order_entry.id"]),
        sa.PrimaryKeyConstraint("bundle_id", "order_id"),
    )


def _courier_carriage() -> None:
    op.create_table(
        "courier_carriage",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("bundle_id", sa.String(26), nullable=False),
        sa.Column("carrier", sa.String(120), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.String(26), nullable=True),
        sa.ForeignKeyConstraint(["bundle_id"], ["courier_bundle.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("bundle_id", "carrier"),
    )
    op.create_index("ix_courier_carriage_bundle_id", "courier_carriage", ["bundle_id"])


def _courier_return() -> None:
    op.create_table(
        "courier_return",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("receipts", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.String(26), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_courier_return_device_id", "courier_return", ["device_id"])
    op.create_index("ix_courier_return_received_at", "courier_return", ["received_at"])


def _last_return() -> None:
    op.create_table(
        "last_return",
        sa.Column("device_id", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("boot", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clock_state", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.JSON(), nullable=False),
        sa.Column("first_n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("device_id"),
    )


def _device_config() -> None:
    op.create_table(
        "device_config",
        sa.Column("device_id", sa.String(48), nullable=False),
        sa.Column("volume_max", sa.Integer(), nullable=True),
        sa.Column("heartbeat_s", sa.Integer(), nullable=True),
        sa.Column("online", sa.JSON(), nullable=False),
        sa.Column("low_pct", sa.Integer(), nullable=True),
        sa.Column("critical_pct", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"]),
        sa.PrimaryKeyConstraint("device_id"),
    )


def _enrolment_code() -> None:
    op.create_table(
        "enrolment_code",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("device_id", sa.String(48), nullable=False),
        sa.Column("commune_id", sa.String(), nullable=False),
        sa.Column("cluster_ids", sa.JSON(), nullable=False),
        sa.Column("transmitter_khz", sa.Integer(), nullable=True),
        sa.Column("made_by", sa.String(26), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["commune_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_enrolment_code_device_id", "enrolment_code", ["device_id"])


def _device_state() -> None:
    op.add_column("device_state", sa.Column("wake", sa.JSON(), nullable=True))
    op.add_column("device_state", sa.Column("carrier", sa.String(), nullable=False, server_default="mqtt"))


def _order_entry() -> None:
    op.add_column("order_entry", sa.Column("epoch", sa.Integer(), nullable=False, server_default="1"))
    op.create_index("ix_order_entry_in_force", "order_entry", ["log", "expires_at", "seq"])


def _authority_key() -> None:
    op.add_column("authority_key", sa.Column("signing_from", sa.DateTime(timezone=True), nullable=True))
    op.add_column("authority_key", sa.Column("announced_seq", sa.Integer(), nullable=True))
    op.add_column("authority_key", sa.Column("retired_seq", sa.Integer(), nullable=True))
    # Until now every authority had one key, and signed with it.
    op.execute("UPDATE authority_key SET signing_from = made_at")

"""The tables of sounds."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


TABLES = (
    "audio_asset",
    "rendition",
)


def upgrade() -> None:
    _audio_asset()
    _rendition()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _audio_asset() -> None:
    op.create_table(
        "audio_asset",
        sa.Column("id", sa.String(26), nullable=False),
        sa.Column("commune_id", sa.String(48), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("original_name", sa.String(255), nullable=False),
        sa.Column("original_sha256", sa.String(64), nullable=False),
        sa.Column("mastered_sha256", sa.String(64), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("lufs", sa.Float(), nullable=False),
        sa.Column("true_peak_dbtp", sa.Float(), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("language", sa.String(35), nullable=True),
        sa.Column("text", sa.String(), nullable=True),
        sa.Column("voice", sa.String(64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(26), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_audio_asset_commune_id", "audio_asset", ["commune_id"])
    op.create_index("ix_audio_asset_original_sha256", "audio_asset", ["original_sha256"])


def _rendition() -> None:
    op.create_table(
        "rendition",
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("codec", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["audio_asset.id"]),
        sa.PrimaryKeyConstraint("asset_id", "codec"),
    )
    op.create_index("ix_rendition_sha256", "rendition", ["sha256"])

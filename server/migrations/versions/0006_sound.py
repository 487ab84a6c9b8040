"""Sound: what was found in it, what was said of a text, and how a commune says its words."""

import sqlalchemy as sa
from alembic import op

from base.columns import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audio_asset", sa.Column("spoken", sa.String(), nullable=True))
    op.add_column("audio_asset", sa.Column("speed", sa.Float(), nullable=True))
    op.create_table(
        "asset_report",
        sa.Column("asset_id", sa.String(26), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["audio_asset.id"]),
        sa.PrimaryKeyConstraint("asset_id"),
    )
    op.create_table(
        "dictionary_word",
        sa.Column("commune_id", sa.String(48), nullable=False),
        sa.Column("written", sa.String(60), nullable=False),
        sa.Column("said", sa.String(300), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(26), nullable=True),
        sa.PrimaryKeyConstraint("commune_id", "written"),
    )


def downgrade() -> None:
    op.drop_table("dictionary_word")
    op.drop_table("asset_report")
    op.drop_column("audio_asset", "speed")
    op.drop_column("audio_asset", "spoken")

"""Sessions: announcements that are composed of others."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("announcement", sa.Column("composition", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("announcement", "composition")

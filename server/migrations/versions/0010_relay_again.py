"""How long after its end a station's fallback sounds anew."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("relay_source", sa.Column("again_s", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("relay_source", "again_s")

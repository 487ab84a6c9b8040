from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, create_engine, select
from sqlalchemy.exc import StatementError

from base.columns import UtcDateTime

METADATA = MetaData()
THINGS = Table("things", METADATA, Column("id", Integer, primary_key=True), Column("at", UtcDateTime))
HANOI = timezone(timedelta(hours=7))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{tmp_path / 'things.db'}")
    METADATA.create_all(engine)
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_a_moment_comes_back_aware_and_in_utc(connection: Connection):
    connection.execute(THINGS.insert().values(at=datetime(2026, 1, 1, 5, 0, 0, 250_000, tzinfo=HANOI)))
    (found,) = connection.execute(select(THINGS.c.at)).scalars()
    assert found == datetime(2025, 12, 31, 22, 0, 0, 250_000, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_nothing_stays_nothing(connection: Connection):
    connection.execute(THINGS.insert().values(at=None))
    assert connection.execute(select(THINGS.c.at)).scalar_one() is None


def test_a_naive_moment_never_reaches_the_database(connection: Connection):
    with pytest.raises(StatementError, match="naive"):
        connection.execute(THINGS.insert().values(at=datetime(2026, 1, 1)))  # noqa: DTZ001 - what is tested
    assert connection.execute(select(THINGS.c.id)).first() is None


def test_moments_are_compared_across_zones(connection: Connection):
    connection.execute(THINGS.insert().values(at=datetime(2026, 1, 1, 5, tzinfo=HANOI)))
    before = select(THINGS.c.id).where(THINGS.c.at < datetime(2025, 12, 31, 22, 0, 1, tzinfo=UTC))
    after = select(THINGS.c.id).where(THINGS.c.at > datetime(2025, 12, 31, 22, 0, 1, tzinfo=UTC))
    assert connection.execute(before).first() is not None
    assert connection.execute(after).first() is None

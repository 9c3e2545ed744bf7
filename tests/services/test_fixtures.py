"""The fixtures that most tests ask for."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy


def test_a_database_is_empty_and_takes_tables(database_url: str) -> None:
    """On either database, SQLAlchemy opens the URL as it is, finds nothing, and keeps what is committed."""
    engine = sqlalchemy.create_engine(database_url)
    assert sqlalchemy.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE officers (name text)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["officers"]
    engine.dispose()


def test_recorded_data_is_there(test_data: Path) -> None:
    """The World Food Programme's prices lie where FENGHUO_TEST_DATA says."""
    assert (test_data / "wfp_food_prices_chn.csv").stat().st_size > 0

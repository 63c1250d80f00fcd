"""The databases that tests are given are real, and each test's own."""

import psycopg
import pytest

from paybus.runtime.embedded_postgres import EmbeddedPostgres


def test_the_shared_url_leads_to_postgresql(postgres_url: str) -> None:
    """What tests run on is PostgreSQL 18 itself."""
    with psycopg.connect(postgres_url) as connection:
        assert connection.info.server_version // 10000 == 18


@pytest.mark.parametrize("turn", ["first", "second"])
def test_every_test_gets_a_database_of_its_own(database_url: str, turn: str) -> None:
    """What one test leaves behind is not there for the next, but the ledger's tables are."""
    with psycopg.connect(database_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
        assert tables is not None
        assert tables[0] > 0
        connection.execute("CREATE TABLE left_behind (number int)")  # fails in the second test if it is there


def test_a_copy_of_a_template_holds_what_the_template_held(postgres_server: EmbeddedPostgres) -> None:
    """A database made from a template has its tables, which is how migrations are applied only once."""
    with psycopg.connect(postgres_server.create_database("original")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with psycopg.connect(postgres_server.create_database("copy", template="original")) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)

"""The roles that docs/deployment.md makes in PostgreSQL are enough, and no more than that."""

from collections.abc import Iterator
import re

import psycopg
from psycopg import sql
import pytest
from tests.deploy.places import ROOT
from tests.ledger.house import concluded, hand, pay, refund

from paybus.ledger.migration import migrate
from paybus.ledger.pool import open_pool
from paybus.runtime.embedded_postgres import EmbeddedPostgres
from paybus.trades.operation import Kind

PAGE = (ROOT / "docs" / "deployment.md").read_text()
ROLES = ("paybus_owner", "paybus", "paybus_exporter")
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


@pytest.fixture(scope="module")
def urls(postgres_server: EmbeddedPostgres) -> Iterator[dict[str, str]]:
    """Do what the page says, migrate as the owner, and give each role's URL."""
    (script,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    url = postgres_server.url()
    for statements in re.split(r"(?=\\c )", script):
        place = re.match(r"\s*\\c (\w+) (\w+)", statements)
        if place:
            url = postgres_server.url(place[1]).replace("postgres@", f"{place[2]}@", 1)
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in re.sub(r"^\s*\\c .*$", "", statements, flags=re.MULTILINE).split(";"):
                if statement.strip():
                    connection.execute(statement)  # type: ignore[call-overload]
    found = {role: postgres_server.url("paybus").replace("postgres@", f"{role}@", 1) for role in ROLES}
    assert migrate(found["paybus_owner"])
    yield found
    with psycopg.connect(postgres_server.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE paybus WITH (FORCE)")
        for role in ROLES:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def rights(url: str, role: str) -> dict[str, set[str]]:
    """Give what *role* may do with each table."""
    asked = "SELECT relname, {} FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    columns = ", ".join(f"has_table_privilege('{role}', oid, '{right}')" for right in RIGHTS)
    with psycopg.connect(url) as connection:
        rows = connection.execute(asked.format(columns)).fetchall()  # type: ignore[call-overload]
    return {name: {right for right, may in zip(RIGHTS, told, strict=True) if may} for name, *told in rows}


def test_the_exporter_only_reads(urls: dict[str, str]) -> None:
    """Every table and nothing else; and it sees others' transactions."""
    found = rights(urls["paybus_owner"], "paybus_exporter")
    assert {"operation", "event", "outbox"} <= found.keys()
    assert all(told == {"SELECT"} for told in found.values())
    with psycopg.connect(urls["paybus_exporter"]) as connection:
        row = connection.execute(
            "SELECT pg_has_role('paybus_exporter', 'pg_read_all_stats', 'USAGE')"
        ).fetchone()
    assert row == (True,)


def test_services_change_rows_and_no_table(urls: dict[str, str]) -> None:
    """They may not make, change or empty one."""
    found = rights(urls["paybus_owner"], "paybus")
    assert all(told == {"SELECT", "INSERT", "UPDATE", "DELETE"} for told in found.values())
    with psycopg.connect(urls["paybus"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE mine (id int)")


async def test_services_can_work_with_what_they_have(urls: dict[str, str]) -> None:
    """A payment and a refund are accepted and settled by the services' role."""
    async with open_pool(urls["paybus"], application_name="test") as pool:
        payer, refunder = await hand(pool, Kind.PAY), await hand(pool, Kind.REFUND)
        await payer.settles(*map(concluded, await payer.holds(pay("C1"))))
        await refunder.settles(*map(concluded, await refunder.granted(refund("R1", code="C1"))))
        assert await pool.fetchval("SELECT count(*) FROM operation WHERE state = 'done'") == 2


def test_a_migration_only_adds() -> None:
    """Pods of the version before go on while new ones start: nothing that they use may go away."""
    folder = ROOT / "services" / "paybus" / "ledger" / "migrations"
    files = [path for path in sorted(folder.glob("*.sql")) if not path.stem.endswith(".rollback")]
    assert len(files) >= 6
    for path in files:
        statements = re.sub(r"--.*", "", path.read_text())
        assert not re.search(r"\b(DROP|RENAME|TRUNCATE|SET NOT NULL|TYPE \w+ USING)\b", statements), path.name

"""What Alembic runs: on the connection it was handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from responders import alarm_schema

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=alarm_schema.alarms.metadata, transactional_ddl=True, compare_type=True
)
context.run_migrations()

"""What Alembic runs: on the connection it was handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from responders import alarm_schema, plan_schema, response_schema, schema

KNOWN = (alarm_schema, response_schema, plan_schema)  # each adds its tables to the one metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=schema.metadata, transactional_ddl=True, compare_type=True)
context.run_migrations()

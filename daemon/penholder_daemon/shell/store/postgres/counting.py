"""Numbers that tables give to rows by themselves, which are counted in a table here (`numbers`)."""

LAST = "SELECT name, number FROM numbers WHERE name NOT IN ('streams', 'idempotency')"
"""Those that SQLite counts, too; it goes on above the highest row in the other two."""
SET = (
    "INSERT INTO numbers (name, number) VALUES (?, ?)"
    " ON CONFLICT (name) DO UPDATE SET number = excluded.number"
)

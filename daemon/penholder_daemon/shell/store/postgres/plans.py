"""How the server finds rows: by indexes, as SQLite does, whatever it knows of the tables.

Its own choice goes by statistics, which it takes every minute or so where much has changed. Where a
database was just made, filled or moved there are none, and a plan that was made over few rows is
kept by the session until the next ones: then it reads the whole journal for the entries of a
moment, at each batch, while all others wait for the lock. Where there are good ones, it plans a
statement anew each time that its values could make it cheaper, which takes longer than to carry it
out. The statements of the rooms are written for SQLite, which walks indexes and knows no
statistics; so whoever serves calls has the server do the same, and plan each statement once.

What looks at all that is stored is faster by the server's own choice.
"""

BY_INDEXES = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    # What may have been turned off for a database, and is all that is left.
    "enable_indexscan": "on",
    "enable_indexonlyscan": "on",
    "enable_bitmapscan": "on",
    "enable_nestloop": "on",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
"""Settings of a session that serves calls. A table that has no index is read all the same."""
BY_STATISTICS = (
    "SET LOCAL plan_cache_mode = auto; SET LOCAL enable_seqscan = on;"
    " SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on"
)
"""Lets the server choose by itself in one transaction."""

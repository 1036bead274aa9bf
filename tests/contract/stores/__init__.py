"""What both stores promise to the core and the rooms, and what PostgreSQL does beside it."""

"""One peer: its bytes, its requests and waits, and what a room sees of it."""

"""A whole daemon in one thread, and a disk that loses power, for tests/sim."""

"""Programs around the daemon: --about, and the tests on other interpreters."""

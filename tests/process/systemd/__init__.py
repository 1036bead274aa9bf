"""The daemon under a real systemd, booted in namespaces of its own."""

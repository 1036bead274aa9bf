"""What the client for trio alone uses: its line to the daemon, one connection for many calls."""

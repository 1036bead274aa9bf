"""What the blocking client alone uses: its line to the daemon, and turns of its threads."""

"""What all commands share: what they may be told, whom they ask, what they print and exit with."""

"""What the daemon does to tables of all rooms: pruning, and going on from a backup."""

"""What the daemon tells of itself: log, counters, metrics."""

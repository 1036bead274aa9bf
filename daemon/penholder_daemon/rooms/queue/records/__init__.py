"""The tables of the queue, who gets what and for how long."""

"""The tables of runs and commands, the stream of a run, and how each of them ends."""

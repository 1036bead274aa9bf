"""The seat of a worker: which process it is, from attaching to its end."""

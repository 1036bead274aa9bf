"""The queue: work that runners claim under a lease, retried and ordered by priority."""

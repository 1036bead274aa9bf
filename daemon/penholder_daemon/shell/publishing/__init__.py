"""What was committed, on its way to waits and subscriptions."""

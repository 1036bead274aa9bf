"""State of runners' bindings: `methods` is for callers, `records` keeps scopes and values."""

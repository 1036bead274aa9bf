"""Controllers: `records` is the door for other rooms, `methods` what callers reach."""

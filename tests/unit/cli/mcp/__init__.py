"""`penholder mcp`: its lines, its eras, and what it may call."""

"""`penholder mcp` as a process beside a real daemon."""

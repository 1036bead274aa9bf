"""Boards: one goal, its workstreams, its tree of briefs. `records` reads their tables for all."""

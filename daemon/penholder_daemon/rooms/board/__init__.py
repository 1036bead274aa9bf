"""Boards: one goal, its workstreams, its tree of briefs."""

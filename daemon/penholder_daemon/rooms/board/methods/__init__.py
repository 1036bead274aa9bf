"""What callers reach of boards, workstreams and briefs: three rooms over one goal."""

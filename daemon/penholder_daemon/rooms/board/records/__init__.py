"""The tables of boards, workstreams and briefs."""

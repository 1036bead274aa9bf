"""What a run tells: rows while it goes on, then tables, goals, JSON and plots."""

"""Models of the rooms, driven by Hypothesis beside the rooms, and the benches that they share."""

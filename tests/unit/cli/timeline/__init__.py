"""`penholder timeline`: facts in, a picture out, and how that is written."""

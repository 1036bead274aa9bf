"""The daemon itself: health, figures, pruning, copies, the end."""

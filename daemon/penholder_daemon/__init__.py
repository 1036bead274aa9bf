"""The daemon: the one hand that writes. See docs/concepts.md for the shape of the house."""

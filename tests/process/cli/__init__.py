"""The command line with a real daemon."""

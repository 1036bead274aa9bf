"""The command line without a real daemon."""

"""The daemon: the one hand that writes.

How it is built, and why, is in docs/architecture.md; what else was tried is in docs/decisions.md.
"""

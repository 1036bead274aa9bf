"""Benchmarks: `python -m bench [name …]`; `make bench` is the standard run.

A store that is measured is a `peers` class; what its clients do is in `clients`, each of which is a
process of its own; `workloads` say what is measured, `report` what is told of it.
"""

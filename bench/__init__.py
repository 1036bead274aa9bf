"""Benchmarks: `python -m bench [name …]`. Figures are ratios against a baseline in the same run."""

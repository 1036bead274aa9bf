"""The queue: `records` is its tables, `claiming` who gets what and for how long, `methods` and
`reading` what callers reach.
"""

"""The words for people: ps, logs, inbox, stop … each a file of that name.

They are clients like any other: what they use, a stranger's program can use too.
"""

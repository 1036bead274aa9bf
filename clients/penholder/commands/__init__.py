"""The parts of the command line: what it reads, what it asks the daemon, what it prints.

Rooms and verbs are made from openrpc.json when they are called for, so that a new method is a new
command without a line being written here.
"""

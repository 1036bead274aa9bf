"""`penholder ROOM VERB …`, made from openrpc.json when it is called for.

So a new method is a new command without a line being written here.
"""

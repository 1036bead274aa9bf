"""Everything that is made from the registry: openrpc.json, typed clients, reference pages.

Run `python -m penholder_daemon.generate` after a method has changed; what it writes is checked in,
and CI fails where it is stale. After trio's generated modules.
"""

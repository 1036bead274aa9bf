"""Everything that is made from the registry and the protocol.

That is openrpc.json, the typed clients for Python and TypeScript, the list of records that `nouns`
hands on, and the reference pages. `make generate` writes it after a method has changed; it is
checked in, and CI fails where it is stale. After trio's generated modules.
"""

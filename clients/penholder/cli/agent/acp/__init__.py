"""Messages of the Agent Client Protocol, as far as somebody here acts on them.

`v1` and `v2` are made from the published schemas (`tests/helpers/acp`).
"""

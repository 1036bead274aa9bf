"""What the daemon and its clients both know: records, errors, limits and the wire format.

Floor 0: no input or output, no event loop, nothing imported from above.
"""

PROTOCOL_VERSION = 1
"""Rises when a released client could no longer speak to a released daemon."""

__version__ = "0.1.0"

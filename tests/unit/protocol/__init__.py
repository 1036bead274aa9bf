"""What both sides know: errors, framing, JSON-RPC."""

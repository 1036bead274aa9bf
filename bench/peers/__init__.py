"""The stores that are measured beside each other: one class each, behind `peer.Peer`."""

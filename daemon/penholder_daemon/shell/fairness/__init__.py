"""What each connection may hold, and whose turn it is."""

"""Blobs on their way: parts come in, what nobody names any more goes out."""

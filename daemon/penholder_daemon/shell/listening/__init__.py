"""Sockets: taking them, letting peers in, serving each worker one of its own."""

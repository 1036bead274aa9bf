"""What both clients use, without I/O: a call over its attempts, what may be sent, reading answers.

Beside it a subscription's place (`following`), ids of requests, tokens, addresses, and what a fork
renews.
"""

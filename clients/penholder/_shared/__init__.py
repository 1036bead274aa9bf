"""What all clients use, without I/O: a call over its attempts, what may be sent, answers.

Beside it a subscription's place (`following`), ids of requests, tokens, addresses, what is known of
a socket (`reach`), and what a fork renews.
"""

"""What both clients use: calls and their retries, reading answers, ids of requests, addresses."""

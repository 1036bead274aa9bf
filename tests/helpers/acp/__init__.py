"""The schemas of the Agent Client Protocol, as they were published, and what is made of them."""

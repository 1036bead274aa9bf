"""What is sent to workers: `methods` is what they reach, `records` what other rooms may use."""

"""What tests share: benches, fakes, peers, daemons as processes, and what boxes them."""

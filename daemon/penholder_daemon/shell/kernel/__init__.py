"""What only the kernel knows: clocks, processes, peers, limits, standard streams."""

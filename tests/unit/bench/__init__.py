"""The benchmarks' own logic: what they count, compare and refuse."""

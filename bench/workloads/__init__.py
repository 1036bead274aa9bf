"""One file each: what is measured, and under which names the figures are kept."""

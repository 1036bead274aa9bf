"""`penholder watch`: what is told, once, and to whom."""

"""What many rooms need: fences, claims, pages, params, exactly once, the commit."""

"""The judge of histories itself: what it lets pass and what not."""

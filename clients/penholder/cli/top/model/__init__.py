"""What is known and what is chosen: facts of the fleet, and the desk of who looks at it. Pure."""

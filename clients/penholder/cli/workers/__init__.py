"""Workers as people speak of them: whose they are (`scope`) and which one is meant (`names`)."""

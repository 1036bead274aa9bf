"""Parts of the runner of agents, each by itself."""

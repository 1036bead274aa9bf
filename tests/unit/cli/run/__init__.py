"""Parts of `penholder run`, each by itself."""

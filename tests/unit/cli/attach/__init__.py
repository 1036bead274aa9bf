"""Parts of `penholder attach`."""

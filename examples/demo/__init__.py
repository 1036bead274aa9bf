"""`make demo`: the main job on this very repository, with every claim checked at the end."""

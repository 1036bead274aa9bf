"""Rows of text for each pane, of facts and choices. Pure: it puts nothing on a screen."""

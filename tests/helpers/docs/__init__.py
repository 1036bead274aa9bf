"""What the docs say, taken at their word: their blocks, and a terminal in which they are said."""

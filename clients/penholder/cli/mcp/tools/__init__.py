"""The tools, a few files by what they are about; `catalog` lists them."""

"""The manual: a page for each word and each room, written from what their help is made of.

`python -m penholder.cli.manual` writes them, `--check` says whether they are as they would be.
"""

"""`penholder doctor`: what may be wrong with an installation, each check by itself.

Checks look and ask, and change nothing; `examination.py` lists them, `command.py` prints.
"""

"""`penholder timeline`: what workers did, as one picture that needs nothing but a browser.

`gathering` reads the journal, within bounds; `model` makes a picture of what was read; `drawing`
and `page` write it as SVG and HTML; `files` puts it where it was wanted. Only the first and the
last touch anything: between them all is a function of its arguments.
"""

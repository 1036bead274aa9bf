"""`penholder top`: the fleet on one screen, live; what it asks is answered there.

What is on the screen is a function of what the daemon said. `feed` reads: the lists once, the
journal from there on, and what only one worker's pane shows. It hands on notices. `model` folds
them into a `Fleet`, and keeps what the person has chosen in a `Desk`; neither knows a clock, a
socket or a terminal. `drawing` makes rows of text of both. What is left for Textual is to put the
rows on the screen and to bring keys: `app`, `panes`, `dialogs`.

So nearly all of it is tested without a terminal, and a daemon that goes away changes nothing on the
screen but a word, until the journal goes on where it stopped.
"""

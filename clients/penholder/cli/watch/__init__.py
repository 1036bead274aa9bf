"""`penholder watch`: what a person wants to hear of a fleet, as it happens.

`noticing` says which entries matter and `silences` who has said nothing for long; both are pure.
`watching` asks the daemon what there is to know of each, `following` brings the entries over
restarts, and `hooks` runs programs that are to hear of it, too.
"""

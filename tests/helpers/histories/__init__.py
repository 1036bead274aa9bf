"""Histories of what several daemons were asked at once, and a judge of what they answered.

`recorded` is what a history holds, `judging` asks every check of it. The others make one: `plans`
draws from a seed what goes wrong when, `hosts` are the daemons, `chaos` is what happens to them,
and `callers` ask them meanwhile.
"""

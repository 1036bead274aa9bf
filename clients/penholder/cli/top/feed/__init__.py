"""What reads: two threads a host, each with a client of its own; they hand on notices.

One follows the journal. It reads the position, then the lists, then all entries after the position,
so that nothing lies between. It asks again from where it stands, whatever happened to the daemon
meanwhile; where retention has taken what it has not read, or another database stands there, it
reads the lists anew. The other reads what is shown of the chosen worker alone.

Times are of the daemon's clock, and hosts differ: how far it is from the one here is asked at the
start and again and again, since either may be set.

The daemon is asked at most ten times a second, and answers with what has gathered; and who looks
away (pause) takes nothing, until the line is full and the thread waits: memory has a bound.
"""

"""`penholder mcp`: the fleet as tools of an agent, by the Model Context Protocol over stdio.

Three layers. Below, what knows bytes and processes: lines in, messages out (`lines`, `outlet`), and
when it is over (`lifeline`). Then the protocol: two eras of it (`eras`), its methods (`methods`),
each request in a thread of its own (`jobs`, `server`). Above, what it is for: tools, and resources
for streams, each a few calls of the daemon (`tools`, `resources`).

Nothing is kept here that the daemon does not have: a server that is killed is followed by another
one, which finds workers, questions and claims where they were. What it holds for its life is the
ownership of one controller (`holding`), whose lease ends by itself.
"""

"""`penholder agent`: the words about agents, one file each; `cli/agent` is what they speak to."""

"""`penholder attach` and `send`: a worker's terminal from elsewhere.

`dialing` reaches its runner, `viewer` is the loop between both terminals, `keys` is pure, and
`steering` says who may type.
"""

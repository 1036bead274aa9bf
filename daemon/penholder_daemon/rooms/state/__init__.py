"""State of runners' bindings: `scopes` says which values are meant, `methods` keeps them."""

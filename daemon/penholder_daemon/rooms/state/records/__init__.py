"""Values in scopes, their bindings and snapshots."""

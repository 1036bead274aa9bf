"""Room for a thousand sockets in this process."""

import resource


def allow_many() -> None:
    """Raise the number of open files to what this process may have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

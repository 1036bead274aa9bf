"""`penholder service uninstall`: what install has put in place goes, data stays."""

from collections.abc import Iterator

from penholder.cli.service import manager, placing
from penholder.cli.service.scope import UNITS, Scope


def uninstall(scope: Scope) -> Iterator[str]:
    """Stop and remove the service; yields what was done."""
    manager.require_root(scope, "uninstall")
    manager.require(scope)
    ours = [path for path in scope.files if placing.is_ours(path)]
    if not ours:
        yield f"no service is installed in {scope.unit_dir}"
        return
    # Not the sysusers file, which is put in place with them and is no unit.
    names = [path.name for path in ours if path.name in UNITS]
    manager.run(scope, "disable", "--now", *names)
    yield f"stopped and disabled {', '.join(names)}"
    for path in ours:
        yield placing.remove(path)
        if path == scope.network_drop_in:
            placing.remove_if_empty(path.parent)
    manager.run(scope, "daemon-reload")
    yield from _kept(scope)


def _kept(scope: Scope) -> Iterator[str]:
    kept = [scope.state_dir, *([scope.config] if scope.config else [])]
    kept += [scope.unit_dir / f"{name}.d" for name in UNITS]
    yield from (f"kept {path}" for path in kept if path.exists())

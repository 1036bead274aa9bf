"""What is checked of a run before it is made."""

import msgspec

from penholder_daemon.core.params import compact_struct
from penholder_daemon.core.transaction import Tx
from penholder_daemon.rooms.runs.records import runs
from penholder_protocol.errors import RunExists, TenantPolicyDenied
from penholder_protocol.nouns import SessionRef


def refuse_second(tx: Tx, run_id: str) -> None:
    """Raise RunExists if there is a run of this id."""
    if runs.find(tx, run_id) is not None:
        raise RunExists(f"there is a run {run_id!r} already", run_id=run_id)


def refuse_foreign_tenant(tx: Tx, tenant_id: str) -> None:
    """Raise TenantPolicyDenied unless the configuration allows the tenant, or all."""
    allowed = tx.world.rules.allowed_tenants
    if allowed is not None and tenant_id not in allowed:
        raise TenantPolicyDenied(
            f"tenant {tenant_id!r} is not among allowed_tenants of the configuration",
            tenant_id=tenant_id,
        )


def whole(ref: SessionRef) -> SessionRef:
    """Check the reference's values; write its time with milliseconds."""
    ref = compact_struct(ref)
    if ref.expires_at is None:
        return ref
    # As all times are told, whatever it was given with; more digits are cut, not rounded.
    second, _, fraction = ref.expires_at.removesuffix("Z").partition(".")
    return msgspec.structs.replace(ref, expires_at=f"{second}.{fraction:0<3.3}Z")

"""A booted systemd in a box, the service in it, and what runs beside it there."""

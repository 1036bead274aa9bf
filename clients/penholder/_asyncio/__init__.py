"""What asyncio alone brings to an awaited client: its loop, and one connection over a socket."""

"""From a message to the method that answers it: trio-jsonrpc's `Dispatch` over the registry."""

from trio_jsonrpc import Dispatch

from penholder_daemon.core.caller import Caller
from penholder_daemon.core.method import Invocation, Method
from penholder_daemon.core.registry import Registry
from penholder_protocol.jsonrpc import Request


class Dispatcher(Dispatch):
    """Looks methods up in the registry.

    The stock dispatcher runs every request in a task of its own and catches no failure of its
    look-up; here a request becomes a checked `Invocation`, and its kind decides who runs it.
    """

    def __init__(self, registry: Registry) -> None:
        """Serve the registry's methods."""
        super().__init__()
        self._registry = registry
        self._methods = {method.name: method for method in registry.public}

    def get_handler(self, method: str) -> Method:
        """Return a method; raises MethodNotFound with the nearest name."""
        return self._registry.require(method)

    def invocation(self, caller: Caller, request: Request, id_text: str | None) -> Invocation:
        """Check a request; raises what is wrong with it before anything has happened."""
        method = self._methods.get(request.method) or self.get_handler(request.method)
        return method.invoke(caller, request.params, id_text)

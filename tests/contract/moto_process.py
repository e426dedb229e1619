"""moto's server as a program, with its port as argument: one request after another.

It looks whether the condition of a write holds, and writes later: of two writers at once, both could win.
"""

import sys
from collections.abc import Iterable
from threading import Lock
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple


class OneAfterAnother:
    """An application that never hears two requests at once."""

    def __init__(self, application: Any) -> None:
        self._application, self._turn = application, Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        with self._turn:
            return list(self._application(environ, start_response))


if __name__ == "__main__":
    served = OneAfterAnother(DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", int(sys.argv[1]), served, threaded=True, request_handler=MotoRequestHandler)

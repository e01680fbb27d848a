"""The embedded engine: one real Redis server for all processes on a data folder, under our own supervision.

- `binary` which redis-server program to run, and how versions compare
- `datafolder` data/redis: the locks, the records beside the append-only file, the log
- `process` one server process: start it, ask how it is, recognise it, stop it
- `membership` the agreement between the processes: join, start, restart, leave (blocking, one thread)
- `server` the same for the event loop: `open_embedded` and the monitor
"""

from orchestration.embedded.server import EmbeddedServer, open_embedded

__all__ = ["EmbeddedServer", "open_embedded"]

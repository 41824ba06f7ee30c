"""How gunicorn serves the site; the bind address comes from the command line."""

import os

workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
timeout = 60
graceful_timeout = 5
# Heartbeat files on a disk can block a worker for as long as the disk does.
_MEMORY = "/dev/shm"  # noqa: S108  # nosec B108
worker_tmp_dir = _MEMORY if os.path.isdir(_MEMORY) else None  # noqa: PTH112
errorlog = "-"
loglevel = "warning"

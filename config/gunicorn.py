"""How gunicorn serves the site; the bind address comes from the command line."""

import os

workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
timeout = 60
graceful_timeout = 5
# Heartbeat files on a disk can block a worker for as long as the disk does.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: PTH112, S108
errorlog = "-"
loglevel = "warning"

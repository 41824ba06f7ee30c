"""The embedded PostgreSQL and Valkey of one machine, and the right to use them while they run."""

from config.servers.errors import ServerError
from config.servers.lease import Lease

__all__ = ["Lease", "ServerError"]

"""The queue between the schedule and the workers, looked at from outside."""

from __future__ import annotations

from django.conf import settings

from portfolio.services import gateway


def depth() -> int:
    """How many messages wait for a worker."""
    return int(gateway.redis_client().llen(settings.CELERY_TASK_DEFAULT_QUEUE))

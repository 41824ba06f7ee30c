"""The product's Celery application, each of whose messages is delivered twice (for bench.kills)."""

from typing import Any

from config.celery import app

_send = app.amqp.send_task_message


def _send_twice(*arguments: Any, **options: Any) -> Any:
    _send(*arguments, **options)
    return _send(*arguments, **options)


setattr(app.amqp, "send_task_message", _send_twice)  # noqa: B010  # a cached property

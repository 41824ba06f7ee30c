"""The installation: settings, URLs, Celery and the processes around them."""

from config.celery import app as celery_app

__all__ = ["celery_app"]

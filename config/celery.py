"""The Celery application and the whole beat schedule, in one table."""

import os

from celery import Celery
from celery.schedules import crontab

from config import heartbeats

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("coffer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
heartbeats.listen()

# Each entry expires just before its next run, so that missed runs do not pile up.
app.conf.beat_schedule = {
    "dispatch due connections": {
        "task": "portfolio.tasks.dispatch_due",
        "schedule": 5.0,
        "options": {"expires": 4},
    },
    "refresh prices": {
        "task": "portfolio.tasks.refresh_prices",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    "audit keys daily": {
        "task": "portfolio.tasks.audit_all",
        "schedule": crontab(hour="4", minute="17"),
        "options": {"expires": 3600},
    },
}

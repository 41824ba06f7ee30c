"""The Celery application and the whole beat schedule, in one table."""

import os
import warnings

from celery import Celery
from celery.schedules import crontab

from config import heartbeats

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# About workers of root, for the sake of pickled messages; ours are JSON.
warnings.filterwarnings("ignore", message=r"\s*You're running the worker with superuser")

app = Celery("coffer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
heartbeats.listen()

# Each entry expires just before its next run, so that missed runs do not pile up.
app.conf.beat_schedule = {
    "dispatch due connections": {
        "task": "portfolio.tasks.dispatch_due",
        "schedule": 1.0,
        "options": {"expires": 1},
    },
    "refresh prices": {
        "task": "portfolio.tasks.refresh_prices",
        "schedule": 300.0,
        "options": {"expires": 290},
    },
    "price moments": {
        "task": "portfolio.tasks.price_moments",
        "schedule": 60.0,
        "options": {"expires": 55},
    },
    "mail notices": {
        "task": "portfolio.tasks.mail_notices",
        "schedule": 15.0,
        "options": {"expires": 14},
    },
    "remind of what is due": {
        "task": "portfolio.tasks.remind",
        "schedule": crontab(minute="23"),
        "options": {"expires": 3500},
    },
    "look for findings daily": {
        "task": "portfolio.tasks.refresh_all_findings",
        "schedule": crontab(hour="3", minute="41"),
        "options": {"expires": 3600},
    },
    "go on with readings of stored records": {
        "task": "portfolio.tasks.resume_renormalisations",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "begin exports anew that were left": {
        "task": "portfolio.tasks.resume_exports",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "begin tax reports anew that were left": {
        "task": "portfolio.tasks.resume_tax_reports",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "begin what-ifs anew that were left": {
        "task": "portfolio.tasks.resume_what_ifs",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "drop old what-ifs": {
        "task": "portfolio.tasks.prune_what_ifs",
        "schedule": crontab(minute="53"),
        "options": {"expires": 3500},
    },
    "drop old exports": {
        "task": "portfolio.tasks.prune_exports",
        "schedule": crontab(minute="47"),
        "options": {"expires": 3500},
    },
    "go on with imports": {
        "task": "portfolio.tasks.resume_imports",
        "schedule": 30.0,
        "options": {"expires": 29},
    },
    "delete drafts of imports": {
        "task": "portfolio.tasks.expire_imports",
        "schedule": crontab(minute="37"),
        "options": {"expires": 3500},
    },
    "prune logs daily": {
        "task": "portfolio.tasks.prune_logs",
        "schedule": crontab(hour="2", minute="29"),
        "options": {"expires": 3600},
    },
    "audit keys daily": {
        "task": "portfolio.tasks.audit_all",
        "schedule": crontab(hour="4", minute="17"),
        "options": {"expires": 3600},
    },
}

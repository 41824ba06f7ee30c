"""Addresses of a person's own settings."""

from django.urls import path

from accounts.views import activity, preferences

app_name = "accounts"
urlpatterns = [
    path("", preferences.edit, name="settings"),
    path("audit/", activity.audit_log, name="audit-log"),
    path("sessions/<int:session_id>/end/", activity.end_session, name="session-end"),
]

"""Django sees the sandbox only to find its management command."""

from django.apps import AppConfig


class SandboxConfig(AppConfig):
    """Offers ``manage.py sandbox``; holds no models."""

    name = "sandbox"

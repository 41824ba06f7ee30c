from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who people are: users, sign-in, audit; knows nothing of portfolios."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connects what listens to sign-ins and what checks the settings."""
        from accounts import checks, receivers  # noqa: F401

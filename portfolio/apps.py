from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """What people own: connections, ledger, prices, exports."""

    name = "portfolio"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portfolio import checks  # noqa: F401  (registers the system checks)

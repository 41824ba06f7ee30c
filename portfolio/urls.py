"""Addresses of the product."""

from django.urls import path

from portfolio.views import (
    assets,
    connections,
    dashboard,
    exports,
    keys,
    manual_entries,
    notices,
    reconciliation,
    transactions,
    transfers,
)

app_name = "portfolio"
urlpatterns = [
    path("", dashboard.index, name="dashboard"),
    path("progress/", dashboard.progress, name="dashboard-progress"),
    path("assets/<path:code>/", assets.detail, name="asset-detail"),
    path("connections/", connections.index, name="connection-list"),
    path("connections/add/", connections.choose, name="connection-add"),
    path(
        "connections/add/<slug:environment>/<slug:exchange>/",
        connections.create,
        name="connection-create",
    ),
    path("connections/forget-keys/", keys.forget, name="keys-forget"),
    path("connections/<uuid:connection_id>/", connections.detail, name="connection-detail"),
    path("connections/<uuid:connection_id>/status/", connections.status, name="connection-status"),
    path("connections/<uuid:connection_id>/key/", keys.passport, name="connection-key"),
    path("connections/<uuid:connection_id>/key/check/", keys.check, name="connection-check"),
    path(
        "connections/<uuid:connection_id>/replace/",
        connections.replace,
        name="connection-replace",
    ),
    path("connections/<uuid:connection_id>/pause/", connections.pause, name="connection-pause"),
    path("connections/<uuid:connection_id>/resume/", connections.resume, name="connection-resume"),
    path("connections/<uuid:connection_id>/sync/", connections.sync, name="connection-sync"),
    path(
        "connections/<uuid:connection_id>/fetch-again/",
        connections.fetch_again,
        name="connection-fetch-again",
    ),
    path("connections/<uuid:connection_id>/remove/", connections.remove, name="connection-remove"),
    path("connections/<uuid:connection_id>/proof/", reconciliation.sheet, name="proof-sheet"),
    path("connections/<uuid:connection_id>/proof/place/", reconciliation.place, name="proof-place"),
    path("connections/<uuid:connection_id>/enter/", manual_entries.create, name="entry-create"),
    path("entries/<int:entry_id>/change/", manual_entries.change, name="entry-change"),
    path("entries/<int:entry_id>/withdraw/", manual_entries.withdraw, name="entry-withdraw"),
    path("entries/<int:entry_id>/undo/", manual_entries.undo, name="entry-undo"),
    path("transactions/", transactions.index, name="transaction-list"),
    path("transactions/<int:transaction_id>/", transactions.detail, name="transaction-detail"),
    path("notices/", notices.index, name="notice-list"),
    path("notices/read/", notices.read_all, name="notice-read-all"),
    path("notices/<int:notice_id>/read/", notices.read, name="notice-read"),
    path("settings/notifications/", notices.settings, name="notice-settings"),
    path("transactions/<int:transaction_id>/link/", transfers.link, name="transfer-link"),
    path("transfers/", transfers.index, name="transfer-list"),
    path("transfers/<int:link_id>/accept/", transfers.accept, name="transfer-accept"),
    path("transfers/<int:link_id>/refuse/", transfers.refuse, name="transfer-refuse"),
    path("transfers/<int:link_id>/undo/", transfers.undo, name="transfer-undo"),
    path("exports/", exports.index, name="export-list"),
    path("exports/<slug:format_id>/", exports.download, name="export-download"),
]

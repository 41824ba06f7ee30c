"""Every address of the site."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("settings/", include("accounts.urls")),
    path("", include("portfolio.urls")),
]

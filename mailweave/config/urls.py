"""Which room answers which path."""

from django.urls import include, path

urlpatterns = [
    path("crm/", include("mailweave.records.crm.urls")),
    path("", include("mailweave.web.urls")),
]

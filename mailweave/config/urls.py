"""Which room answers which path."""

from django.urls import include, path

urlpatterns = [
    path("crm/", include("mailweave.records.crm.urls")),
    path("support/", include("mailweave.records.support.urls")),
    path("recruiting/", include("mailweave.records.recruiting.urls")),
    path("", include("mailweave.web.urls")),
]

handler400 = "mailweave.web.errors.bad_request"
handler403 = "mailweave.web.errors.forbidden"
handler404 = "mailweave.web.errors.not_found"
handler500 = "mailweave.web.errors.server_error"

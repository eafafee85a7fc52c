"""The paths of support."""

from django.urls import path
from django.views.generic import RedirectView

from mailweave.records.support.pages import joining, processors, tickets

app_name = "support"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="support:tickets"), name="home"),
    path("tickets/", tickets.index, name="tickets"),
    path("tickets/new/", tickets.new, name="ticket-new"),
    path("tickets/<int:pk>/", tickets.show, name="ticket"),
    path("tickets/<int:pk>/set/", tickets.change, name="ticket-set"),
    path("tickets/<int:pk>/edit/", tickets.edit, name="ticket-edit"),
    path("tickets/<int:pk>/delete/", tickets.delete, name="ticket-delete"),
    path("tickets/<int:pk>/here/", tickets.here, name="ticket-here"),
    path("tickets/<int:pk>/merge/", joining.merge, name="ticket-merge"),
    path("tickets/<int:pk>/part/", joining.part, name="ticket-part"),
    path("tickets/<int:pk>/split/", joining.split, name="ticket-split"),
    path("settings/", processors.index, name="processors"),
    path("settings/desk/", processors.desk, name="desk"),
    path("settings/new/", processors.new, name="processor-new"),
    path("settings/again/", processors.again, name="processor-again"),
    path("settings/<int:pk>/", processors.show, name="processor"),
    path("settings/<int:pk>/edit/", processors.edit, name="processor-edit"),
    path("settings/<int:pk>/delete/", processors.delete, name="processor-delete"),
    path("settings/held/<int:pk>/", processors.release, name="processor-release"),
]

"""The paths of the CRM."""

from django.urls import path
from django.views.generic import RedirectView

from mailweave.records.crm.pages import companies, contacts, deals, importing, leads, merging

app_name = "crm"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="crm:contacts"), name="home"),
    path("contacts/", contacts.index, name="contacts"),
    path("contacts/new/", contacts.new, name="contact-new"),
    path("contacts/import/", importing.new, {"kind": "contact"}, name="contact-import"),
    path("contacts/export.csv", importing.export, {"kind": "contact"}, name="contact-export"),
    path("contacts/merge/", merging.merge, {"kind": "contact"}, name="contact-merge"),
    path("contacts/<int:pk>/", contacts.show, name="contact"),
    path("contacts/<int:pk>/edit/", contacts.edit, name="contact-edit"),
    path("contacts/<int:pk>/delete/", contacts.delete, name="contact-delete"),
    path("companies/", companies.index, name="companies"),
    path("companies/new/", companies.new, name="company-new"),
    path("companies/names/", companies.names, name="company-names"),
    path("companies/import/", importing.new, {"kind": "company"}, name="company-import"),
    path("companies/export.csv", importing.export, {"kind": "company"}, name="company-export"),
    path("companies/merge/", merging.merge, {"kind": "company"}, name="company-merge"),
    path("companies/<int:pk>/", companies.show, name="company"),
    path("companies/<int:pk>/emails/", companies.emails, name="company-emails"),
    path("companies/<int:pk>/edit/", companies.edit, name="company-edit"),
    path("companies/<int:pk>/delete/", companies.delete, name="company-delete"),
    path("leads/", leads.index, name="leads"),
    path("leads/new/", leads.new, name="lead-new"),
    path("leads/import/", importing.new, {"kind": "lead"}, name="lead-import"),
    path("leads/export.csv", importing.export, {"kind": "lead"}, name="lead-export"),
    path("leads/merge/", merging.merge, {"kind": "lead"}, name="lead-merge"),
    path("leads/<int:pk>/", leads.show, name="lead"),
    path("leads/<int:pk>/edit/", leads.edit, name="lead-edit"),
    path("leads/<int:pk>/convert/", leads.convert, name="lead-convert"),
    path("leads/<int:pk>/delete/", leads.delete, name="lead-delete"),
    path("imports/<int:pk>/", importing.show, name="import"),
    path("imports/<int:pk>/report.csv", importing.report, name="import-report"),
    path("deals/", deals.index, name="deals"),
    path("deals/new/", deals.new, name="deal-new"),
    path("deals/<int:pk>/", deals.show, name="deal"),
    path("deals/<int:pk>/edit/", deals.edit, name="deal-edit"),
    path("deals/<int:pk>/delete/", deals.delete, name="deal-delete"),
]

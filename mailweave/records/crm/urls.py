"""The paths of the CRM."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []

"""The paths of recruiting."""

from django.urls import path
from django.views.generic import RedirectView

from mailweave.records.recruiting.pages import applications, candidates, jobs

app_name = "recruiting"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="recruiting:candidates"), name="home"),
    path("candidates/", candidates.index, name="candidates"),
    path("candidates/new/", candidates.new, name="candidate-new"),
    path("candidates/<int:pk>/", candidates.show, name="candidate"),
    path("candidates/<int:pk>/edit/", candidates.edit, name="candidate-edit"),
    path("candidates/<int:pk>/delete/", candidates.delete, name="candidate-delete"),
    path("candidates/<int:pk>/apply/", applications.apply, name="candidate-apply"),
    path("candidates/<int:pk>/email/", candidates.email, name="candidate-email"),
    path("applications/<int:pk>/move/", applications.move, name="application-move"),
    path("jobs/", jobs.index, name="jobs"),
    path("jobs/new/", jobs.new, name="job-new"),
    path("jobs/<int:pk>/", jobs.show, name="job"),
    path("jobs/<int:pk>/edit/", jobs.edit, name="job-edit"),
    path("jobs/<int:pk>/delete/", jobs.delete, name="job-delete"),
]

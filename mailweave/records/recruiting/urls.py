"""The paths of recruiting."""

from django.urls import path
from django.views.generic import RedirectView

from mailweave.records.recruiting.pages import (
    applications,
    candidates,
    evaluation,
    intakes,
    interviews,
    jobs,
    merging,
    references,
    resumes,
    review,
)

app_name = "recruiting"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="recruiting:candidates"), name="home"),
    path("candidates/", candidates.index, name="candidates"),
    path("candidates/new/", candidates.new, name="candidate-new"),
    path("candidates/merge/", merging.merge, name="candidate-merge"),
    path("candidates/<int:pk>/", candidates.show, name="candidate"),
    path("candidates/<int:pk>/edit/", candidates.edit, name="candidate-edit"),
    path("candidates/<int:pk>/delete/", candidates.delete, name="candidate-delete"),
    path("candidates/<int:pk>/apply/", applications.apply, name="candidate-apply"),
    path("candidates/<int:pk>/email/", candidates.email, name="candidate-email"),
    path("candidates/<int:pk>/timeline/", candidates.timeline, name="candidate-timeline"),
    path("candidates/<int:pk>/resume/", resumes.index, name="candidate-resume"),
    path("resumes/<int:pk>/", resumes.download, name="resume"),
    path("resumes/<int:pk>/delete/", resumes.delete, name="resume-delete"),
    path("wanted/<int:pk>/again/", resumes.again, name="wanted-again"),
    path("candidates/<int:pk>/evaluation/", evaluation.index, name="candidate-evaluation"),
    path("applications/<int:pk>/scorecard/", evaluation.card, name="application-scorecard"),
    path("candidates/<int:pk>/interview/", interviews.index, name="candidate-interview"),
    path("candidates/<int:pk>/interview/new/", interviews.new, name="candidate-interview-new"),
    path("interviews/<int:pk>/", interviews.edit, name="interview"),
    path("candidates/<int:pk>/references/", references.index, name="candidate-references"),
    path("candidates/<int:pk>/references/new/", references.new, name="candidate-reference-new"),
    path("references/<int:pk>/", references.edit, name="reference"),
    path("applications/<int:pk>/move/", applications.move, name="application-move"),
    path("jobs/", jobs.index, name="jobs"),
    path("jobs/new/", jobs.new, name="job-new"),
    path("jobs/<int:pk>/", jobs.show, name="job"),
    path("jobs/<int:pk>/edit/", jobs.edit, name="job-edit"),
    path("jobs/<int:pk>/delete/", jobs.delete, name="job-delete"),
    path("intakes/", intakes.index, name="intakes"),
    path("intakes/new/", intakes.new, name="intake-new"),
    path("intakes/retry/", intakes.retry, name="intake-retry"),
    path("intakes/<int:pk>/", intakes.show, name="intake"),
    path("intakes/<int:pk>/edit/", intakes.edit, name="intake-edit"),
    path("intakes/<int:pk>/address/", intakes.rotate, name="intake-rotate"),
    path("intakes/<int:pk>/delete/", intakes.delete, name="intake-delete"),
    path("review/", review.index, name="review"),
    path("review/<int:pk>/", review.show, name="entry"),
    path("review/<int:pk>/accept/", review.accept, name="entry-accept"),
    path("review/<int:pk>/join/", review.join, name="entry-join"),
    path("review/<int:pk>/dismiss/", review.dismiss, name="entry-dismiss"),
    path("review/<int:pk>/undo/", review.undo, name="entry-undo"),
]

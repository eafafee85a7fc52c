"""Rows for recruiting's tests, made the way the pages make them."""

from typing import Any

from django.test import Client

from mailweave.people import workspaces
from mailweave.people.access import Member
from mailweave.people.models import Membership, Role
from mailweave.records.recruiting import applications, candidates, jobs
from mailweave.records.recruiting.models import Application, Candidate, Job


def make_job(name: str, **fields: Any) -> Job:
    """A job."""
    job = Job(name=name, **fields)
    jobs.store(job)
    return job


def make_candidate(name: str, *addresses: str, **fields: Any) -> Candidate:
    """A candidate; the first address is the primary one."""
    candidate = Candidate(name=name, **fields)
    candidates.store(candidate, addresses)
    return candidate


def make_application(
    candidate: Candidate, job: Job, stage: str = Application.Stage.APPLIED
) -> Application:
    """An application at a stage."""
    row, _ = applications.apply(None, candidate, job, by="a test")
    Application.objects.filter(pk=row.pk).update(stage=stage)
    row.refresh_from_db()
    return row


def make_colleague(
    name: str, role: str = Role.MEMBER, modules: tuple[str, ...] = ()
) -> tuple[Member, Client]:
    """Somebody else in the current workspace, and a browser of theirs."""
    user = workspaces.make_user(name, f"{name.lower()}@home.example", "x", "UTC")
    row = Membership.objects.create(user=user, role=role, modules=list(modules))
    client = Client()
    client.force_login(user)
    return Member(row.workspace_id, user.pk, role, name, modules=frozenset(modules)), client

"""Relinking: rows of policies that are tried, and of stored mail that is linked anew."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import tenancy


class Relinking(tenancy.TenantModel):
    """Stored mail looked at again, some threads at a time, newest first. The row is the truth.

    ::

        measuring --> ready --> applying --> applied --> undoing --> undone
            |           |          `---------------------->^
            `-----------`--> dropped     called off, or the policies were changed meanwhile

    ``choices`` are those of a policy that is tried, then chosen, and ``before`` what they replace:
    {"link": {field: choice}, "mail": {field: choice}}, of :class:`LinkPolicy` and of
    :class:`mail.models.Policy`. A record whose change concerns much mail begins at applying, with
    the ``threads`` concerned, in order, or with the ``addresses`` whose threads the first step
    finds, and ends at applied. ``versions`` are those of the two policies that the row stands on.
    ``people`` and ``samples`` are what measuring found: "kind:id" of who would appear on deals, and
    links that would come or go; ``left_out`` are messages about no record, where only what is about
    one would be kept.
    """

    class State(models.TextChoices):
        MEASURING = "measuring", "Looking at what would change"
        READY = "ready", "Waiting for a decision"
        APPLYING = "applying", "Linking stored mail anew"
        APPLIED = "applied", "Done"
        UNDOING = "undoing", "Linking stored mail as before"
        UNDONE = "undone", "Undone"
        DROPPED = "dropped", "Called off"

    WORKING = (State.MEASURING, State.APPLYING, State.UNDOING)

    state = models.CharField(max_length=10, choices=State.choices)
    threads = ArrayField(models.BigIntegerField(), null=True)
    addresses = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    position = models.BigIntegerField(null=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    choices = models.JSONField(default=dict)
    before = models.JSONField(default=dict)
    versions = ArrayField(models.PositiveIntegerField(), default=list)
    added = models.PositiveIntegerField(default=0)
    removed = models.PositiveIntegerField(default=0)
    left_out = models.PositiveIntegerField(default=0, db_default=0)
    people = ArrayField(models.TextField(), default=list)
    samples = models.JSONField(default=list)
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "workspace_id",
                condition=models.Q(
                    threads=None, state__in=["measuring", "ready", "applying", "undoing"]
                ),
                name="relinking_one_at_a_time",
            ),
        ]

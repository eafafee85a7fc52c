"""SendingRule: what a workspace decided about sending."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from mailweave.kit import tenancy


class SendingRule(tenancy.TenantModel):
    """What goes for every letter of a workspace: one row.

    Limits are letters in any sixty minutes and in any twenty-four hours; they keep an account in
    wrong hands, and a provider's patience, from being used up. What is over them waits.
    """

    copy_to = ArrayField(models.TextField(), default=list, help_text="addresses set in Cc")
    mailbox_hour = models.PositiveIntegerField(default=100)
    mailbox_day = models.PositiveIntegerField(default=400)
    workspace_day = models.PositiveIntegerField(default=5000)
    changed_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint("workspace_id", name="sending_rule_once")]

"""Template: what is written again and again."""

from django.db import models

from mailweave.kit import clock, tenancy


class Template(tenancy.TenantModel):
    """A subject and a text with merge fields (Liquid). Without an ``owner`` everybody has it."""

    owner = models.ForeignKey("people.User", null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    subject = models.CharField(max_length=500, blank=True)
    html = models.TextField()
    made_by = models.ForeignKey(
        "people.User", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["workspace_id", "owner"], name="template_owner")]

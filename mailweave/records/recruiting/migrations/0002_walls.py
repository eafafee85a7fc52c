"""Fences around recruiting's rows, and references that cannot leave a workspace."""

from django.db import migrations

from mailweave.kit import tenancy

TABLES = [
    "recruiting_job",
    "recruiting_candidate",
    "recruiting_candidateaddress",
    "recruiting_application",
]
TARGETS = ["recruiting_job", "recruiting_candidate", "recruiting_application"]
REFERENCES = [
    ("recruiting_candidateaddress", "candidate_id", "recruiting_candidate"),
    ("recruiting_application", "candidate_id", "recruiting_candidate"),
    ("recruiting_application", "job_id", "recruiting_job"),
]


class Migration(migrations.Migration):
    dependencies = [("recruiting", "0001_initial"), ("people", "0002_walls")]

    operations = [
        *[tenancy.owner(table) for table in TABLES],
        *[tenancy.fence(table) for table in TABLES],
        *[tenancy.target(table) for table in TARGETS],
        *[tenancy.reference(*reference) for reference in REFERENCES],
    ]

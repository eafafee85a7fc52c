"""Static files under hashed names, with JavaScript imports rewritten."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Lets browsers keep static files for good: a changed file has a new name."""

    support_js_module_import_aggregation = True
    manifest_strict = False

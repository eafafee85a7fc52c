"""Static files under hashed names, with JavaScript imports rewritten."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Storage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Lets browsers keep static files for good: a changed file has a new name.

    Until ``prepare`` has collected them, files are served under their own names.
    """

    support_js_module_import_aggregation = True
    manifest_strict = False

    def stored_name(self, name: str) -> str:
        """The hashed name, or ``name`` itself where nothing was collected."""
        try:
            return str(super().stored_name(name))
        except ValueError:
            return name

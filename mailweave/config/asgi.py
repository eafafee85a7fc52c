"""Web entry point: ``uvicorn mailweave.config.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailweave.config.settings")
application = get_asgi_application()

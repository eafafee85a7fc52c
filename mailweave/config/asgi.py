"""Web entry point: ``uvicorn mailweave.config.asgi:application``."""

from django.core.asgi import get_asgi_application

from mailweave.config import boot

boot.start()
application = get_asgi_application()

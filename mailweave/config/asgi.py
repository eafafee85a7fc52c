"""Web entry point: ``uvicorn mailweave.config.asgi:application``."""

import warnings

from django.core.asgi import get_asgi_application

from mailweave.config import boot

# Static files are read in small blocks from disk; that they come synchronously is no matter here.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
boot.serve()
application = get_asgi_application()

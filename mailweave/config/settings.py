"""Every setting, read from the environment, in one file."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from mailweave.config import database, secrets
from mailweave.kit.http import is_loopback
from mailweave.providers.base import Endpoints

BASE = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("MAILWEAVE_DATA", BASE.parent / "var")).resolve()
MASTER_KEY_FILE = DATA_DIR / "master.key"

# Where people reach us. Loopback over plain HTTP is for trying things out; anything else is HTTPS.
PUBLIC_URL = os.environ.get("MAILWEAVE_URL", "http://127.0.0.1:8000").rstrip("/")
SECURE = urlsplit(PUBLIC_URL).scheme == "https"
DEBUG = False
SECRET_KEY = secrets.session_key(DATA_DIR)
ALLOWED_HOSTS = [urlsplit(PUBLIC_URL).hostname or "127.0.0.1", "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "template_partials",
    "csp",
    "allauth",
    "allauth.account",
    "mailweave.kit.apps.KitConfig",
    "mailweave.people.apps.PeopleConfig",
    "mailweave.mail.apps.MailConfig",
    "mailweave.linking.apps.LinkingConfig",
    "mailweave.journal.apps.JournalConfig",
    "mailweave.sync.apps.SyncConfig",
    "mailweave.outbox.apps.OutboxConfig",
    "mailweave.records.crm.apps.CrmConfig",
    "mailweave.records.support.apps.SupportConfig",
    "mailweave.records.recruiting.apps.RecruitingConfig",
    "mailweave.web.apps.WebConfig",
]

MIDDLEWARE = [
    "mailweave.web.probes.ProbeMiddleware",
    "mailweave.web.hooks.HookMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "mailweave.people.member.MemberMiddleware",
    "mailweave.web.errors.FrameMiddleware",
]

ROOT_URLCONF = "mailweave.config.urls"
ASGI_APPLICATION = "mailweave.config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE / "web" / "templates"],  # before the templates of allauth
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mailweave.web.context.page",
            ],
        },
    },
]

# The application works as a role that owns nothing, so that row-level security binds it.
# Empty when the URL's own user is already such a role (then migrate as the owner separately).
APP_ROLE = os.environ.get("MAILWEAVE_DB_ROLE", "mailweave_app")
OWNER_COMMANDS = {"migrate", "makemigrations", "showmigrations", "prepare"}
_as_owner = len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS
DB_POOL = os.environ.get("MAILWEAVE_DB_POOL", "on") == "on" and not _as_owner
DATABASES = {"default": database.read(DATA_DIR, "" if _as_owner else APP_ROLE, pool=DB_POOL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 24 * 3600
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "mailweave.web.sign_in.Adapter"
ACCOUNT_FORMS = {
    "login": "mailweave.web.account_forms.LoginForm",
    "change_password": "mailweave.web.account_forms.ChangePasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_cache",
    }
}

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Résumés are kept in the database; what is larger is refused, and says so.
RESUME_BYTES = int(os.environ.get("MAILWEAVE_RESUME_MB", "10")) * 2**20

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {"staticfiles": {"BACKEND": "mailweave.web.storage.Storage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("MAILWEAVE_BEHIND_PROXY") else None
)
CSRF_FAILURE_VIEW = "mailweave.web.errors.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Providers. Endpoints are settings, so that any compatible server can stand in.
_google_api = os.environ.get("MAILWEAVE_GOOGLE_API", "https://gmail.googleapis.com")
_google_accounts = os.environ.get("MAILWEAVE_GOOGLE_ACCOUNTS", "https://accounts.google.com")
_google_oauth = os.environ.get("MAILWEAVE_GOOGLE_OAUTH", "https://oauth2.googleapis.com")
_google_userinfo = os.environ.get(
    "MAILWEAVE_GOOGLE_USERINFO", "https://openidconnect.googleapis.com"
)
_google_certs = os.environ.get("MAILWEAVE_GOOGLE_CERTS", "https://www.googleapis.com")
_microsoft_login = os.environ.get("MAILWEAVE_MICROSOFT_LOGIN", "https://login.microsoftonline.com")
_microsoft_tenant = os.environ.get("MAILWEAVE_MICROSOFT_TENANT", "common")
# Administrators speak for organisations only; a personal account has none.
_microsoft_admins = {"common": "organizations", "consumers": ""}.get(
    _microsoft_tenant, _microsoft_tenant
)
PROVIDER_ENDPOINTS = {
    "gmail": Endpoints(
        authorize=f"{_google_accounts}/o/oauth2/v2/auth",
        token=f"{_google_oauth}/token",
        revoke=f"{_google_oauth}/revoke",
        userinfo=f"{_google_userinfo}/v1/userinfo",
        certs=f"{_google_certs}/oauth2/v3/certs",
        api=_google_api,
        issuers=("https://accounts.google.com", "accounts.google.com"),
    ),
    "outlook": Endpoints(
        authorize=f"{_microsoft_login}/{_microsoft_tenant}/oauth2/v2.0/authorize",
        token=f"{_microsoft_login}/{_microsoft_tenant}/oauth2/v2.0/token",
        revoke="",
        userinfo="",
        certs=f"{_microsoft_login}/{_microsoft_tenant}/discovery/v2.0/keys",
        api=os.environ.get("MAILWEAVE_MICROSOFT_GRAPH", "https://graph.microsoft.com"),
        issuers=(
            "https://login.microsoftonline.com/{tenantid}/v2.0",
            f"{_microsoft_login}/{{tenantid}}/v2.0",
        ),
        admin_consent=(
            f"{_microsoft_login}/{_microsoft_admins}/v2.0/adminconsent" if _microsoft_admins else ""
        ),
    ),
}
PROVIDER_CLIENTS = {
    "gmail": (
        os.environ.get("MAILWEAVE_GOOGLE_CLIENT_ID", ""),
        os.environ.get("MAILWEAVE_GOOGLE_CLIENT_SECRET", ""),
    ),
    "outlook": (
        os.environ.get("MAILWEAVE_MICROSOFT_CLIENT_ID", ""),
        os.environ.get("MAILWEAVE_MICROSOFT_CLIENT_SECRET", ""),
    ),
}
# Quota units a minute that one mailbox may spend (0: no pacing, for compatible servers). At
# Microsoft a unit is a request, and the published number is for ten minutes.
PROVIDER_UNITS_PER_MINUTE = {
    "gmail": int(os.environ.get("MAILWEAVE_GOOGLE_UNITS", "6000")),
    "outlook": int(os.environ.get("MAILWEAVE_MICROSOFT_REQUESTS", "10000")) / 10,
}

# Where providers reach us with notices of changes. Without an address there are none, and polls are
# frequent instead.
_is_public = SECURE and not is_loopback(urlsplit(PUBLIC_URL).hostname or "")
PUSH_URL = os.environ.get("MAILWEAVE_PUSH_URL", PUBLIC_URL if _is_public else "").rstrip("/")
# Gmail publishes to a topic; whoever passes its notices on signs as a service account.
PUSH_TOPICS = {"gmail": os.environ.get("MAILWEAVE_GOOGLE_TOPIC", "")}
PUSH_ACCOUNTS = {"gmail": os.environ.get("MAILWEAVE_GOOGLE_PUSH_ACCOUNT", "")}

# What programs that watch us show to read /metrics; without one there are no metrics.
METRICS_TOKEN = os.environ.get("MAILWEAVE_METRICS_TOKEN", "")

_as_json = os.environ.get("MAILWEAVE_LOG_FORMAT") == "json"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
        "json": {"()": "mailweave.kit.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if _as_json else "line",
        },
    },
    # Its warnings name the paths of refused requests, and a path may name what somebody reads.
    # Strangers who ask for another host are refused; a traceback for each would fill the log.
    # What is asked for may hold words of a search, or the one-time key of a link: never logged.
    "loggers": {
        "uvicorn": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        "uvicorn.error": {"handlers": [], "propagate": True},
        "uvicorn.access": {"handlers": [], "propagate": False},
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL", "propagate": False},
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("MAILWEAVE_LOG", "WARNING")},
}

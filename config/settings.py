"""One settings file; every value comes from the environment and is safe by default.

docs/operating.md and .env.example describe each variable. ``manage.py`` and ``make run`` put the
generated secrets and the addresses of the embedded servers into the environment before this runs.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from kombu import Queue

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

DEBUG: bool = env.bool("DEBUG", default=False)
SECURE: bool = env.bool("SECURE", default=False)
PORT: int = env.int("PORT", default=8000)

# Marked so that the system checks can refuse them outside DEBUG.
UNSAFE_KEY = "unsafe-default-key-for-debug-only"
SECRET_KEY: str = env.str("SECRET_KEY", default=UNSAFE_KEY)
CREDENTIALS_KEY: str = env.str("CREDENTIALS_KEY", default=UNSAFE_KEY)
# The library's own key: credentials are sealed under keys derived from CREDENTIALS_KEY, row by row
# (portfolio/services/credentials.py); this keeps anything else of the library off SECRET_KEY too.
CRYPTOGRAPHY_KEY = hashlib.sha256(CREDENTIALS_KEY.encode()).digest()

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / ".local")))
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- Exchanges ------------------------------------------------------------------------------

SANDBOX: bool = env.bool("SANDBOX", default=False)
SANDBOX_PORT: int = env.int("SANDBOX_PORT", default=8090)
SANDBOX_URL: str = env.str("SANDBOX_URL", default=f"http://127.0.0.1:{SANDBOX_PORT}")
SANDBOX_SPEED: str = env.str("SANDBOX_SPEED", default="1")
EXCHANGE_BASE_URLS: dict[str, str] = env.json("EXCHANGE_BASE_URLS", default={})
OUTBOUND_ADDRESSES: list[str] = env.list("OUTBOUND_ADDRESSES", default=[])
ALLOW_TRADE_KEYS: bool = env.bool("ALLOW_TRADE_KEYS", default=False)
SYNC_INTERVAL_SECONDS: int = env.int("SYNC_INTERVAL_SECONDS", default=900)
SYNC_LEASE_SECONDS: int = env.int("SYNC_LEASE_SECONDS", default=60)
# How long files for other programs are kept; what is known of them stays.
EXPORTS_KEPT_DAYS: int = env.int("EXPORTS_KEPT_DAYS", default=30)
# How long it is kept what would have been if something had been sold.
WHAT_IFS_KEPT_DAYS: int = env.int("WHAT_IFS_KEPT_DAYS", default=30)
# Logs of what Coffer did: how long each line of them stays (docs/operating.md: what lasts).
SYNC_RUNS_KEPT_DAYS: int = env.int("SYNC_RUNS_KEPT_DAYS", default=90)
ASKINGS_KEPT_DAYS: int = env.int("ASKINGS_KEPT_DAYS", default=400)
SHARE_LOGS_KEPT_DAYS: int = env.int("SHARE_LOGS_KEPT_DAYS", default=400)
REGISTRATION: str = env.str("REGISTRATION", default="open")

# --- Imports: how much is read of a file that a person brings ----------------------------------

IMPORT_MAX_MB: int = env.int("IMPORT_MAX_MB", default=50)
IMPORT_MAX_UNPACKED_MB: int = env.int("IMPORT_MAX_UNPACKED_MB", default=200)
IMPORT_MAX_FILES: int = env.int("IMPORT_MAX_FILES", default=50)
IMPORT_MAX_ROWS: int = env.int("IMPORT_MAX_ROWS", default=200_000)

# --- Django ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "accounts",
    "portfolio",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "csp",
    "config",
    *(["sandbox"] if SANDBOX else []),
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portfolio.views.uploads.UploadSizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionActivityMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.installation",
                "portfolio.context.header",
            ],
        },
    },
]

DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgres://coffer:coffer@127.0.0.1:5432/coffer"),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
    }
}

REDIS_URL: str = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "static")))
STATICFILES_DIRS = [path for path in (BASE_DIR / "build",) if path.is_dir()]
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or env.bool("PLAIN_STATIC", default=False)
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = env.bool("PLAIN_STATIC", default=DEBUG)

# --- Sign-in --------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTH_PASSWORD_VALIDATORS[1]["OPTIONS"] = {"min_length": 10}  # type: ignore[assignment]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portfolio:dashboard"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
USERSESSIONS_ADAPTER = "accounts.adapter.UserSessionsAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env.str("EMAIL_VERIFICATION", default="mandatory")
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Coffer] "
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a mail for each change of password, address or second step
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
MFA_TOTP_ISSUER = "Coffer"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # browsers allow passkeys on http://localhost only
USERSESSIONS_TRACK_ACTIVITY = True  # by accounts.middleware.SessionActivityMiddleware
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
globals().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20  # seconds; a mail server that says nothing must not hold a worker
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Coffer <coffer@localhost>")

# --- Transport security ---------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SECURE
SECURE_HSTS_SECONDS = 31536000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = 1  # whose X-Forwarded-For is believed, for limits and the audit
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
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# --- Celery ---------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "celery"
# Workers take from both in turn: what is short and urgent does not stand behind long work.
CELERY_TASK_QUEUES = [Queue("celery"), Queue("urgent")]
CELERY_TASK_ROUTES = {
    "portfolio.tasks.dispatch_due": {"queue": "urgent"},
    "portfolio.tasks.check_connection": {"queue": "urgent"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 600}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# --- Logging: ids only; never keys, addresses or amounts --------------------------------------

LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "config.logs.Redact"}},
    "formatters": {"plain": {"()": "config.logs.formatter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["redact"],
        },
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        # These print headers and bodies below WARNING.
        "ccxt": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "requests": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        # A line each few seconds about nothing.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}

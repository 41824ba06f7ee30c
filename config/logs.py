"""Log lines: one form for all processes, with anything that looks like a secret taken out."""

from __future__ import annotations

import logging
import re

import structlog

# Signatures and keys can only reach a log through a library's URL or header dump; cut them there.
_SECRETS = re.compile(
    r"(?i)((?:signature|api-?sign|api-?key|x-mbx-apikey|secret|passphrase|password|authorization)"
    r"[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+"
)


class Redact(logging.Filter):
    """Replaces the values of secret-looking parameters in every message."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        clean = _SECRETS.sub(r"\1[redacted]", message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True


def formatter() -> logging.Formatter:
    """Makes the formatter that both structlog's and the standard library's lines go through."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            ),
        ],
    )

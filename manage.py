#!/usr/bin/env python
"""Every command of the installation; `manage.py help` lists them."""

import os
import signal
import sys


def main() -> None:
    """Runs one command, with the embedded servers for as long as it takes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Until boot takes over there is nothing to clean up, so an early Ctrl-C just ends the process:
    # Python's own exception is lost when it comes up inside an import's callback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        from config.boot import services

        with services(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # whoever read the answer has seen enough, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


if __name__ == "__main__":
    main()

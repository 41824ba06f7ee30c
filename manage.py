#!/usr/bin/env python
"""Every command of the installation; `manage.py help` lists them."""

import os
import sys


def main() -> None:
    """Runs one command, with the embedded servers for as long as it takes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        # In here, so that Ctrl-C while they are read is as quiet as later.
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

#!/usr/bin/env python
"""Every command of the installation; `manage.py help` lists them."""

import os
import sys

from config.boot import services


def main() -> None:
    """Runs one command, with the embedded servers for as long as it takes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        with services(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()

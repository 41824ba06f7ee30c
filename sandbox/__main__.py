"""``python -m sandbox``: the exchanges alone, without Django."""

import os
import sys
from argparse import ArgumentParser

from sandbox.cli import add_arguments, run

port = os.environ.get("SANDBOX_PORT", "8090")
parser = ArgumentParser(prog="sandbox", description="Stand-in exchanges on loopback.")
add_arguments(
    parser,
    port=int(port),
    speed=os.environ.get("SANDBOX_SPEED", "1"),
    url=os.environ.get("SANDBOX_URL", f"http://127.0.0.1:{port}"),
)
sys.exit(run(parser.parse_args()))

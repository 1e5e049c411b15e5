"""``python -m reproduce``, and the script ``reproduce``."""

import signal
import sys

from reproduce.cli import main


def end():
    """Run the command line and exit with its code."""
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done; Ctrl-C while Aesara tidies up would show a traceback
    sys.exit(code)


if __name__ == "__main__":
    end()

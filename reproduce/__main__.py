"""``python -m reproduce``."""

import signal
import sys

from reproduce.cli import main

code = main()
signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done; Ctrl-C while Aesara tidies up would show a traceback
sys.exit(code)

"""Read by the interpreter of a run before all else: SIGUSR1 writes on the screen what the main thread is doing."""

import faulthandler
import signal

faulthandler.register(signal.SIGUSR1, all_threads=False)

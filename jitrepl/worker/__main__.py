"""`python -m jitrepl.worker FD`: a worker in an interpreter of its own, on an inherited socket."""

import sys

from jitrepl.worker.start import main

main(int(sys.argv[1]))

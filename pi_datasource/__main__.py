"""`python -m pi_datasource COMMAND …`; the commands are in `cli`."""

from __future__ import annotations

import sys

from pi_datasource.cli import main

if __name__ == "__main__":
    sys.exit(main())

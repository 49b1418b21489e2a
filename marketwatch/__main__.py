"""`python -m marketwatch`."""

from __future__ import annotations

import sys

from marketwatch.app.main import main

if __name__ == "__main__":
    sys.exit(main())

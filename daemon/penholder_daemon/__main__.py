"""`python -m penholder_daemon` is `penholderd`."""

from penholder_daemon.main import main

raise SystemExit(main())

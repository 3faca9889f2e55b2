"""``python -m migrate.trace`` is ``bn-migrate-trace``."""

from migrate.trace.command import main

if __name__ == "__main__":
    main()

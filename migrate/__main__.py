"""``python -m migrate``."""

from migrate.start import main

if __name__ == "__main__":
    main()

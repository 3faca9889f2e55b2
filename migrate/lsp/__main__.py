"""``python -m migrate.lsp``: the program for editors that know an interpreter."""

from migrate.lsp.command import main

if __name__ == "__main__":
    main(prog_name="bn-migrate-lsp")

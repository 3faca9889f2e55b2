"""What runs inside the user's program: it needs Python 3.10 and the standard library, and nothing of bn-migrate.

The modules import each other relatively, since the package has another name where bn-migrate is not installed.
"""

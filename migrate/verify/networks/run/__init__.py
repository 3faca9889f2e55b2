"""What runs in the interpreters of the frameworks, where bn-migrate and its dependencies need not be installed."""

"""The language server: what the command line finds, while the text is edited. pygls is imported nowhere else."""

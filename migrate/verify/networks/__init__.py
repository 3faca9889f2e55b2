"""The proof of whole networks: the original runs in torch, the rewritten files with MindSpore's layers inside."""

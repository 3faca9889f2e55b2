"""The proof: runs every rewritten call in both frameworks and compares what they compute."""

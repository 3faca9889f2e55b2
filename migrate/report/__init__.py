"""Shows results; decides nothing."""

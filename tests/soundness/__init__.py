"""Generated programs: the migrated one computes what the original did, or a review says where it would not."""

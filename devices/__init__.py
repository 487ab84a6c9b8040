"""Places, clusters, the order log and its delivery, receipts, presence: everything between a decision and a sound."""

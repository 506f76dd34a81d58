"""What every job stands on: runs, batches, the journal, leases, progress."""

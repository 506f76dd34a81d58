"""What every job stands on: runs, batches, the journal, writes, progress."""

"""The orchestrator: order of steps, concurrency, journal and reports."""

"""One file a job: what an orchestrator method starts, and what it does."""

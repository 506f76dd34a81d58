"""The fake store's resources: functions from a request to an answer, and their routes."""

"""The fake store's resources, one module for each: functions from a request to an answer, and the routes to them."""

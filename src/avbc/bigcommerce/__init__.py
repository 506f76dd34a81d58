"""The typed BigCommerce client: models, calls, errors, quota, retries. It knows nothing of AcctVantage."""

"""The mapping engine: pure rules from BigCommerce's values to AcctVantage's records, or problems."""

"""AcctVantage's side: records, the Gateway protocol, and books that work out of the box. It knows nothing of BigCommerce."""

"""Files that a person imports into AcctVantage, or exports from it; no Gateway is needed."""

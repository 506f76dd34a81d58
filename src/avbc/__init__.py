"""avbc joins a BigCommerce store to the AcctVantage ERP."""

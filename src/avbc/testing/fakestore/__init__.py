"""A BigCommerce store in memory."""

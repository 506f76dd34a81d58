"""BigCommerce's endpoints: pure functions that return the `Call` to send, one file per resource."""

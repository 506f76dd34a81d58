"""BigCommerce's endpoints, each written once: a pure function that returns the `Call` to send. One file per resource."""

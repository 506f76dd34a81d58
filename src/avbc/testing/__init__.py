"""What an embedder's test suite uses: a fake store, factories, the gateway contract and a pytest plugin."""

"""The tests that any `avbc.Gateway` must pass, in any implementation.

Subclass `GatewayContract` in your test suite and say how your books are opened:

    import avbc
    from avbc.testing.contract import GatewayContract

    class TestMyBooks(GatewayContract):
        @pytest.fixture
        def gateway(self, tmp_path):
            with MyGateway(tmp_path) as books:
                yield books

        def add_products(self, gateway, products):
            gateway.import_products(products)

        def add_quantities(self, gateway, warehouse, on_hand): ...

        def add_shipment(self, gateway, shipment): ...

Each test starts with empty books. It writes through the protocol alone, except what users of the
books enter: that goes through these methods.
"""

from avbc.testing.contract.examples import ANA, make_bundle, make_order
from avbc.testing.contract.exporting import ExportContract
from avbc.testing.contract.following import FollowContract
from avbc.testing.contract.importing import ImportContract

__all__ = ["ANA", "GatewayContract", "make_bundle", "make_order"]


class GatewayContract(ImportContract, FollowContract, ExportContract):
    """What avbc relies on. Override the fixture `gateway` and the methods that fill your books."""

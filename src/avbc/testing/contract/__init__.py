"""The tests that any `avbc.Gateway` must pass, in any implementation, in the same parts.

Subclass the contract of each part that your books have, and say how they are opened:

    import avbc
    from avbc.testing import ImportContract, StatusContract

    class TestMyBooks(ImportContract, StatusContract):
        @pytest.fixture
        def gateway(self, tmp_path):
            with MyGateway(tmp_path) as books:
                yield books

        def add_products(self, gateway, products):
            gateway.import_products(products)

`GatewayContract` is all of them, and what needs two parts; `TurnContract`, for books at which
several processes work, is apart. Each test starts with empty books. It
writes through the methods of its own part and of `ImportGateway` alone, except what users of the
books enter. That goes through methods of yours: `add_products`, `add_quantities` (for
`StockContract`) and `add_shipment` (for `ShipmentContract`).
"""

from avbc.testing.contract.clients import ClientContract
from avbc.testing.contract.credits import CreditContract
from avbc.testing.contract.examples import ANA, make_bundle, make_order
from avbc.testing.contract.following import FollowContract
from avbc.testing.contract.importing import ImportContract
from avbc.testing.contract.payments import PaymentContract
from avbc.testing.contract.products import ProductContract
from avbc.testing.contract.shipments import ShipmentContract
from avbc.testing.contract.statuses import StatusContract
from avbc.testing.contract.stock import StockContract
from avbc.testing.contract.turns import TurnContract
from avbc.testing.contract.whole import GatewayContract

__all__ = [
    "ANA",
    "ClientContract",
    "CreditContract",
    "FollowContract",
    "GatewayContract",
    "ImportContract",
    "PaymentContract",
    "ProductContract",
    "ShipmentContract",
    "StatusContract",
    "StockContract",
    "TurnContract",
    "make_bundle",
    "make_order",
]

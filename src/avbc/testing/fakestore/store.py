"""FakeStore: a BigCommerce store that lives in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from avbc.report import counted
from avbc.testing.fakestore.abilities import LocalStore
from avbc.testing.fakestore.http import StoreRequest, StoreResponse

if TYPE_CHECKING:
    import httpx
    import respx

    from avbc.testing.fakestore.loopback import LoopbackServer
    from avbc.testing.fakestore.transport import FakeTransport


class FakeStore(LocalStore):
    """A stateful BigCommerce store in memory, for tests.

    It answers as the real one is documented to: authentication and scopes, quota headers, paging,
    errors in the shapes of both API versions, embedded consignments with their limits. One core is
    reached three ways: `transport()` for httpx, `mount()` on respx, `serve()` over real loopback
    HTTP. It is safe to use from several threads.

    >>> store = FakeStore()
    >>> store.api_url
    'https://api.bigcommerce.com/stores/abc123/v3/'
    >>> store.request("GET", "/v2/orders").status
    204

    Args:
        access_token: The token it accepts; any other gets 401.
        store_hash: The store's hash in its addresses.
        scopes: The OAuth scopes of the token, by their parameter names (`store_v2_orders`); all by
            default.
        quota: Requests in 30 seconds. So large by default that no test waits; 150 is a Standard
            plan.
        other_apps: Requests of each window that other applications use.
        latency: Seconds before each answer.
        clock: Returns unix seconds; what the window, `date_modified` and the `Date` header are read
            from.
        status_labels: Names that the merchant gave to statuses, by status id.
        settle_after: After how many further requests a stock level, a capture or a void shows;
            None: only by `settle()`.
        shipments_move_status: Whether a new shipment makes its order Partially Shipped or Shipped.
            BigCommerce does not say, and some applications see it.
        embeds: Whether orders include what is asked for; otherwise they have links only.
        client_id: Of the API account; hooks show it.
        client_secret: Of the API account; it signs webhooks.
    """

    def __repr__(self) -> str:
        state = self._core.state
        held = counted(len(state.orders), "order"), counted(len(state.products), "product")
        return f"<FakeStore {self.store_hash}: {', '.join(held)}>"

    @property
    def api_url(self) -> str:
        """The API path as BigCommerce shows it when the API account is made."""
        return f"https://api.bigcommerce.com/stores/{self.store_hash}/v3/"

    # The core and the ways to it

    def request(
        self, method: str, path: str, query: str = "", body: bytes = b"", **headers: str
    ) -> StoreResponse:
        """Answer a request directly, with the right token; for tests of the fake store."""
        sent = {"x-auth-token": self.access_token, "content-type": "application/json", **headers}
        return self.answer(StoreRequest(method, path, query, sent, body), waited=False).response

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer an httpx request; a network fault raises the exception that httpx raises."""
        # httpx is imported where it is used.
        from avbc.testing.fakestore.transport import deliver  # noqa: PLC0415

        return deliver(self.answer(self.translate(request), waited=False), request)

    def transport(self) -> FakeTransport:
        """Return an httpx transport for `httpx.Client` and `httpx.AsyncClient` alike."""
        # httpx is imported where it is used.
        from avbc.testing.fakestore.transport import FakeTransport  # noqa: PLC0415

        return FakeTransport(self)

    def mount(self, router: respx.Router) -> respx.Route:
        """Let a respx router send every request to this store's address here; returns the route.

        The store's latency is not waited for.
        """
        return router.route(url__startswith=self.api_url.removesuffix("v3/")).mock(
            side_effect=self.handle
        )

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> LoopbackServer:
        """Serve over real HTTP on loopback, in a thread: a context manager with an `api_url`.

        >>> with FakeStore().serve() as server:
        ...     server.api_url.startswith("http://127.0.0.1:")
        True
        """
        # asyncio is imported where it is used.
        from avbc.testing.fakestore.loopback import LoopbackServer  # noqa: PLC0415

        return LoopbackServer(self, host, port)

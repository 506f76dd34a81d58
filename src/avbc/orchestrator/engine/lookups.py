"""What orders need from the books: read for a page at once, kept up to date during the import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

import attrs

from avbc.acctvantage import Client, OrderBundle, Product
from avbc.acctvantage.import_ids import client_import_id
from avbc.bigcommerce.models import Order, OrderCoupon
from avbc.mapping import MappedOrder, Mapper, MappingRules, OrderInputs, Problem
from avbc.mapping.discount import PROMOTION_CODE
from avbc.mapping.payment import has_unknown_names
from avbc.mapping.product_names import ProductNames
from avbc.mapping.products import products_by_name
from avbc.money import ZERO
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.parts import Parts
from avbc.settings import Settings
from avbc.text import text_key

_SOLVED_BY_COUPONS = frozenset({"coupon_unknown", "promotion_differs"})
"""Problems that the coupons' types may solve; the codes and amounts on the lines often suffice."""


class Lookups:
    """The books as the mapping engine sees them in one run.

    Two orders of a run by the same new guest are one client, and the first order with a new coupon
    creates the promotion that the second is compared with: so what an order writes is remembered
    for the orders after it.
    """

    def __init__(self, settings: Settings, parts: Parts) -> None:
        self._settings = settings
        self._code = settings.order_status.import_source_code
        self._books = parts.importing
        self._reference = self._books.reference_data()
        self._loads_files = parts.loads_files
        self._mapper = self._made()
        self._product_names = ProductNames(settings.products)
        self._clients: dict[int, Client] = {}
        self._clients_by_key: dict[str, dict[int, None]] = {}
        self._products: dict[str, tuple[Product, ...]] = {}
        self._imagined: dict[int, Client] = {}
        self._without_terms: dict[str, OrderCoupon] = {}
        """Coupons that are no promotions, by `text_key` of their codes: only amounts matter."""

    @property
    def rules(self) -> MappingRules:
        """The settings and the reference data of the books."""
        return self._mapper.rules

    @property
    def setup_problems(self) -> tuple[Problem, ...]:
        """The problems of the set-up that would refuse every order."""
        return self._mapper.setup_problems

    def read_language(self, orders: Sequence[Order], integration: Integration) -> None:
        """Read the store's language, once, where names on these orders may be translations.

        Raises:
            StoreError: The store does not answer.
        """
        rules = self._mapper.rules
        if not rules.language and any(has_unknown_names(order, rules) for order in orders):
            self._use(integration.language)

    def _use(self, language: str) -> None:
        self._mapper = self._made(language)

    def _made(self, language: str = "") -> Mapper:
        return Mapper(
            self._settings, self._reference, language=language, loads_files=self._loads_files
        )

    def read(self, orders: Sequence[Order], *, again: bool = False) -> None:
        """Read the clients and products that these orders may need, with one call each.

        What was read before is forgotten, unless these are some of the same orders `again`.
        """
        if not again:
            self._clients.clear()
            self._clients_by_key.clear()
            self._products = {}
        keys = [self._keys_of(order) for order in orders]
        import_ids = {import_id for import_id, _ in keys if import_id}
        by_email = self._settings.order_status.match_clients_by_email
        emails = {email for _, email in keys if email and by_email}
        found_clients = self._books.find_clients(import_ids, emails) if import_ids or emails else []
        for client in (*found_clients, *self._imagined.values()):
            self._add(client)
        wanted = [self._product_names.of(line) for order in orders for line in order.lines]
        names = {text_key(each.name) for each in wanted if each is not None} - {""}
        found = products_by_name(self._books.find_products(names) if names else (), names)
        kept = {name: products for name, products in self._products.items() if name not in names}
        self._products = kept | found

    def map(
        self,
        inputs: OrderInputs,
        read_coupons: Callable[[Order], Sequence[OrderCoupon]],
    ) -> MappedOrder:
        """Map one of the orders that `read` was called with, with what was read of the books.

        Its coupons are read only where their types matter.

        Raises:
            AvbcError: What `read_coupons` raises.
        """
        order = inputs.order
        known = self._known_coupons(order)
        coupons = known or (self._read(order, read_coupons) if self._coupons_are_new(order) else ())
        mapped = self._mapper.map(self._inputs(inputs, coupons))
        if (known or not coupons) and any(
            problem.code in _SOLVED_BY_COUPONS for problem in mapped.problems
        ):
            mapped = self._mapper.map(self._inputs(inputs, self._read(order, read_coupons)))
        return mapped

    def _read(
        self, order: Order, read_coupons: Callable[[Order], Sequence[OrderCoupon]]
    ) -> Sequence[OrderCoupon]:
        coupons = read_coupons(order)
        self._without_terms |= {
            text_key(coupon.code): coupon for coupon in coupons if coupon.type == PROMOTION_CODE
        }
        return coupons

    def _known_coupons(self, order: Order) -> tuple[OrderCoupon, ...]:
        """The order's coupons, where earlier orders had all of them and the lines their amounts."""
        if not self._without_terms:
            return ()
        shares: dict[str, Decimal] = {}
        for applied in (one for line in order.lines for one in line.applied_discounts if one.code):
            code = text_key(applied.code or "")
            shares[code] = shares.get(code, ZERO) + applied.amount
        if sum(shares.values(), ZERO) != order.coupon_discount:
            return ()
        known = [self._without_terms.get(code) for code in shares]
        if not all(known):
            return ()
        return tuple(
            attrs.evolve(coupon, discount=taken)
            for coupon, taken in zip(known, shares.values(), strict=True)
            if coupon is not None
        )

    def _inputs(self, inputs: OrderInputs, coupons: Sequence[OrderCoupon]) -> OrderInputs:
        ids: dict[int, None] = {}
        for key in self._keys_of(inputs.order):
            ids.update(self._clients_by_key.get(key or "", {}))
        clients = tuple(self._clients[client_id] for client_id in ids)
        return attrs.evolve(
            inputs, products=self._products, clients=clients, coupons=tuple(coupons)
        )

    def _coupons_are_new(self, order: Order) -> bool:
        """Whether the order's coupons must be read.

        One of them is not a promotion of the books yet, so its type is needed to create it; or the
        lines do not have all of them: a coupon on the shipping cost is on no line.
        """
        if not order.coupon_discount:
            return False
        shares = [
            applied for line in order.lines for applied in line.applied_discounts if applied.code
        ]
        return sum((applied.amount for applied in shares), ZERO) < order.coupon_discount or any(
            text_key(applied.code or "") not in self._mapper.rules.promotions for applied in shares
        )

    def remember(self, bundle: OrderBundle, client_id: int | None, contact_id: int | None) -> None:
        """Remember what creating the order wrote in addition to it."""
        if bundle.new_promotions or bundle.new_ship_vias:
            self._reference = attrs.evolve(
                self._reference,
                promotions=(*self._reference.promotions, *bundle.new_promotions),
                ship_vias=(*self._reference.ship_vias, *bundle.new_ship_vias),
            )
            self._use(self._mapper.rules.language)
        if client_id is None or not (client := self._clients.get(client_id, bundle.new_client)):
            return
        contacts = client.contacts
        if bundle.new_contact is not None:
            contacts = (*contacts, attrs.evolve(bundle.new_contact, id=contact_id))
        self._add(
            attrs.evolve(
                client,
                id=client_id,
                import_id=bundle.bind_import_id or client.import_id,
                contacts=contacts,
            )
        )

    @staticmethod
    def keys_written(bundle: OrderBundle) -> set[str]:
        """What the client of an order will be known by, once the order is written.

        Another order that has one of them (`keys`) is mapped after that.
        """
        client, contact = bundle.new_client, bundle.new_contact
        contacts = [*(client.contacts if client else ()), *([contact] if contact else ())]
        emails = [bundle.client_email, client.email if client else ""]
        keys = {text_key(email) for email in (*emails, *(each.email for each in contacts))}
        return (keys | {bundle.bind_import_id or "", (client and client.import_id) or ""}) - {""}

    def imagine(self, bundle: OrderBundle) -> None:
        """Remember what a preview would write; a new client gets an id below zero."""
        client_id = bundle.client_id
        if client_id is None and bundle.new_client is not None:
            client_id = -1 - len(self._imagined)
        self.remember(bundle, client_id, None)
        if client_id is not None and client_id < 0:
            self._imagined[client_id] = self._clients[client_id]

    def _add(self, client: Client) -> None:
        if client.id is None:
            return
        self._clients[client.id] = client
        keys = [
            client.import_id,
            text_key(client.email),
            *(text_key(contact.email) for contact in client.contacts),
        ]
        if self._code in client.store_customer_ids:
            keys.append(client_import_id(self._code, client.store_customer_ids[self._code]))
        for key in keys:
            if key:
                self._clients_by_key.setdefault(key, {})[client.id] = None

    def keys(self, order: Order) -> set[str]:
        """What the client of an order may be known by."""
        return {key for key in self._keys_of(order) if key}

    def _keys_of(self, order: Order) -> tuple[str | None, str]:
        """The Import ID and the email by which the order's client may be known."""
        email = text_key(order.billing_address.email)
        return client_import_id(self._code, order.customer_id), email

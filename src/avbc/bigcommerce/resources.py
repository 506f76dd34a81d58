"""The endpoints of a store by the names that people type, such as `store.orders.list(...)`."""

from __future__ import annotations

from avbc.bigcommerce.bind import Group, RunnerT_co, endpoint, list_endpoint
from avbc.bigcommerce.endpoints import (
    catalog,
    customers,
    inventory,
    orders,
    other,
    payments,
    store,
)


class Orders(Group[RunnerT_co]):
    """Orders."""

    list = list_endpoint(orders.list_orders)
    waiting = list_endpoint(orders.waiting_orders)
    get = endpoint(orders.get_order)
    count = endpoint(orders.count_orders)
    update = endpoint(orders.update_order)


class OrderProducts(Group[RunnerT_co]):
    """The lines of orders."""

    list = list_endpoint(orders.list_order_products)


class OrderShippingAddresses(Group[RunnerT_co]):
    """The addresses that orders go to."""

    list = list_endpoint(orders.list_order_shipping_addresses)


class OrderConsignments(Group[RunnerT_co]):
    """How the lines of orders reach the customer: shipping, pickup, email."""

    get = endpoint(orders.get_order_consignments)


class OrderCoupons(Group[RunnerT_co]):
    """The coupons that orders used."""

    list = list_endpoint(orders.list_order_coupons)


class OrderTaxes(Group[RunnerT_co]):
    """The tax rows of orders."""

    list = list_endpoint(orders.list_order_taxes)


class OrderFees(Group[RunnerT_co]):
    """The fees of orders."""

    list = endpoint(orders.list_order_fees)


class OrderShipments(Group[RunnerT_co]):
    """What went out of orders."""

    list = list_endpoint(orders.list_shipments)
    get = endpoint(orders.get_shipment)
    count = endpoint(orders.count_shipments)
    create = endpoint(orders.create_shipment)


class OrderStatuses(Group[RunnerT_co]):
    """The statuses that orders can have."""

    list = endpoint(orders.list_order_statuses)


class Transactions(Group[RunnerT_co]):
    """The steps of orders' payments."""

    list = endpoint(payments.list_transactions)


class Refunds(Group[RunnerT_co]):
    """Refunds."""

    list = list_endpoint(payments.list_refunds)


class PaymentActions(Group[RunnerT_co]):
    """What the gateway does with authorized payments."""

    capture = endpoint(payments.capture_payment)
    void = endpoint(payments.void_payment)


class PaymentMethods(Group[RunnerT_co]):
    """Ways to pay."""

    list = list_endpoint(payments.list_payment_methods)
    accepted = endpoint(payments.list_accepted_payment_methods)


class Customers(Group[RunnerT_co]):
    """Registered customers."""

    list = list_endpoint(customers.list_customers)
    create_many = endpoint(customers.create_customers)
    update_many = endpoint(customers.update_customers)


class CustomerAddresses(Group[RunnerT_co]):
    """The address books of registered customers."""

    list = list_endpoint(customers.list_customer_addresses)
    create_many = endpoint(customers.create_customer_addresses)
    update_many = endpoint(customers.update_customer_addresses)


class Products(Group[RunnerT_co]):
    """Products."""

    list = list_endpoint(catalog.list_products)
    get = endpoint(catalog.get_product)
    create = endpoint(catalog.create_product)
    update_many = endpoint(catalog.update_products)


class Variants(Group[RunnerT_co]):
    """The variants of products."""

    list = list_endpoint(catalog.list_variants)
    update_many = endpoint(catalog.update_variants)


class Inventory(Group[RunnerT_co]):
    """Stock."""

    items = list_endpoint(inventory.list_inventory_items)
    adjust_absolute = endpoint(inventory.adjust_absolute)


class Locations(Group[RunnerT_co]):
    """The places where stock is kept."""

    list = list_endpoint(inventory.list_locations)


class InventorySettings(Group[RunnerT_co]):
    """When the store itself changes stock."""

    get = endpoint(inventory.get_inventory_settings)


class ShippingZones(Group[RunnerT_co]):
    """Shipping zones."""

    list = endpoint(store.list_zones)


class ShippingMethods(Group[RunnerT_co]):
    """The shipping methods of zones."""

    list = endpoint(store.list_shipping_methods)


class Currencies(Group[RunnerT_co]):
    """The currencies that the store shows or charges."""

    list = list_endpoint(store.list_currencies)


class TaxClasses(Group[RunnerT_co]):
    """The tax classes that products can have."""

    list = list_endpoint(store.list_tax_classes)


class Hooks(Group[RunnerT_co]):
    """Webhooks."""

    list = list_endpoint(store.list_hooks)
    create = endpoint(store.create_hook)
    update = endpoint(store.update_hook)
    delete = endpoint(store.delete_hook)


class Resources(Group[RunnerT_co]):
    """All endpoints of a store."""

    information = endpoint(store.get_store)
    time = endpoint(store.get_time)
    request = endpoint(other.request)

    def __init__(self, runner: RunnerT_co) -> None:
        super().__init__(runner)
        self.orders = Orders(runner)
        self.order_products = OrderProducts(runner)
        self.order_shipping_addresses = OrderShippingAddresses(runner)
        self.order_consignments = OrderConsignments(runner)
        self.order_coupons = OrderCoupons(runner)
        self.order_taxes = OrderTaxes(runner)
        self.order_fees = OrderFees(runner)
        self.order_shipments = OrderShipments(runner)
        self.order_statuses = OrderStatuses(runner)
        self.transactions = Transactions(runner)
        self.refunds = Refunds(runner)
        self.payment_actions = PaymentActions(runner)
        self.payment_methods = PaymentMethods(runner)
        self.customers = Customers(runner)
        self.customer_addresses = CustomerAddresses(runner)
        self.products = Products(runner)
        self.variants = Variants(runner)
        self.inventory = Inventory(runner)
        self.locations = Locations(runner)
        self.inventory_settings = InventorySettings(runner)
        self.shipping_zones = ShippingZones(runner)
        self.shipping_methods = ShippingMethods(runner)
        self.currencies = Currencies(runner)
        self.tax_classes = TaxClasses(runner)
        self.hooks = Hooks(runner)

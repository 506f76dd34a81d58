"""Which record lies in which table."""

from __future__ import annotations

from avbc.acctvantage.records import (
    Address,
    Client,
    Contact,
    Credit,
    CreditLine,
    CreditTender,
    OrderDiscount,
    Product,
    Promotion,
    Receipt,
    SalesOrder,
    SalesOrderLine,
    Shipment,
    ShippedItem,
    ShipVia,
    TaxArea,
)
from avbc.acctvantage.sql import schema
from avbc.acctvantage.sql.rows import Rows

TAX_AREAS = Rows(schema.tax_areas, TaxArea, "id")
SHIP_VIAS = Rows(schema.ship_vias, ShipVia, "id", "name_key")
PROMOTIONS = Rows(schema.promotions, Promotion, "id", "code_key")
PRODUCTS = Rows(schema.products, Product, "part_key")
CLIENTS = Rows(schema.clients, Client, "id", "email_key", address="address")
CONTACTS = Rows(schema.contacts, Contact, "id", "client_id", "email_key", "person_key")
ORDERS = Rows(
    schema.sales_orders,
    SalesOrder,
    "id",
    "client_id",
    "contact_id",
    "imported_at",
    "updated_at",
    address="bill_to",
)
SHIP_TOS = Rows(schema.sales_order_ship_tos, Address, "order_id", "position")
LINES = Rows(schema.sales_order_lines, SalesOrderLine, "order_id", "position")
DISCOUNTS = Rows(schema.sales_order_discounts, OrderDiscount, "order_id", "position")
RECEIPTS = Rows(schema.receipts, Receipt, "id", "order_import_id", "import_id")
SHIPMENTS = Rows(schema.shipments, Shipment, "id", "changed_at")
SHIPPED_ITEMS = Rows(schema.shipment_items, ShippedItem, "shipment_id", "position")
PARCEL_ITEMS = Rows(schema.shipment_parcel_items, ShippedItem, "shipment_id", "parcel", "position")
CREDITS = Rows(schema.credits, Credit, "id", "imported_at")
CREDIT_LINES = Rows(schema.credit_lines, CreditLine, "credit_id", "position")
CREDIT_TENDERS = Rows(schema.credit_tenders, CreditTender, "credit_id", "position")

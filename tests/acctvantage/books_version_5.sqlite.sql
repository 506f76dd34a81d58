BEGIN TRANSACTION;
CREATE TABLE books (
	id INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	CONSTRAINT pk_books PRIMARY KEY (id)
);
CREATE TABLE books_version (
	version INTEGER NOT NULL, 
	CONSTRAINT pk_books_version PRIMARY KEY (version)
);
INSERT INTO "books_version" VALUES(5);
CREATE TABLE client_store_customers (
	client_id INTEGER NOT NULL, 
	source_code TEXT NOT NULL, 
	customer_id BIGINT NOT NULL, 
	CONSTRAINT pk_client_store_customers PRIMARY KEY (client_id, source_code), 
	CONSTRAINT fk_client_store_customers_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);
CREATE TABLE clients (
	id INTEGER NOT NULL, 
	email_key TEXT NOT NULL, 
	import_id TEXT, 
	name TEXT NOT NULL, 
	first_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	address_name TEXT NOT NULL, 
	address_attention TEXT NOT NULL, 
	address_address_1 TEXT NOT NULL, 
	address_address_2 TEXT NOT NULL, 
	address_address_3 TEXT NOT NULL, 
	address_city TEXT NOT NULL, 
	address_state TEXT NOT NULL, 
	address_zip TEXT NOT NULL, 
	address_country TEXT NOT NULL, 
	address_phone TEXT NOT NULL, 
	address_email TEXT NOT NULL, 
	open_ar BOOLEAN NOT NULL, 
	CONSTRAINT pk_clients PRIMARY KEY (id), 
	CONSTRAINT uq_clients_import_id UNIQUE (import_id)
);
INSERT INTO "clients" VALUES(1,'ana@example.com','WEB1','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
INSERT INTO "clients" VALUES(2,'ana@example.com','WEB2','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
INSERT INTO "clients" VALUES(3,'ana@example.com','WEB3','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
INSERT INTO "clients" VALUES(4,'ana@example.com','WEB4','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
INSERT INTO "clients" VALUES(5,'ana@example.com','WEB5','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
CREATE TABLE contacts (
	id INTEGER NOT NULL, 
	client_id INTEGER NOT NULL, 
	email_key TEXT NOT NULL, 
	person_key TEXT NOT NULL, 
	last_name TEXT NOT NULL, 
	first_name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	CONSTRAINT pk_contacts PRIMARY KEY (id), 
	CONSTRAINT uq_contacts_client_id_person_key UNIQUE (client_id, person_key), 
	CONSTRAINT fk_contacts_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);
INSERT INTO "contacts" VALUES(1,1,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
INSERT INTO "contacts" VALUES(2,2,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
INSERT INTO "contacts" VALUES(3,3,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
INSERT INTO "contacts" VALUES(4,4,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
INSERT INTO "contacts" VALUES(5,5,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
CREATE TABLE credit_lines (
	credit_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	tax TEXT NOT NULL, 
	quantity TEXT, 
	store_line_id BIGINT, 
	part_number TEXT, 
	description TEXT NOT NULL, 
	CONSTRAINT pk_credit_lines PRIMARY KEY (credit_id, position), 
	CONSTRAINT fk_credit_lines_credit_id FOREIGN KEY(credit_id) REFERENCES credits (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "credit_lines" VALUES(1,0,'product','2','0',NULL,1000,NULL,'');
CREATE TABLE credit_tenders (
	credit_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	receipt_type TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	store_payment_method TEXT NOT NULL, 
	CONSTRAINT pk_credit_tenders PRIMARY KEY (credit_id, position), 
	CONSTRAINT fk_credit_tenders_credit_id FOREIGN KEY(credit_id) REFERENCES credits (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "credit_tenders" VALUES(1,0,'Visa/MC','2','');
CREATE TABLE credits (
	id INTEGER NOT NULL, 
	imported_at TEXT NOT NULL, 
	import_id TEXT NOT NULL, 
	order_import_id TEXT NOT NULL, 
	store_refund_id BIGINT NOT NULL, 
	tax TEXT NOT NULL, 
	total TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	created_at TEXT, 
	CONSTRAINT pk_credits PRIMARY KEY (id), 
	CONSTRAINT uq_credits_import_id UNIQUE (import_id), 
	CONSTRAINT fk_credits_order_import_id FOREIGN KEY(order_import_id) REFERENCES sales_orders (import_id)
);
INSERT INTO "credits" VALUES(1,'2026-11-29T08:49:16.918295+00:00','WEB1-CM91','WEB1',91,'0','2','USD','',NULL);
CREATE TABLE gl_accounts (
	id INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	CONSTRAINT pk_gl_accounts PRIMARY KEY (id), 
	CONSTRAINT uq_gl_accounts_code UNIQUE (code)
);
CREATE TABLE look_alikes (
	id INTEGER NOT NULL, 
	table_name TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	text TEXT NOT NULL, 
	same_as TEXT NOT NULL, 
	CONSTRAINT pk_look_alikes PRIMARY KEY (id)
);
CREATE TABLE order_statuses (
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_order_statuses PRIMARY KEY (position), 
	CONSTRAINT uq_order_statuses_name UNIQUE (name)
);
CREATE TABLE product_aliases (
	part_key TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	alias_key TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	CONSTRAINT pk_product_aliases PRIMARY KEY (part_key, position), 
	CONSTRAINT fk_product_aliases_part_key FOREIGN KEY(part_key) REFERENCES products (part_key) ON DELETE CASCADE
);
CREATE TABLE products (
	part_key TEXT NOT NULL, 
	part_number TEXT NOT NULL, 
	name TEXT NOT NULL, 
	product_class TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	description TEXT NOT NULL, 
	sales_memo TEXT NOT NULL, 
	list_price TEXT, 
	sell_price TEXT, 
	weight TEXT, 
	length TEXT, 
	width TEXT, 
	height TEXT, 
	taxable BOOLEAN NOT NULL, 
	webstore_category TEXT NOT NULL, 
	sync_to_webstore BOOLEAN NOT NULL, 
	CONSTRAINT pk_products PRIMARY KEY (part_key)
);
CREATE TABLE promotions (
	id INTEGER NOT NULL, 
	code_key TEXT NOT NULL, 
	code TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	value TEXT NOT NULL, 
	gl_code TEXT NOT NULL, 
	name TEXT NOT NULL, 
	inactive BOOLEAN NOT NULL, 
	CONSTRAINT pk_promotions PRIMARY KEY (id), 
	CONSTRAINT uq_promotions_code_key UNIQUE (code_key)
);
INSERT INTO "promotions" VALUES(1,'save','SAVE','$','2.5','40200-000-000','Ten percent',0);
CREATE TABLE quantities (
	warehouse TEXT NOT NULL, 
	part_key TEXT NOT NULL, 
	on_hand TEXT NOT NULL, 
	CONSTRAINT pk_quantities PRIMARY KEY (warehouse, part_key), 
	CONSTRAINT fk_quantities_warehouse FOREIGN KEY(warehouse) REFERENCES warehouses (name), 
	CONSTRAINT fk_quantities_part_key FOREIGN KEY(part_key) REFERENCES products (part_key) ON DELETE CASCADE
)
 WITHOUT ROWID

;
CREATE TABLE receipt_types (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_receipt_types PRIMARY KEY (id), 
	CONSTRAINT uq_receipt_types_name UNIQUE (name)
);
CREATE TABLE receipts (
	id INTEGER NOT NULL, 
	order_import_id TEXT NOT NULL, 
	import_id TEXT NOT NULL, 
	receipt_type TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	state TEXT NOT NULL, 
	pre_auth_amount TEXT NOT NULL, 
	store_payment_method TEXT NOT NULL, 
	gateway TEXT NOT NULL, 
	gateway_transaction_id TEXT NOT NULL, 
	authorized_at TEXT, 
	posted BOOLEAN NOT NULL, 
	capture_wanted BOOLEAN NOT NULL, 
	void_wanted BOOLEAN NOT NULL, 
	captured_at TEXT, 
	voided_at TEXT, 
	CONSTRAINT pk_receipts PRIMARY KEY (id), 
	CONSTRAINT fk_receipts_order_import_id FOREIGN KEY(order_import_id) REFERENCES sales_orders (import_id), 
	CONSTRAINT uq_receipts_import_id UNIQUE (import_id)
);
INSERT INTO "receipts" VALUES(1,'WEB1','WEB1-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,NULL,NULL);
INSERT INTO "receipts" VALUES(2,'WEB1','WEB1-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL);
INSERT INTO "receipts" VALUES(3,'WEB2','WEB2-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,NULL,NULL);
INSERT INTO "receipts" VALUES(4,'WEB2','WEB2-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL);
INSERT INTO "receipts" VALUES(5,'WEB3','WEB3-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,1,0,NULL,NULL);
INSERT INTO "receipts" VALUES(6,'WEB3','WEB3-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL);
INSERT INTO "receipts" VALUES(7,'WEB4','WEB4-1','Visa/MC','5','captured','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,'2026-03-03T00:00:00.000000+00:00',NULL);
INSERT INTO "receipts" VALUES(8,'WEB4','WEB4-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL);
INSERT INTO "receipts" VALUES(9,'WEB5','WEB5-1','Visa/MC','0','voided','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,NULL,'2026-03-03T00:00:00.000000+00:00');
INSERT INTO "receipts" VALUES(10,'WEB5','WEB5-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL);
CREATE TABLE sales_order_discounts (
	order_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	gl_code TEXT NOT NULL, 
	name TEXT NOT NULL, 
	amount_in_store TEXT NOT NULL, 
	CONSTRAINT pk_sales_order_discounts PRIMARY KEY (order_id, position), 
	CONSTRAINT fk_sales_order_discounts_order_id FOREIGN KEY(order_id) REFERENCES sales_orders (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "sales_order_discounts" VALUES(1,0,'SAVE','2.5','40200-000-000','Ten percent','2.7');
INSERT INTO "sales_order_discounts" VALUES(2,0,'SAVE','2.5','40200-000-000','Ten percent','2.7');
INSERT INTO "sales_order_discounts" VALUES(3,0,'SAVE','2.5','40200-000-000','Ten percent','2.7');
INSERT INTO "sales_order_discounts" VALUES(4,0,'SAVE','2.5','40200-000-000','Ten percent','2.7');
INSERT INTO "sales_order_discounts" VALUES(5,0,'SAVE','2.5','40200-000-000','Ten percent','2.7');
CREATE TABLE sales_order_lines (
	order_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	description TEXT NOT NULL, 
	quantity TEXT NOT NULL, 
	unit_price TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	tax TEXT NOT NULL, 
	part_number TEXT, 
	memo TEXT NOT NULL, 
	gl_code TEXT NOT NULL, 
	ship_to INTEGER, 
	ship_via TEXT NOT NULL, 
	store_line_id BIGINT, 
	store_address_id BIGINT, 
	component_of BIGINT, 
	to_ship TEXT, 
	CONSTRAINT pk_sales_order_lines PRIMARY KEY (order_id, position), 
	CONSTRAINT fk_sales_order_lines_order_id FOREIGN KEY(order_id) REFERENCES sales_orders (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "sales_order_lines" VALUES(1,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',1000,10,NULL,'1.25');
INSERT INTO "sales_order_lines" VALUES(1,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',1001,10,1000,'1.25');
INSERT INTO "sales_order_lines" VALUES(2,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',2000,20,NULL,'1.25');
INSERT INTO "sales_order_lines" VALUES(2,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',2001,20,2000,'1.25');
INSERT INTO "sales_order_lines" VALUES(3,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',3000,30,NULL,'1.25');
INSERT INTO "sales_order_lines" VALUES(3,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',3001,30,3000,'1.25');
INSERT INTO "sales_order_lines" VALUES(4,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',4000,40,NULL,'1.25');
INSERT INTO "sales_order_lines" VALUES(4,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',4001,40,4000,'1.25');
INSERT INTO "sales_order_lines" VALUES(5,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',5000,50,NULL,'1.25');
INSERT INTO "sales_order_lines" VALUES(5,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',5001,50,5000,'1.25');
CREATE TABLE sales_order_ship_tos (
	order_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	attention TEXT NOT NULL, 
	address_1 TEXT NOT NULL, 
	address_2 TEXT NOT NULL, 
	address_3 TEXT NOT NULL, 
	city TEXT NOT NULL, 
	state TEXT NOT NULL, 
	zip TEXT NOT NULL, 
	country TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	email TEXT NOT NULL, 
	CONSTRAINT pk_sales_order_ship_tos PRIMARY KEY (order_id, position), 
	CONSTRAINT fk_sales_order_ship_tos_order_id FOREIGN KEY(order_id) REFERENCES sales_orders (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "sales_order_ship_tos" VALUES(1,0,'Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(1,1,'Ben Rivera','','1 Main Street','','','Dallas','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(2,0,'Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(2,1,'Ben Rivera','','1 Main Street','','','Dallas','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(3,0,'Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(3,1,'Ben Rivera','','1 Main Street','','','Dallas','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(4,0,'Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(4,1,'Ben Rivera','','1 Main Street','','','Dallas','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(5,0,'Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','');
INSERT INTO "sales_order_ship_tos" VALUES(5,1,'Ben Rivera','','1 Main Street','','','Dallas','Texas','78701','US','','');
CREATE TABLE sales_orders (
	id INTEGER NOT NULL, 
	client_id INTEGER NOT NULL, 
	contact_id INTEGER, 
	imported_at TEXT NOT NULL, 
	updated_at TEXT, 
	import_id TEXT NOT NULL, 
	store_order_id BIGINT NOT NULL, 
	client TEXT NOT NULL, 
	total TEXT NOT NULL, 
	tax TEXT NOT NULL, 
	tax_area TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	warehouse TEXT NOT NULL, 
	ship_via TEXT NOT NULL, 
	bill_to_name TEXT NOT NULL, 
	bill_to_attention TEXT NOT NULL, 
	bill_to_address_1 TEXT NOT NULL, 
	bill_to_address_2 TEXT NOT NULL, 
	bill_to_address_3 TEXT NOT NULL, 
	bill_to_city TEXT NOT NULL, 
	bill_to_state TEXT NOT NULL, 
	bill_to_zip TEXT NOT NULL, 
	bill_to_country TEXT NOT NULL, 
	bill_to_phone TEXT NOT NULL, 
	bill_to_email TEXT NOT NULL, 
	freight TEXT NOT NULL, 
	rounding TEXT NOT NULL, 
	tax_override BOOLEAN NOT NULL, 
	status TEXT NOT NULL, 
	po_number TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	memo TEXT NOT NULL, 
	ordered_at TEXT, 
	source_code TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	status_changed_at TEXT, 
	store_hash TEXT DEFAULT '' NOT NULL, 
	ordered_on DATE, 
	CONSTRAINT pk_sales_orders PRIMARY KEY (id), 
	CONSTRAINT fk_sales_orders_client_id FOREIGN KEY(client_id) REFERENCES clients (id), 
	CONSTRAINT fk_sales_orders_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id), 
	CONSTRAINT uq_sales_orders_import_id UNIQUE (import_id)
);
INSERT INTO "sales_orders" VALUES(1,1,1,'2026-11-29T08:49:16.878409+00:00',NULL,'WEB1',1,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01');
INSERT INTO "sales_orders" VALUES(2,2,2,'2026-11-29T08:49:16.898810+00:00',NULL,'WEB2',2,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Picked','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','2026-11-29T08:49:16.902409+00:00','abc123','2026-03-01');
INSERT INTO "sales_orders" VALUES(3,3,3,'2026-11-29T08:49:16.899494+00:00',NULL,'WEB3',3,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01');
INSERT INTO "sales_orders" VALUES(4,4,4,'2026-11-29T08:49:16.900061+00:00',NULL,'WEB4',4,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01');
INSERT INTO "sales_orders" VALUES(5,5,5,'2026-11-29T08:49:16.900716+00:00',NULL,'WEB5',5,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01');
CREATE TABLE ship_vias (
	id INTEGER NOT NULL, 
	name_key TEXT NOT NULL, 
	name TEXT NOT NULL, 
	product_class TEXT NOT NULL, 
	CONSTRAINT pk_ship_vias PRIMARY KEY (id), 
	CONSTRAINT uq_ship_vias_name_key UNIQUE (name_key)
);
INSERT INTO "ship_vias" VALUES(1,'ups ground','UPS Ground','Freight');
CREATE TABLE shipment_items (
	shipment_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	store_line_id BIGINT NOT NULL, 
	quantity TEXT NOT NULL, 
	CONSTRAINT pk_shipment_items PRIMARY KEY (shipment_id, position), 
	CONSTRAINT fk_shipment_items_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "shipment_items" VALUES(1,0,2000,'1.5');
CREATE TABLE shipment_parcel_items (
	shipment_id INTEGER NOT NULL, 
	parcel INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	store_line_id BIGINT NOT NULL, 
	quantity TEXT NOT NULL, 
	CONSTRAINT pk_shipment_parcel_items PRIMARY KEY (shipment_id, parcel, position), 
	CONSTRAINT fk_shipment_parcel_items_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "shipment_parcel_items" VALUES(1,0,0,2000,'1.5');
CREATE TABLE shipment_parcels (
	shipment_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	tracking_number TEXT NOT NULL, 
	CONSTRAINT pk_shipment_parcels PRIMARY KEY (shipment_id, position), 
	CONSTRAINT fk_shipment_parcels_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "shipment_parcels" VALUES(1,0,'1Z9');
CREATE TABLE shipments (
	id INTEGER NOT NULL, 
	changed_at TEXT NOT NULL, 
	number BIGINT NOT NULL, 
	order_import_id TEXT NOT NULL, 
	ship_via TEXT NOT NULL, 
	carrier TEXT NOT NULL, 
	tracking_link TEXT NOT NULL, 
	comments TEXT NOT NULL, 
	shipped_at TEXT, 
	CONSTRAINT pk_shipments PRIMARY KEY (id), 
	CONSTRAINT uq_shipments_number UNIQUE (number), 
	CONSTRAINT fk_shipments_order_import_id FOREIGN KEY(order_import_id) REFERENCES sales_orders (import_id)
);
INSERT INTO "shipments" VALUES(1,'2026-11-29T08:49:16.911276+00:00',501,'WEB2','','UPS','','','2026-03-02T00:00:00.000000+00:00');
CREATE TABLE tax_areas (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	avatax BOOLEAN NOT NULL, 
	CONSTRAINT pk_tax_areas PRIMARY KEY (id), 
	CONSTRAINT uq_tax_areas_name UNIQUE (name)
);
CREATE TABLE warehouse_product_classes (
	warehouse TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	product_class TEXT NOT NULL, 
	CONSTRAINT pk_warehouse_product_classes PRIMARY KEY (warehouse, position), 
	CONSTRAINT fk_warehouse_product_classes_warehouse FOREIGN KEY(warehouse) REFERENCES warehouses (name)
);
CREATE TABLE warehouses (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_warehouses PRIMARY KEY (id), 
	CONSTRAINT uq_warehouses_name UNIQUE (name)
);
CREATE INDEX ix_products_walk ON products (part_key, sync_to_webstore, kind, part_number);
CREATE INDEX ix_clients_email_key ON clients (email_key);
CREATE INDEX ix_product_aliases_alias_key ON product_aliases (alias_key);
CREATE INDEX ix_contacts_email_key ON contacts (email_key);
CREATE INDEX ix_sales_orders_status ON sales_orders (status);
CREATE INDEX ix_sales_orders_status_changed ON sales_orders (status_changed_at) WHERE status_changed_at IS NOT NULL;
CREATE INDEX ix_sales_orders_store ON sales_orders (store_hash, source_code);
CREATE INDEX ix_receipts_wanted ON receipts (order_import_id) WHERE capture_wanted IS 1 OR void_wanted IS 1;
CREATE INDEX ix_receipts_order_import_id ON receipts (order_import_id);
CREATE INDEX ix_receipts_authorized ON receipts (authorized_at) WHERE state = 'pre_authorized';
CREATE INDEX ix_shipments_order_import_id ON shipments (order_import_id);
CREATE INDEX ix_shipments_changed_at ON shipments (changed_at);
CREATE INDEX ix_credits_order_import_id ON credits (order_import_id);
COMMIT;

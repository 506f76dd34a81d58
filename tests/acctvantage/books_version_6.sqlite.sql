BEGIN TRANSACTION;
CREATE TABLE acknowledgements (
	id INTEGER NOT NULL, 
	import_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	document_number TEXT DEFAULT '' NOT NULL, 
	status TEXT DEFAULT '' NOT NULL, 
	client_number TEXT DEFAULT '' NOT NULL, 
	refused_code TEXT DEFAULT '' NOT NULL, 
	refused_text TEXT DEFAULT '' NOT NULL, 
	at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')) NOT NULL, 
	CONSTRAINT pk_acknowledgements PRIMARY KEY (id)
);
INSERT INTO "acknowledgements" VALUES(1,'WEB1',1,'SO-1','','','','','2026-11-29T09:11:22.938000+00:00');
CREATE TABLE books (
	id INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	hand_over TEXT DEFAULT 'pick_up' NOT NULL, 
	CONSTRAINT pk_books PRIMARY KEY (id)
);
INSERT INTO "books" VALUES(1,'USD','journal');
CREATE TABLE books_version (
	version INTEGER NOT NULL, 
	CONSTRAINT pk_books_version PRIMARY KEY (version)
);
INSERT INTO "books_version" VALUES(6);
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
	client_number TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_clients PRIMARY KEY (id), 
	CONSTRAINT uq_clients_import_id UNIQUE (import_id)
);
INSERT INTO "clients" VALUES(1,'ana@example.com','WEB1','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0,'');
INSERT INTO "clients" VALUES(2,'ana@example.com','WEB2','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0,'');
INSERT INTO "clients" VALUES(3,'ana@example.com','WEB3','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0,'');
INSERT INTO "clients" VALUES(4,'ana@example.com','WEB4','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0,'');
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
	version INTEGER DEFAULT '1' NOT NULL, 
	offered_at TEXT, 
	answered TEXT, 
	CONSTRAINT pk_credits PRIMARY KEY (id), 
	CONSTRAINT uq_credits_import_id UNIQUE (import_id), 
	CONSTRAINT fk_credits_order_import_id FOREIGN KEY(order_import_id) REFERENCES sales_orders (import_id)
);
CREATE TABLE former_versions (
	import_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_former_versions PRIMARY KEY (import_id)
);
INSERT INTO "former_versions" VALUES('WEB3-1',1);
INSERT INTO "former_versions" VALUES('WEB3-2',1);
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
	version INTEGER DEFAULT '1' NOT NULL, 
	offered_at TEXT, 
	answered TEXT, 
	CONSTRAINT pk_receipts PRIMARY KEY (id), 
	CONSTRAINT fk_receipts_order_import_id FOREIGN KEY(order_import_id) REFERENCES sales_orders (import_id), 
	CONSTRAINT uq_receipts_import_id UNIQUE (import_id)
);
INSERT INTO "receipts" VALUES(1,'WEB1','WEB1-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,1,0,NULL,NULL,1,'2026-11-29T09:11:22.884000+00:00',NULL);
INSERT INTO "receipts" VALUES(2,'WEB1','WEB1-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL,1,'2026-11-29T09:11:22.884000+00:00',NULL);
INSERT INTO "receipts" VALUES(3,'WEB2','WEB2-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,NULL,NULL,1,'2026-11-29T09:11:22.893000+00:00',NULL);
INSERT INTO "receipts" VALUES(4,'WEB2','WEB2-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL,1,'2026-11-29T09:11:22.893000+00:00',NULL);
INSERT INTO "receipts" VALUES(7,'WEB4','WEB4-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,NULL,NULL,1,'2026-11-29T09:11:22.908000+00:00',NULL);
INSERT INTO "receipts" VALUES(8,'WEB4','WEB4-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL,1,'2026-11-29T09:11:22.908000+00:00',NULL);
INSERT INTO "receipts" VALUES(9,'WEB3','WEB3-1','Visa/MC','0','voided','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0,NULL,'2026-04-01T00:00:00.000000+00:00',3,'2026-11-29T09:11:22.956000+00:00',NULL);
INSERT INTO "receipts" VALUES(10,'WEB3','WEB3-2','GiftCard','3','captured','0','','','',NULL,0,0,0,NULL,NULL,2,'2026-11-29T09:11:22.913000+00:00',NULL);
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
	hand_over TEXT, 
	version INTEGER DEFAULT '1' NOT NULL, 
	offered_at TEXT, 
	answered TEXT, 
	CONSTRAINT pk_sales_orders PRIMARY KEY (id), 
	CONSTRAINT fk_sales_orders_client_id FOREIGN KEY(client_id) REFERENCES clients (id), 
	CONSTRAINT fk_sales_orders_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id), 
	CONSTRAINT uq_sales_orders_import_id UNIQUE (import_id)
);
INSERT INTO "sales_orders" VALUES(1,1,1,'2026-11-29T09:11:22.800684+00:00',NULL,'WEB1',1,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01','pick_up',1,'2026-11-29T09:11:22.883000+00:00','entered');
INSERT INTO "sales_orders" VALUES(2,2,2,'2026-11-29T09:11:22.893012+00:00',NULL,'WEB2',2,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Picked','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','2026-11-29T09:11:22.931000+00:00','abc123','2026-03-01','pick_up',1,'2026-11-29T09:11:22.893000+00:00',NULL);
INSERT INTO "sales_orders" VALUES(3,3,3,'2026-11-29T09:11:22.900709+00:00','2026-11-29T09:11:22.912636+00:00','WEB3',3,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01','journal',2,'2026-11-29T09:11:22.913000+00:00',NULL);
INSERT INTO "sales_orders" VALUES(4,4,4,'2026-11-29T09:11:22.908636+00:00',NULL,'WEB4',4,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL,'abc123','2026-03-01','journal',1,'2026-11-29T09:11:22.908000+00:00',NULL);
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
CREATE TABLE shipment_parcels (
	shipment_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	tracking_number TEXT NOT NULL, 
	CONSTRAINT pk_shipment_parcels PRIMARY KEY (shipment_id, position), 
	CONSTRAINT fk_shipment_parcels_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
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
CREATE INDEX ix_acknowledgements_import_id ON acknowledgements (import_id);
CREATE INDEX ix_product_aliases_alias_key ON product_aliases (alias_key);
CREATE INDEX ix_contacts_email_key ON contacts (email_key);
CREATE INDEX ix_sales_orders_status_changed ON sales_orders (status_changed_at) WHERE status_changed_at IS NOT NULL;
CREATE INDEX ix_sales_orders_status ON sales_orders (status);
CREATE INDEX ix_sales_orders_to_enter ON sales_orders (id) WHERE answered IS NULL AND hand_over = 'pick_up';
CREATE INDEX ix_sales_orders_store ON sales_orders (store_hash, source_code);
CREATE INDEX ix_sales_orders_refused ON sales_orders (id) WHERE answered = 'refused';
CREATE INDEX ix_sales_orders_undecided ON sales_orders (id) WHERE hand_over IS NULL;
CREATE INDEX ix_receipts_order_import_id ON receipts (order_import_id);
CREATE INDEX ix_receipts_to_enter ON receipts (id) WHERE answered IS NULL;
CREATE INDEX ix_receipts_authorized ON receipts (authorized_at) WHERE state = 'pre_authorized';
CREATE INDEX ix_receipts_wanted ON receipts (order_import_id) WHERE capture_wanted IS 1 OR void_wanted IS 1;
CREATE INDEX ix_shipments_changed_at ON shipments (changed_at);
CREATE INDEX ix_shipments_order_import_id ON shipments (order_import_id);
CREATE INDEX ix_credits_order_import_id ON credits (order_import_id);
CREATE INDEX ix_credits_to_enter ON credits (id) WHERE answered IS NULL;
CREATE VIEW orders_to_enter AS SELECT o.client_id, o.contact_id, o.imported_at, o.updated_at, o.import_id, o.store_order_id, o.client, o.total, o.tax, o.tax_area, o.currency, o.warehouse, o.ship_via, o.bill_to_name, o.bill_to_attention, o.bill_to_address_1, o.bill_to_address_2, o.bill_to_address_3, o.bill_to_city, o.bill_to_state, o.bill_to_zip, o.bill_to_country, o.bill_to_phone, o.bill_to_email, o.freight, o.rounding, o.tax_override, o.status, o.po_number, o.reference, o.memo, o.ordered_at, o.source_code, o.status_changed_at, o.store_hash, o.ordered_on, o.version, o.offered_at, COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = o.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') AS document_number, c.client_number FROM sales_orders AS o JOIN clients AS c ON c.id = o.client_id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW order_lines_to_enter AS SELECT o.import_id AS order_import_id, o.version, p.position, p.kind, p.description, p.quantity, p.unit_price, p.amount, p.tax, p.part_number, p.memo, p.gl_code, p.ship_to, p.ship_via, p.store_line_id, p.store_address_id, p.component_of, p.to_ship FROM sales_orders AS o JOIN sales_order_lines AS p ON p.order_id = o.id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW order_discounts_to_enter AS SELECT o.import_id AS order_import_id, o.version, p.position, p.code, p.amount, p.gl_code, p.name, p.amount_in_store FROM sales_orders AS o JOIN sales_order_discounts AS p ON p.order_id = o.id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW order_ship_tos_to_enter AS SELECT o.import_id AS order_import_id, o.version, p.position, p.name, p.attention, p.address_1, p.address_2, p.address_3, p.city, p.state, p.zip, p.country, p.phone, p.email FROM sales_orders AS o JOIN sales_order_ship_tos AS p ON p.order_id = o.id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW receipts_to_enter AS SELECT d.order_import_id, d.import_id, d.receipt_type, d.amount, d.state, d.pre_auth_amount, d.store_payment_method, d.gateway, d.gateway_transaction_id, d.authorized_at, d.posted, d.capture_wanted, d.void_wanted, d.captured_at, d.voided_at, d.version, d.offered_at, COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = d.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') AS document_number FROM receipts AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered') AND (d.state IN ('captured', 'pre_authorized') OR EXISTS (SELECT 1 FROM acknowledgements AS e WHERE e.import_id = d.import_id AND e.document_number <> ''));
CREATE VIEW clients_to_enter AS SELECT c.id, c.import_id, c.name, c.first_name, c.email, c.phone, c.address_name, c.address_attention, c.address_address_1, c.address_address_2, c.address_address_3, c.address_city, c.address_state, c.address_zip, c.address_country, c.address_phone, c.address_email, c.client_number FROM clients AS c WHERE c.id IN (SELECT o.client_id FROM sales_orders AS o WHERE o.hand_over = 'pick_up' AND o.answered IS NULL);
CREATE VIEW credits_to_enter AS SELECT d.imported_at, d.import_id, d.order_import_id, d.store_refund_id, d.tax, d.total, d.currency, d.reason, d.created_at, d.version, d.offered_at, COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = d.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') AS document_number FROM credits AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered');
CREATE VIEW credit_lines_to_enter AS SELECT d.import_id AS credit_import_id, d.version, p.position, p.kind, p.amount, p.tax, p.quantity, p.store_line_id, p.part_number, p.description FROM credits AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id JOIN credit_lines AS p ON p.credit_id = d.id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered');
CREATE VIEW credit_tenders_to_enter AS SELECT d.import_id AS credit_import_id, d.version, p.position, p.receipt_type, p.amount, p.store_payment_method FROM credits AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id JOIN credit_tenders AS p ON p.credit_id = d.id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered');
CREATE TRIGGER avbc_sales_orders_offered AFTER INSERT ON sales_orders WHEN NEW.offered_at IS NULL OR NEW.hand_over IS NULL OR EXISTS (SELECT 1 FROM former_versions WHERE import_id = NEW.import_id) BEGIN UPDATE sales_orders SET version = COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1), offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), hand_over = COALESCE((SELECT b.hand_over FROM books AS b), 'pick_up') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_sales_orders_offered_again AFTER UPDATE OF version ON sales_orders WHEN (NEW.version IS NOT OLD.version) BEGIN UPDATE sales_orders SET offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), answered = NULL WHERE id = NEW.id; END;
CREATE TRIGGER avbc_sales_orders_removed AFTER DELETE ON sales_orders BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; END;
CREATE TRIGGER avbc_receipts_offered AFTER INSERT ON receipts WHEN NEW.offered_at IS NULL OR EXISTS (SELECT 1 FROM former_versions WHERE import_id = NEW.import_id) BEGIN UPDATE receipts SET version = COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1), offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_receipts_offered_again AFTER UPDATE OF version ON receipts WHEN (NEW.version IS NOT OLD.version) BEGIN UPDATE receipts SET offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), answered = NULL WHERE id = NEW.id; END;
CREATE TRIGGER avbc_receipts_removed AFTER DELETE ON receipts BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; END;
CREATE TRIGGER avbc_credits_offered AFTER INSERT ON credits WHEN NEW.offered_at IS NULL OR EXISTS (SELECT 1 FROM former_versions WHERE import_id = NEW.import_id) BEGIN UPDATE credits SET version = COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1), offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_credits_offered_again AFTER UPDATE OF version ON credits WHEN (NEW.version IS NOT OLD.version) BEGIN UPDATE credits SET offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), answered = NULL WHERE id = NEW.id; END;
CREATE TRIGGER avbc_credits_removed AFTER DELETE ON credits BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; END;
CREATE TRIGGER avbc_sales_orders_changed AFTER UPDATE OF updated_at ON sales_orders WHEN (NEW.updated_at IS NOT OLD.updated_at) AND NEW.version = OLD.version BEGIN UPDATE sales_orders SET version = version + 1 WHERE id = NEW.id; END;
CREATE TRIGGER avbc_receipts_changed AFTER UPDATE OF receipt_type, state, amount, pre_auth_amount ON receipts WHEN (NEW.receipt_type IS NOT OLD.receipt_type OR NEW.state IS NOT OLD.state OR NEW.amount IS NOT OLD.amount OR NEW.pre_auth_amount IS NOT OLD.pre_auth_amount) AND NEW.version = OLD.version BEGIN UPDATE receipts SET version = version + 1 WHERE id = NEW.id; END;
CREATE TRIGGER avbc_sales_orders_status AFTER UPDATE OF status ON sales_orders WHEN (NEW.status IS NOT OLD.status) BEGIN SELECT RAISE(ABORT, 'status of the order is not in order_statuses') WHERE NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = NEW.status) AND (EXISTS (SELECT 1 FROM order_statuses) OR NEW.status NOT IN ('Quote', 'Open', 'Committed', 'Picked', 'Packed', 'Shipped/Invoice', 'Posted')); UPDATE sales_orders SET status_changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_acknowledgements_checked BEFORE INSERT ON acknowledgements BEGIN SELECT RAISE(ABORT, 'an acknowledgement needs document_number (entered), or refused_code or refused_text (refused)') WHERE NEW.document_number = '' AND NEW.refused_code = '' AND NEW.refused_text = ''; SELECT RAISE(ABORT, 'an acknowledgement with document_number is entered: it cannot have refused_code or refused_text') WHERE NEW.document_number <> '' AND (NEW.refused_code <> '' OR NEW.refused_text <> ''); SELECT RAISE(ABORT, 'import_id of the acknowledgement is of no order, receipt or credit in the books') WHERE COALESCE((SELECT version FROM sales_orders WHERE import_id = NEW.import_id), (SELECT version FROM receipts WHERE import_id = NEW.import_id), (SELECT version FROM credits WHERE import_id = NEW.import_id)) IS NULL; SELECT RAISE(ABORT, 'version of the acknowledgement was never offered: send back the one that was picked up') WHERE NEW.version < 1 OR NEW.version > COALESCE((SELECT version FROM sales_orders WHERE import_id = NEW.import_id), (SELECT version FROM receipts WHERE import_id = NEW.import_id), (SELECT version FROM credits WHERE import_id = NEW.import_id)); SELECT RAISE(ABORT, 'the order of the acknowledgement is not offered for pick-up') WHERE EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id AND COALESCE(hand_over, '') <> 'pick_up'); SELECT RAISE(ABORT, 'this version is acknowledged as entered and cannot be refused: void the document in AcctVantage instead') WHERE NEW.document_number = '' AND EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number <> ''); SELECT RAISE(ABORT, 'only the acknowledgement of an order has a status') WHERE NEW.status <> '' AND NOT EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id); SELECT RAISE(ABORT, 'status of the acknowledgement is not in order_statuses') WHERE NEW.status <> '' AND NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = NEW.status) AND (EXISTS (SELECT 1 FROM order_statuses) OR NEW.status NOT IN ('Quote', 'Open', 'Committed', 'Picked', 'Packed', 'Shipped/Invoice', 'Posted')); END;
CREATE TRIGGER avbc_acknowledgements_taken AFTER INSERT ON acknowledgements BEGIN UPDATE sales_orders SET answered = CASE WHEN NEW.document_number <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE receipts SET answered = CASE WHEN NEW.document_number <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE credits SET answered = CASE WHEN NEW.document_number <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE sales_orders SET status = NEW.status WHERE import_id = NEW.import_id AND version = NEW.version AND NEW.status <> ''; UPDATE clients SET client_number = NEW.client_number WHERE NEW.client_number <> '' AND id IN (SELECT client_id FROM sales_orders WHERE import_id = NEW.import_id AND version = NEW.version); END;
CREATE TRIGGER avbc_acknowledgements_no_update BEFORE UPDATE ON acknowledgements BEGIN SELECT RAISE(ABORT, 'acknowledgements are never changed or deleted: add another one'); END;
CREATE TRIGGER avbc_acknowledgements_no_delete BEFORE DELETE ON acknowledgements BEGIN SELECT RAISE(ABORT, 'acknowledgements are never changed or deleted: add another one'); END;
CREATE TRIGGER avbc_shipments_added AFTER INSERT ON shipments BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_shipments_changed AFTER UPDATE OF number, order_import_id, ship_via, carrier, tracking_link, comments, shipped_at ON shipments BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_shipment_items_insert AFTER INSERT ON shipment_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_items_update AFTER UPDATE ON shipment_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_items_delete AFTER DELETE ON shipment_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = OLD.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcels_insert AFTER INSERT ON shipment_parcels BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcels_update AFTER UPDATE ON shipment_parcels BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcels_delete AFTER DELETE ON shipment_parcels BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = OLD.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcel_items_insert AFTER INSERT ON shipment_parcel_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcel_items_update AFTER UPDATE ON shipment_parcel_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcel_items_delete AFTER DELETE ON shipment_parcel_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = OLD.shipment_id; END;
COMMIT;

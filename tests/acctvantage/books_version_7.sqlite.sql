BEGIN TRANSACTION;
CREATE TABLE acknowledgements (
	id INTEGER NOT NULL, 
	import_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	document_number TEXT DEFAULT '' NOT NULL ON CONFLICT REPLACE, 
	status TEXT DEFAULT '' NOT NULL ON CONFLICT REPLACE, 
	client_number TEXT DEFAULT '' NOT NULL ON CONFLICT REPLACE, 
	refused_code TEXT DEFAULT '' NOT NULL ON CONFLICT REPLACE, 
	refused_text TEXT DEFAULT '' NOT NULL ON CONFLICT REPLACE, 
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
INSERT INTO "books_version" VALUES(7);
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
CREATE TABLE entered_since (
	warehouse TEXT NOT NULL, 
	part_key TEXT NOT NULL, 
	order_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	quantity TEXT NOT NULL, 
	CONSTRAINT pk_entered_since PRIMARY KEY (warehouse, part_key, order_id, position)
)
 WITHOUT ROWID

;
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
CREATE TABLE journal_days (
	source_code TEXT NOT NULL, 
	day DATE NOT NULL, 
	orders INTEGER NOT NULL, 
	receipts INTEGER NOT NULL, 
	credits INTEGER NOT NULL, 
	memo TEXT NOT NULL, 
	CONSTRAINT pk_journal_days PRIMARY KEY (source_code, day)
);
CREATE TABLE journal_documents (
	import_id TEXT NOT NULL, 
	order_import_id TEXT NOT NULL, 
	source_code TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_journal_documents PRIMARY KEY (import_id)
);
CREATE TABLE journal_entries (
	import_id TEXT NOT NULL, 
	day DATE NOT NULL, 
	account TEXT NOT NULL, 
	source_code TEXT NOT NULL, 
	in_cents BIGINT NOT NULL, 
	CONSTRAINT pk_journal_entries PRIMARY KEY (import_id, day, account)
)
 WITHOUT ROWID

;
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
	on_hand TEXT NOT NULL, available TEXT, available_at TEXT, 
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
INSERT INTO "sales_orders" VALUES(1,1,1,'2026-11-29T09:11:22.800684+00:00',NULL,'WEB1',1,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Committed','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','2026-11-29T11:50:54.950000+00:00','abc123','2026-03-01','pick_up',1,'2026-11-29T09:11:22.883000+00:00','entered');
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
INSERT INTO "shipment_items" VALUES(1,0,2000,'1');
CREATE TABLE shipment_items_in (
	number BIGINT NOT NULL, 
	store_line_id BIGINT NOT NULL, 
	quantity TEXT NOT NULL, 
	CONSTRAINT pk_shipment_items_in PRIMARY KEY (number, store_line_id)
);
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
CREATE TABLE shipment_parcel_items_in (
	number BIGINT NOT NULL, 
	tracking_number TEXT NOT NULL, 
	store_line_id BIGINT NOT NULL, 
	quantity TEXT NOT NULL, 
	CONSTRAINT pk_shipment_parcel_items_in PRIMARY KEY (number, tracking_number, store_line_id)
);
CREATE TABLE shipment_parcels (
	shipment_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	tracking_number TEXT NOT NULL, 
	CONSTRAINT pk_shipment_parcels PRIMARY KEY (shipment_id, position), 
	CONSTRAINT fk_shipment_parcels_shipment_id FOREIGN KEY(shipment_id) REFERENCES shipments (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "shipment_parcels" VALUES(1,0,'1Z7');
CREATE TABLE shipment_parcels_in (
	number BIGINT NOT NULL, 
	tracking_number TEXT NOT NULL, 
	CONSTRAINT pk_shipment_parcels_in PRIMARY KEY (number, tracking_number)
);
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
INSERT INTO "shipments" VALUES(1,'2026-11-29T11:50:54.961000+00:00',7,'WEB2','','','','',NULL);
CREATE TABLE shipments_in (
	number BIGINT NOT NULL, 
	order_import_id TEXT NOT NULL, 
	ship_via TEXT DEFAULT '' NOT NULL, 
	carrier TEXT DEFAULT '' NOT NULL, 
	tracking_link TEXT DEFAULT '' NOT NULL, 
	comments TEXT DEFAULT '' NOT NULL, 
	shipped_at TEXT, 
	CONSTRAINT pk_shipments_in PRIMARY KEY (number)
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
CREATE INDEX ix_receipts_refused ON receipts (order_import_id) WHERE answered = 'refused';
CREATE INDEX ix_credits_refused ON credits (order_import_id) WHERE answered = 'refused';
CREATE INDEX ix_journal_entries_source_code ON journal_entries (source_code, day);
CREATE INDEX ix_journal_documents_order_import_id ON journal_documents (order_import_id);
CREATE INDEX ix_entered_since_order_id ON entered_since (order_id);
CREATE INDEX ix_acknowledgements_import_id ON acknowledgements (import_id);
CREATE VIEW orders_to_enter AS SELECT o.client_id, o.contact_id, o.imported_at, o.updated_at, o.import_id, o.store_order_id, o.client, o.total, o.tax, o.tax_area, o.currency, o.warehouse, o.ship_via, o.bill_to_name, o.bill_to_attention, o.bill_to_address_1, o.bill_to_address_2, o.bill_to_address_3, o.bill_to_city, o.bill_to_state, o.bill_to_zip, o.bill_to_country, o.bill_to_phone, o.bill_to_email, o.freight, o.rounding, o.tax_override, o.status, o.po_number, o.reference, o.memo, o.ordered_at, o.source_code, o.status_changed_at, o.store_hash, o.ordered_on, o.version, o.offered_at, COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = o.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') AS document_number, c.client_number FROM sales_orders AS o JOIN clients AS c ON c.id = o.client_id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW order_lines_to_enter AS SELECT o.import_id AS order_import_id, o.version, p.position, p.kind, p.description, p.quantity, p.unit_price, p.amount, p.tax, p.part_number, p.memo, p.gl_code, p.ship_to, p.ship_via, p.store_line_id, p.store_address_id, p.component_of, p.to_ship FROM sales_orders AS o JOIN sales_order_lines AS p ON p.order_id = o.id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW order_discounts_to_enter AS SELECT o.import_id AS order_import_id, o.version, p.position, p.code, p.amount, p.gl_code, p.name, p.amount_in_store FROM sales_orders AS o JOIN sales_order_discounts AS p ON p.order_id = o.id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW order_ship_tos_to_enter AS SELECT o.import_id AS order_import_id, o.version, p.position, p.name, p.attention, p.address_1, p.address_2, p.address_3, p.city, p.state, p.zip, p.country, p.phone, p.email FROM sales_orders AS o JOIN sales_order_ship_tos AS p ON p.order_id = o.id WHERE o.hand_over = 'pick_up' AND o.answered IS NULL;
CREATE VIEW receipts_to_enter AS SELECT d.order_import_id, d.import_id, d.receipt_type, d.amount, d.state, d.pre_auth_amount, d.store_payment_method, d.gateway, d.gateway_transaction_id, d.authorized_at, d.posted, d.capture_wanted, d.void_wanted, d.captured_at, d.voided_at, d.version, d.offered_at, COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = d.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') AS document_number FROM receipts AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered') AND (d.state IN ('captured', 'pre_authorized') OR EXISTS (SELECT 1 FROM acknowledgements AS e WHERE e.import_id = d.import_id AND e.document_number <> ''));
CREATE VIEW clients_to_enter AS SELECT c.id, c.import_id, c.name, c.first_name, c.email, c.phone, c.address_name, c.address_attention, c.address_address_1, c.address_address_2, c.address_address_3, c.address_city, c.address_state, c.address_zip, c.address_country, c.address_phone, c.address_email, c.client_number FROM clients AS c WHERE c.id IN (SELECT o.client_id FROM sales_orders AS o WHERE o.hand_over = 'pick_up' AND o.answered IS NULL);
CREATE VIEW credits_to_enter AS SELECT d.imported_at, d.import_id, d.order_import_id, d.store_refund_id, d.tax, d.total, d.currency, d.reason, d.created_at, d.version, d.offered_at, COALESCE((SELECT a.document_number FROM acknowledgements AS a WHERE a.import_id = d.import_id AND a.document_number <> '' ORDER BY a.id DESC LIMIT 1), '') AS document_number FROM credits AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered');
CREATE VIEW credit_lines_to_enter AS SELECT d.import_id AS credit_import_id, d.version, p.position, p.kind, p.amount, p.tax, p.quantity, p.store_line_id, p.part_number, p.description FROM credits AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id JOIN credit_lines AS p ON p.credit_id = d.id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered');
CREATE VIEW credit_tenders_to_enter AS SELECT d.import_id AS credit_import_id, d.version, p.position, p.receipt_type, p.amount, p.store_payment_method FROM credits AS d JOIN sales_orders AS o ON o.import_id = d.order_import_id JOIN credit_tenders AS p ON p.credit_id = d.id WHERE d.answered IS NULL AND o.hand_over = 'pick_up' AND (o.answered IS NULL OR o.answered = 'entered');
CREATE VIEW shipments_complete AS SELECT number FROM shipments;
CREATE VIEW quantities_in AS SELECT q.warehouse, p.part_number, q.available, q.available_at FROM quantities AS q JOIN products AS p ON p.part_key = q.part_key WHERE q.available IS NOT NULL;
CREATE VIEW captures_wanted AS SELECT import_id, CASE WHEN capture_wanted THEN 'capture' ELSE 'void' END AS wanted FROM receipts WHERE capture_wanted OR void_wanted;
CREATE TRIGGER avbc_sales_orders_offered AFTER INSERT ON sales_orders WHEN NEW.offered_at IS NULL OR NEW.hand_over IS NULL OR EXISTS (SELECT 1 FROM former_versions WHERE import_id = NEW.import_id) BEGIN UPDATE sales_orders SET version = COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1), offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), hand_over = COALESCE((SELECT b.hand_over FROM books AS b), 'pick_up') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_sales_orders_offered_again AFTER UPDATE OF version ON sales_orders WHEN (NEW.version IS NOT OLD.version) BEGIN UPDATE sales_orders SET offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), answered = NULL WHERE id = NEW.id; END;
CREATE TRIGGER avbc_sales_orders_removed AFTER DELETE ON sales_orders BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; DELETE FROM entered_since WHERE order_id = OLD.id; END;
CREATE TRIGGER avbc_receipts_offered AFTER INSERT ON receipts WHEN NEW.offered_at IS NULL OR EXISTS (SELECT 1 FROM former_versions WHERE import_id = NEW.import_id) BEGIN UPDATE receipts SET version = COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1), offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_receipts_offered_again AFTER UPDATE OF version ON receipts WHEN (NEW.version IS NOT OLD.version) BEGIN UPDATE receipts SET offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), answered = NULL WHERE id = NEW.id; END;
CREATE TRIGGER avbc_receipts_removed AFTER DELETE ON receipts BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; END;
CREATE TRIGGER avbc_credits_offered AFTER INSERT ON credits WHEN NEW.offered_at IS NULL OR EXISTS (SELECT 1 FROM former_versions WHERE import_id = NEW.import_id) BEGIN UPDATE credits SET version = COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1), offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_credits_offered_again AFTER UPDATE OF version ON credits WHEN (NEW.version IS NOT OLD.version) BEGIN UPDATE credits SET offered_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), answered = NULL WHERE id = NEW.id; END;
CREATE TRIGGER avbc_credits_removed AFTER DELETE ON credits BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; END;
CREATE TRIGGER avbc_sales_orders_changed AFTER UPDATE OF updated_at ON sales_orders WHEN (NEW.updated_at IS NOT OLD.updated_at) AND NEW.version = OLD.version BEGIN UPDATE sales_orders SET version = version + 1 WHERE id = NEW.id; END;
CREATE TRIGGER avbc_receipts_changed AFTER UPDATE OF receipt_type, state, amount, pre_auth_amount ON receipts WHEN (NEW.receipt_type IS NOT OLD.receipt_type OR NEW.state IS NOT OLD.state OR NEW.amount IS NOT OLD.amount OR NEW.pre_auth_amount IS NOT OLD.pre_auth_amount) AND NEW.version = OLD.version BEGIN UPDATE receipts SET version = version + 1 WHERE id = NEW.id; END;
CREATE TRIGGER avbc_sales_orders_status AFTER UPDATE OF status ON sales_orders WHEN (NEW.status IS NOT OLD.status) BEGIN SELECT RAISE(ABORT, 'status of the order is not in order_statuses') WHERE NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = NEW.status) AND (EXISTS (SELECT 1 FROM order_statuses) OR NEW.status NOT IN ('Quote', 'Open', 'Committed', 'Picked', 'Packed', 'Shipped/Invoice', 'Posted')); UPDATE sales_orders SET status_changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_acknowledgements_checked BEFORE INSERT ON acknowledgements BEGIN SELECT RAISE(ABORT, 'id of the acknowledgement is made by the database: leave it out') WHERE NEW.id <> -1 AND EXISTS (SELECT 1 FROM acknowledgements WHERE id = NEW.id); SELECT RAISE(ABORT, 'an acknowledgement needs import_id and version: send back what was picked up') WHERE NEW.import_id IS NULL OR NEW.version IS NULL; SELECT RAISE(ABORT, 'an acknowledgement needs document_number (entered), or refused_code or refused_text (refused)') WHERE TRIM(COALESCE(NEW.document_number, '')) = '' AND TRIM(COALESCE(NEW.refused_code, '')) = '' AND TRIM(COALESCE(NEW.refused_text, '')) = ''; SELECT RAISE(ABORT, 'an acknowledgement with document_number is entered: it cannot have refused_code or refused_text') WHERE TRIM(COALESCE(NEW.document_number, '')) <> '' AND (TRIM(COALESCE(NEW.refused_code, '')) <> '' OR TRIM(COALESCE(NEW.refused_text, '')) <> ''); SELECT RAISE(ABORT, 'the books have no order, receipt or credit with the import_id of the acknowledgement') WHERE COALESCE((SELECT version FROM sales_orders WHERE import_id = NEW.import_id), (SELECT version FROM receipts WHERE import_id = NEW.import_id), (SELECT version FROM credits WHERE import_id = NEW.import_id)) IS NULL; SELECT RAISE(ABORT, 'version of the acknowledgement was never offered: send back the one that was picked up') WHERE NEW.version < 1 OR NEW.version > COALESCE((SELECT version FROM sales_orders WHERE import_id = NEW.import_id), (SELECT version FROM receipts WHERE import_id = NEW.import_id), (SELECT version FROM credits WHERE import_id = NEW.import_id)); SELECT RAISE(ABORT, 'the order of the acknowledgement is not offered for pick-up') WHERE EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id AND COALESCE(hand_over, '') <> 'pick_up'); SELECT RAISE(ABORT, 'this version is acknowledged as entered and cannot be refused: void the document in AcctVantage instead') WHERE TRIM(COALESCE(NEW.document_number, '')) = '' AND EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number <> ''); SELECT RAISE(ABORT, 'this version is acknowledged as entered under another document_number: look for a second document in AcctVantage, and void it') WHERE TRIM(COALESCE(NEW.document_number, '')) NOT IN ('', 'earlier') AND EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number NOT IN ('', 'earlier')) AND NOT EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number = TRIM(COALESCE(NEW.document_number, ''))); SELECT RAISE(ABORT, 'only the acknowledgement of an order has a status') WHERE TRIM(COALESCE(NEW.status, '')) <> '' AND NOT EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id); SELECT RAISE(ABORT, 'status of the acknowledgement is not in order_statuses') WHERE TRIM(COALESCE(NEW.status, '')) <> '' AND NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = TRIM(COALESCE(NEW.status, ''))) AND (EXISTS (SELECT 1 FROM order_statuses) OR TRIM(COALESCE(NEW.status, '')) NOT IN ('Quote', 'Open', 'Committed', 'Picked', 'Packed', 'Shipped/Invoice', 'Posted')); END;
CREATE TRIGGER avbc_acknowledgements_taken AFTER INSERT ON acknowledgements BEGIN SELECT RAISE(ABORT, 'id of the acknowledgement is made by the database: leave it out') WHERE NEW.id < 1; UPDATE acknowledgements SET at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), document_number = TRIM(COALESCE(document_number, '')), status = TRIM(COALESCE(status, '')), client_number = TRIM(COALESCE(client_number, '')), refused_code = TRIM(COALESCE(refused_code, '')), refused_text = TRIM(COALESCE(refused_text, '')) WHERE id = NEW.id; DELETE FROM entered_since WHERE order_id IN (SELECT o.id FROM sales_orders AS o WHERE o.import_id = NEW.import_id AND o.version = NEW.version AND TRIM(COALESCE(NEW.document_number, '')) <> '' AND COALESCE(o.answered, '') <> 'entered'); INSERT INTO entered_since (warehouse, part_key, order_id, position, quantity) SELECT q.warehouse, q.part_key, l.order_id, l.position, l.quantity FROM sales_orders AS o JOIN sales_order_lines AS l ON l.order_id = o.id JOIN quantities AS q ON q.warehouse = o.warehouse AND q.part_key = COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(l.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = l.part_number)) WHERE o.import_id = NEW.import_id AND o.version = NEW.version AND TRIM(COALESCE(NEW.document_number, '')) <> '' AND COALESCE(o.answered, '') <> 'entered' AND l.part_number IS NOT NULL AND q.available IS NOT NULL; UPDATE sales_orders SET answered = CASE WHEN TRIM(COALESCE(NEW.document_number, '')) <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE receipts SET answered = CASE WHEN TRIM(COALESCE(NEW.document_number, '')) <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE credits SET answered = CASE WHEN TRIM(COALESCE(NEW.document_number, '')) <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE sales_orders SET status = TRIM(COALESCE(NEW.status, '')) WHERE import_id = NEW.import_id AND version = NEW.version AND TRIM(COALESCE(NEW.status, '')) <> ''; UPDATE clients SET client_number = TRIM(COALESCE(NEW.client_number, '')) WHERE TRIM(COALESCE(NEW.client_number, '')) <> '' AND id IN (SELECT client_id FROM sales_orders WHERE import_id = NEW.import_id AND version = NEW.version); END;
CREATE TRIGGER avbc_acknowledgements_no_update BEFORE UPDATE ON acknowledgements WHEN NEW.at IS NOT strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') OR NEW.document_number IS NOT TRIM(COALESCE(OLD.document_number, '')) OR NEW.status IS NOT TRIM(COALESCE(OLD.status, '')) OR NEW.client_number IS NOT TRIM(COALESCE(OLD.client_number, '')) OR NEW.refused_code IS NOT TRIM(COALESCE(OLD.refused_code, '')) OR NEW.refused_text IS NOT TRIM(COALESCE(OLD.refused_text, '')) OR (NEW.id IS NOT OLD.id OR NEW.import_id IS NOT OLD.import_id OR NEW.version IS NOT OLD.version) BEGIN SELECT RAISE(ABORT, 'acknowledgements are never changed or deleted: add another one'); END;
CREATE TRIGGER avbc_acknowledgements_no_delete BEFORE DELETE ON acknowledgements BEGIN SELECT RAISE(ABORT, 'acknowledgements are never changed or deleted: add another one'); END;
CREATE TRIGGER avbc_shipments_added AFTER INSERT ON shipments BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_shipments_changed AFTER UPDATE OF number, order_import_id, ship_via, carrier, tracking_link, comments, shipped_at ON shipments WHEN (NEW.number IS NOT OLD.number OR NEW.order_import_id IS NOT OLD.order_import_id OR NEW.ship_via IS NOT OLD.ship_via OR NEW.carrier IS NOT OLD.carrier OR NEW.tracking_link IS NOT OLD.tracking_link OR NEW.comments IS NOT OLD.comments OR NEW.shipped_at IS NOT OLD.shipped_at) BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.id; END;
CREATE TRIGGER avbc_shipment_items_insert AFTER INSERT ON shipment_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_items_update AFTER UPDATE ON shipment_items WHEN (NEW.shipment_id IS NOT OLD.shipment_id OR NEW.position IS NOT OLD.position OR NEW.store_line_id IS NOT OLD.store_line_id OR NEW.quantity IS NOT OLD.quantity) BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_items_delete AFTER DELETE ON shipment_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = OLD.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcels_insert AFTER INSERT ON shipment_parcels BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcels_update AFTER UPDATE ON shipment_parcels WHEN (NEW.shipment_id IS NOT OLD.shipment_id OR NEW.position IS NOT OLD.position OR NEW.tracking_number IS NOT OLD.tracking_number) BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcels_delete AFTER DELETE ON shipment_parcels BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = OLD.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcel_items_insert AFTER INSERT ON shipment_parcel_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcel_items_update AFTER UPDATE ON shipment_parcel_items WHEN (NEW.shipment_id IS NOT OLD.shipment_id OR NEW.parcel IS NOT OLD.parcel OR NEW.position IS NOT OLD.position OR NEW.store_line_id IS NOT OLD.store_line_id OR NEW.quantity IS NOT OLD.quantity) BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = NEW.shipment_id; END;
CREATE TRIGGER avbc_shipment_parcel_items_delete AFTER DELETE ON shipment_parcel_items BEGIN UPDATE shipments SET changed_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') WHERE id = OLD.shipment_id; END;
CREATE TRIGGER avbc_shipments_in_begun BEFORE INSERT ON shipments_in BEGIN SELECT RAISE(ABORT, 'the books have no order with the order_import_id of the shipment') WHERE NOT EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.order_import_id); SELECT RAISE(ABORT, 'a shipment of another order has this number') WHERE EXISTS (SELECT 1 FROM shipments WHERE number = NEW.number AND order_import_id <> NEW.order_import_id); DELETE FROM shipment_items_in WHERE number = NEW.number; DELETE FROM shipment_parcels_in WHERE number = NEW.number; DELETE FROM shipment_parcel_items_in WHERE number = NEW.number; DELETE FROM shipments_in WHERE number = NEW.number; END;
CREATE TRIGGER avbc_shipment_items_in_added BEFORE INSERT ON shipment_items_in BEGIN SELECT RAISE(ABORT, 'the shipment is not in shipments_in: add its row there first') WHERE NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number); SELECT RAISE(ABORT, 'the order of the shipment has no line with this store_line_id') WHERE NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = s.order_import_id JOIN sales_order_lines AS l ON l.order_id = o.id WHERE s.number = NEW.number AND l.store_line_id = NEW.store_line_id); SELECT RAISE(ABORT, 'quantity of the shipment must be a number above zero') WHERE ltrim(CAST(NEW.quantity AS TEXT), '-') GLOB '*[^0-9.]*' OR ltrim(CAST(NEW.quantity AS TEXT), '-') NOT GLOB '*[0-9]*' OR ltrim(CAST(NEW.quantity AS TEXT), '-') GLOB '*.*.*' OR length(CAST(NEW.quantity AS TEXT)) - length(ltrim(CAST(NEW.quantity AS TEXT), '-')) > 1 OR CAST(NEW.quantity AS REAL) <= 0; DELETE FROM shipment_items_in WHERE number = NEW.number AND store_line_id = NEW.store_line_id; END;
CREATE TRIGGER avbc_shipment_parcels_in_added BEFORE INSERT ON shipment_parcels_in BEGIN SELECT RAISE(ABORT, 'the shipment is not in shipments_in: add its row there first') WHERE NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number); DELETE FROM shipment_parcels_in WHERE number = NEW.number AND tracking_number = NEW.tracking_number; END;
CREATE TRIGGER avbc_shipment_parcel_items_in_added BEFORE INSERT ON shipment_parcel_items_in BEGIN SELECT RAISE(ABORT, 'shipment_parcels_in has no row with this tracking_number: add it there first') WHERE NOT EXISTS (SELECT 1 FROM shipment_parcels_in WHERE number = NEW.number AND tracking_number = NEW.tracking_number); SELECT RAISE(ABORT, 'the order of the shipment has no line with this store_line_id') WHERE NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = s.order_import_id JOIN sales_order_lines AS l ON l.order_id = o.id WHERE s.number = NEW.number AND l.store_line_id = NEW.store_line_id); SELECT RAISE(ABORT, 'quantity of the shipment must be a number above zero') WHERE ltrim(CAST(NEW.quantity AS TEXT), '-') GLOB '*[^0-9.]*' OR ltrim(CAST(NEW.quantity AS TEXT), '-') NOT GLOB '*[0-9]*' OR ltrim(CAST(NEW.quantity AS TEXT), '-') GLOB '*.*.*' OR length(CAST(NEW.quantity AS TEXT)) - length(ltrim(CAST(NEW.quantity AS TEXT), '-')) > 1 OR CAST(NEW.quantity AS REAL) <= 0; DELETE FROM shipment_parcel_items_in WHERE number = NEW.number AND tracking_number = NEW.tracking_number AND store_line_id = NEW.store_line_id; END;
CREATE TRIGGER avbc_shipments_complete_added INSTEAD OF INSERT ON shipments_complete BEGIN SELECT RAISE(ABORT, 'the shipment is not in shipments_in: add its row there first') WHERE NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number); SELECT RAISE(ABORT, 'the shipment has no row in shipment_items_in: add what left first') WHERE NOT EXISTS (SELECT 1 FROM shipment_items_in WHERE number = NEW.number); SELECT RAISE(ABORT, 'the books have no order with the order_import_id of the shipment') WHERE NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = s.order_import_id WHERE s.number = NEW.number); INSERT INTO shipments (number, changed_at, order_import_id, ship_via, carrier, tracking_link, comments, shipped_at) SELECT c.number, strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'), c.order_import_id, c.ship_via, c.carrier, c.tracking_link, c.comments, c.shipped_at FROM shipments_in AS c WHERE c.number = NEW.number AND (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) IS NULL; UPDATE shipments SET order_import_id = (SELECT c.order_import_id FROM shipments_in AS c WHERE c.number = NEW.number), ship_via = (SELECT c.ship_via FROM shipments_in AS c WHERE c.number = NEW.number), carrier = (SELECT c.carrier FROM shipments_in AS c WHERE c.number = NEW.number), tracking_link = (SELECT c.tracking_link FROM shipments_in AS c WHERE c.number = NEW.number), comments = (SELECT c.comments FROM shipments_in AS c WHERE c.number = NEW.number), shipped_at = (SELECT c.shipped_at FROM shipments_in AS c WHERE c.number = NEW.number) WHERE number = NEW.number; DELETE FROM shipment_items WHERE shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND (EXISTS (SELECT c.store_line_id, CAST(c.quantity AS REAL) FROM shipment_items_in AS c WHERE c.number = NEW.number EXCEPT SELECT t.store_line_id, CAST(t.quantity AS REAL) FROM shipment_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT t.store_line_id, CAST(t.quantity AS REAL) FROM shipment_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.store_line_id, CAST(c.quantity AS REAL) FROM shipment_items_in AS c WHERE c.number = NEW.number)); INSERT INTO shipment_items (shipment_id, position, store_line_id, quantity) SELECT (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number), ROW_NUMBER() OVER (ORDER BY c.store_line_id) - 1, c.store_line_id, c.quantity FROM shipment_items_in AS c WHERE c.number = NEW.number AND NOT EXISTS (SELECT 1 FROM shipment_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)); DELETE FROM shipment_parcel_items WHERE shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND ((EXISTS (SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number EXCEPT SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number)) OR (EXISTS (SELECT c.tracking_number, c.store_line_id, CAST(c.quantity AS REAL) FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number EXCEPT SELECT p.tracking_number, t.store_line_id, CAST(t.quantity AS REAL) FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT p.tracking_number, t.store_line_id, CAST(t.quantity AS REAL) FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number, c.store_line_id, CAST(c.quantity AS REAL) FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number))); DELETE FROM shipment_parcels WHERE shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND ((EXISTS (SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number EXCEPT SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number)) OR (EXISTS (SELECT c.tracking_number, c.store_line_id, CAST(c.quantity AS REAL) FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number EXCEPT SELECT p.tracking_number, t.store_line_id, CAST(t.quantity AS REAL) FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT p.tracking_number, t.store_line_id, CAST(t.quantity AS REAL) FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number, c.store_line_id, CAST(c.quantity AS REAL) FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number))); INSERT INTO shipment_parcels (shipment_id, position, tracking_number) SELECT (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number), ROW_NUMBER() OVER (ORDER BY c.tracking_number) - 1, c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number AND NOT EXISTS (SELECT 1 FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)); INSERT INTO shipment_parcel_items (shipment_id, parcel, position, store_line_id, quantity) SELECT p.shipment_id, p.position, ROW_NUMBER() OVER (PARTITION BY p.position ORDER BY c.store_line_id) - 1, c.store_line_id, c.quantity FROM shipment_parcel_items_in AS c JOIN shipment_parcels AS p ON p.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND p.tracking_number = c.tracking_number WHERE c.number = NEW.number AND NOT EXISTS (SELECT 1 FROM shipment_parcel_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)); END;
CREATE TRIGGER avbc_quantities_in_added INSTEAD OF INSERT ON quantities_in BEGIN SELECT RAISE(ABORT, 'warehouse of the quantity is not in the books') WHERE NOT EXISTS (SELECT 1 FROM warehouses WHERE name = NEW.warehouse); SELECT RAISE(ABORT, 'the books have no product with the part_number of the quantity') WHERE COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(NEW.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = NEW.part_number)) IS NULL; SELECT RAISE(ABORT, 'available of the quantity is not a number') WHERE NEW.available IS NOT NULL AND (ltrim(CAST(NEW.available AS TEXT), '-') GLOB '*[^0-9.]*' OR ltrim(CAST(NEW.available AS TEXT), '-') NOT GLOB '*[0-9]*' OR ltrim(CAST(NEW.available AS TEXT), '-') GLOB '*.*.*' OR length(CAST(NEW.available AS TEXT)) - length(ltrim(CAST(NEW.available AS TEXT), '-')) > 1); INSERT INTO quantities (warehouse, part_key, on_hand, available, available_at) VALUES (NEW.warehouse, COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(NEW.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = NEW.part_number)), '0', CAST(NEW.available AS TEXT), CASE WHEN NEW.available IS NULL THEN NULL ELSE strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now') END) ON CONFLICT (warehouse, part_key) DO UPDATE SET available = excluded.available, available_at = excluded.available_at; DELETE FROM entered_since WHERE warehouse = NEW.warehouse AND part_key = COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(NEW.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = NEW.part_number)); END;
CREATE TRIGGER avbc_captures_wanted_added INSTEAD OF INSERT ON captures_wanted BEGIN SELECT RAISE(ABORT, 'wanted must be capture, void or nothing') WHERE NEW.wanted IS NULL OR NEW.wanted NOT IN ('capture', 'void', 'nothing'); SELECT RAISE(ABORT, 'the books have no receipt with this import_id') WHERE NOT EXISTS (SELECT 1 FROM receipts AS r WHERE r.import_id = NEW.import_id); SELECT RAISE(ABORT, 'only a pre-authorized receipt that is not posted can be captured or voided') WHERE NEW.wanted <> 'nothing' AND NOT EXISTS (SELECT 1 FROM receipts AS r WHERE r.import_id = NEW.import_id AND ((r.state = 'pre_authorized' AND NOT r.posted) OR (NEW.wanted = 'capture' AND r.state = 'captured') OR (NEW.wanted = 'void' AND r.state = 'voided'))); UPDATE receipts SET capture_wanted = (NEW.wanted = 'capture'), void_wanted = (NEW.wanted = 'void') WHERE import_id = NEW.import_id AND state = 'pre_authorized' AND NOT posted; END;
COMMIT;

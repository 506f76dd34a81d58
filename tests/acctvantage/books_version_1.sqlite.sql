BEGIN TRANSACTION;
CREATE TABLE books (
	id INTEGER NOT NULL, 
	currency TEXT NOT NULL, 
	CONSTRAINT pk_books PRIMARY KEY (id)
);
INSERT INTO "books" VALUES(1,'CAD');
CREATE TABLE books_version (
	version INTEGER NOT NULL, 
	CONSTRAINT pk_books_version PRIMARY KEY (version)
);
INSERT INTO "books_version" VALUES(1);
CREATE TABLE client_store_customers (
	client_id INTEGER NOT NULL, 
	source_code TEXT NOT NULL, 
	customer_id BIGINT NOT NULL, 
	CONSTRAINT pk_client_store_customers PRIMARY KEY (client_id, source_code), 
	CONSTRAINT fk_client_store_customers_client_id FOREIGN KEY(client_id) REFERENCES clients (id) ON DELETE CASCADE
);
INSERT INTO "client_store_customers" VALUES(1,'WEB',7);
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
INSERT INTO "clients" VALUES(1,'ana@example.com',NULL,'Rivera','Ana','ana@example.com','','','','','','','','','','','','',0);
INSERT INTO "clients" VALUES(2,'ana@example.com','WEB1','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
INSERT INTO "clients" VALUES(3,'ana@example.com','WEB2','Rivera','Ana','ana@example.com','+1 555 0100','Ana Rivera','','1 Main Street','','','Austin','Texas','78701','US','','',0);
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
INSERT INTO "contacts" VALUES(1,2,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
INSERT INTO "contacts" VALUES(2,3,'ana@example.com','ana@example.com
rivera
ana','Rivera','Ana','ana@example.com','1');
CREATE TABLE gl_accounts (
	id INTEGER NOT NULL, 
	code TEXT NOT NULL, 
	CONSTRAINT pk_gl_accounts PRIMARY KEY (id), 
	CONSTRAINT uq_gl_accounts_code UNIQUE (code)
);
INSERT INTO "gl_accounts" VALUES(1,'40200-000-000');
CREATE TABLE order_statuses (
	position INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_order_statuses PRIMARY KEY (position), 
	CONSTRAINT uq_order_statuses_name UNIQUE (name)
);
INSERT INTO "order_statuses" VALUES(0,'Quote');
INSERT INTO "order_statuses" VALUES(1,'Open');
INSERT INTO "order_statuses" VALUES(2,'Committed');
INSERT INTO "order_statuses" VALUES(3,'Picked');
INSERT INTO "order_statuses" VALUES(4,'Packed');
INSERT INTO "order_statuses" VALUES(5,'Shipped/Invoice');
INSERT INTO "order_statuses" VALUES(6,'Posted');
CREATE TABLE product_aliases (
	part_key TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	alias_key TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	CONSTRAINT pk_product_aliases PRIMARY KEY (part_key, position), 
	CONSTRAINT fk_product_aliases_part_key FOREIGN KEY(part_key) REFERENCES products (part_key) ON DELETE CASCADE
);
INSERT INTO "product_aliases" VALUES('mug-0',0,'becher','Becher');
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
INSERT INTO "products" VALUES('mug-0','MUG-0','Mug','Goods','inventory','','','9.95',NULL,NULL,NULL,NULL,NULL,1,'',1);
INSERT INTO "products" VALUES('mug-1','mug-1','Cup','Goods','inventory','','',NULL,NULL,NULL,NULL,NULL,NULL,1,'',0);
INSERT INTO "products" VALUES('strasse','Straße','Sign','Goods','inventory','','',NULL,NULL,NULL,NULL,NULL,NULL,1,'',1);
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
);
INSERT INTO "quantities" VALUES('Main','mug-0','10.5');
INSERT INTO "quantities" VALUES('Outlet','mug-0','0.5');
INSERT INTO "quantities" VALUES('Main','mug-1','5.5');
CREATE TABLE receipt_types (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_receipt_types PRIMARY KEY (id), 
	CONSTRAINT uq_receipt_types_name UNIQUE (name)
);
INSERT INTO "receipt_types" VALUES(1,'Visa/MC');
INSERT INTO "receipt_types" VALUES(2,'GiftCard');
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
	CONSTRAINT pk_receipts PRIMARY KEY (id), 
	CONSTRAINT fk_receipts_order_import_id FOREIGN KEY(order_import_id) REFERENCES sales_orders (import_id), 
	CONSTRAINT uq_receipts_import_id UNIQUE (import_id)
);
INSERT INTO "receipts" VALUES(1,'WEB1','WEB1-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0);
INSERT INTO "receipts" VALUES(2,'WEB1','WEB1-2','GiftCard','3','captured','0','','','',NULL,0,0,0);
INSERT INTO "receipts" VALUES(3,'WEB2','WEB2-1','Visa/MC','0','pre_authorized','21.04180','Credit Card','authorizenet','600123','2026-03-01T12:30:00.000000+00:00',0,0,0);
INSERT INTO "receipts" VALUES(4,'WEB2','WEB2-2','GiftCard','3','captured','0','','','',NULL,0,0,0);
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
	CONSTRAINT pk_sales_order_lines PRIMARY KEY (order_id, position), 
	CONSTRAINT fk_sales_order_lines_order_id FOREIGN KEY(order_id) REFERENCES sales_orders (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "sales_order_lines" VALUES(1,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',1000,10,NULL);
INSERT INTO "sales_order_lines" VALUES(1,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',1001,10,1000);
INSERT INTO "sales_order_lines" VALUES(2,0,'product','Mug 0','1.5','6.6333','9.94995','0.8209','MUG-0','Colour: blue','40100-000-000',0,'UPS Ground',2000,20,NULL);
INSERT INTO "sales_order_lines" VALUES(2,1,'product','Mug 1','1.5','6.6333','9.94995','0.8209','MUG-1','Colour: blue','40100-000-000',1,'UPS Ground',2001,20,2000);
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
	CONSTRAINT pk_sales_orders PRIMARY KEY (id), 
	CONSTRAINT fk_sales_orders_client_id FOREIGN KEY(client_id) REFERENCES clients (id), 
	CONSTRAINT fk_sales_orders_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id), 
	CONSTRAINT uq_sales_orders_import_id UNIQUE (import_id)
);
INSERT INTO "sales_orders" VALUES(1,2,1,'2026-11-24T07:41:13.789267+00:00',NULL,'WEB1',1,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Open','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',NULL);
INSERT INTO "sales_orders" VALUES(2,3,2,'2026-11-24T07:41:13.801085+00:00',NULL,'WEB2',2,'Rivera','24.04180','1.6418','BigCommerce','USD','Main','UPS Ground','Ana Rivera','Accounts','1 Main Street','Floor 2','Door B','Austin','Texas','78701','US','1','ap@example.com','5.0000','0.0001',1,'Picked','PO 12','R 1','Leave at the door','2026-03-01T12:30:15.250000+00:00','WEB','ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff','2026-11-24T07:41:13.809478+00:00');
CREATE TABLE ship_vias (
	id INTEGER NOT NULL, 
	name_key TEXT NOT NULL, 
	name TEXT NOT NULL, 
	product_class TEXT NOT NULL, 
	CONSTRAINT pk_ship_vias PRIMARY KEY (id), 
	CONSTRAINT uq_ship_vias_name_key UNIQUE (name_key)
);
INSERT INTO "ship_vias" VALUES(1,'ups ground','UPS Ground','Freight');
CREATE TABLE tax_areas (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	avatax BOOLEAN NOT NULL, 
	CONSTRAINT pk_tax_areas PRIMARY KEY (id), 
	CONSTRAINT uq_tax_areas_name UNIQUE (name)
);
INSERT INTO "tax_areas" VALUES(1,'BigCommerce',0);
INSERT INTO "tax_areas" VALUES(2,'AvaTax',1);
CREATE TABLE warehouse_product_classes (
	warehouse TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	product_class TEXT NOT NULL, 
	CONSTRAINT pk_warehouse_product_classes PRIMARY KEY (warehouse, position), 
	CONSTRAINT fk_warehouse_product_classes_warehouse FOREIGN KEY(warehouse) REFERENCES warehouses (name)
);
INSERT INTO "warehouse_product_classes" VALUES('Main',0,'Goods');
CREATE TABLE warehouses (
	id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	CONSTRAINT pk_warehouses PRIMARY KEY (id), 
	CONSTRAINT uq_warehouses_name UNIQUE (name)
);
INSERT INTO "warehouses" VALUES(1,'Main');
INSERT INTO "warehouses" VALUES(2,'Outlet');
CREATE INDEX ix_clients_email_key ON clients (email_key);
CREATE INDEX ix_product_aliases_alias_key ON product_aliases (alias_key);
CREATE INDEX ix_contacts_email_key ON contacts (email_key);
CREATE INDEX ix_sales_orders_status ON sales_orders (status);
CREATE INDEX ix_receipts_order_import_id ON receipts (order_import_id);
COMMIT;

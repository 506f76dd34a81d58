CREATE FUNCTION avbc_acknowledgements_checked() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN PERFORM 1 FROM sales_orders WHERE import_id = NEW.import_id FOR UPDATE; PERFORM 1 FROM receipts WHERE import_id = NEW.import_id FOR UPDATE; PERFORM 1 FROM credits WHERE import_id = NEW.import_id FOR UPDATE; IF NEW.import_id IS NULL OR NEW.version IS NULL THEN RAISE EXCEPTION USING MESSAGE = 'an acknowledgement needs import_id and version: send back what was picked up', ERRCODE = '23514'; END IF; IF TRIM(COALESCE(NEW.document_number, '')) = '' AND TRIM(COALESCE(NEW.refused_code, '')) = '' AND TRIM(COALESCE(NEW.refused_text, '')) = '' THEN RAISE EXCEPTION USING MESSAGE = 'an acknowledgement needs document_number (entered), or refused_code or refused_text (refused)', ERRCODE = '23514'; END IF; IF TRIM(COALESCE(NEW.document_number, '')) <> '' AND (TRIM(COALESCE(NEW.refused_code, '')) <> '' OR TRIM(COALESCE(NEW.refused_text, '')) <> '') THEN RAISE EXCEPTION USING MESSAGE = 'an acknowledgement with document_number is entered: it cannot have refused_code or refused_text', ERRCODE = '23514'; END IF; IF COALESCE((SELECT version FROM sales_orders WHERE import_id = NEW.import_id), (SELECT version FROM receipts WHERE import_id = NEW.import_id), (SELECT version FROM credits WHERE import_id = NEW.import_id)) IS NULL THEN RAISE EXCEPTION USING MESSAGE = 'the books have no order, receipt or credit with the import_id of the acknowledgement', ERRCODE = '23514'; END IF; IF NEW.version < 1 OR NEW.version > COALESCE((SELECT version FROM sales_orders WHERE import_id = NEW.import_id), (SELECT version FROM receipts WHERE import_id = NEW.import_id), (SELECT version FROM credits WHERE import_id = NEW.import_id)) THEN RAISE EXCEPTION USING MESSAGE = 'version of the acknowledgement was never offered: send back the one that was picked up', ERRCODE = '23514'; END IF; IF EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id AND COALESCE(hand_over, '') <> 'pick_up') THEN RAISE EXCEPTION USING MESSAGE = 'the order of the acknowledgement is not offered for pick-up', ERRCODE = '23514'; END IF; IF TRIM(COALESCE(NEW.document_number, '')) = '' AND EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number <> '') THEN RAISE EXCEPTION USING MESSAGE = 'this version is acknowledged as entered and cannot be refused: void the document in AcctVantage instead', ERRCODE = '23514'; END IF; IF TRIM(COALESCE(NEW.document_number, '')) NOT IN ('', 'earlier') AND EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number NOT IN ('', 'earlier')) AND NOT EXISTS (SELECT 1 FROM acknowledgements AS a WHERE a.import_id = NEW.import_id AND a.version = NEW.version AND a.document_number = TRIM(COALESCE(NEW.document_number, ''))) THEN RAISE EXCEPTION USING MESSAGE = 'this version is acknowledged as entered under another document_number: look for a second document in AcctVantage, and void it', ERRCODE = '23514'; END IF; IF TRIM(COALESCE(NEW.status, '')) <> '' AND NOT EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.import_id) THEN RAISE EXCEPTION USING MESSAGE = 'only the acknowledgement of an order has a status', ERRCODE = '23514'; END IF; IF TRIM(COALESCE(NEW.status, '')) <> '' AND NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = TRIM(COALESCE(NEW.status, ''))) AND (EXISTS (SELECT 1 FROM order_statuses) OR TRIM(COALESCE(NEW.status, '')) NOT IN ('Quote', 'Open', 'Committed', 'Picked', 'Packed', 'Shipped/Invoice', 'Posted')) THEN RAISE EXCEPTION USING MESSAGE = 'status of the acknowledgement is not in order_statuses', ERRCODE = '23514'; END IF; NEW.at := clock_timestamp(); NEW.document_number := TRIM(COALESCE(NEW.document_number, '')); NEW.status := TRIM(COALESCE(NEW.status, '')); NEW.client_number := TRIM(COALESCE(NEW.client_number, '')); NEW.refused_code := TRIM(COALESCE(NEW.refused_code, '')); NEW.refused_text := TRIM(COALESCE(NEW.refused_text, '')); RETURN NEW; END $$;

CREATE FUNCTION avbc_acknowledgements_kept() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'acknowledgements are never changed or deleted: add another one', ERRCODE = '23514'; END $$;

CREATE FUNCTION avbc_acknowledgements_not_truncated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION USING MESSAGE = 'acknowledgements are never changed or deleted: add another one', ERRCODE = '23514'; END $$;

CREATE FUNCTION avbc_acknowledgements_taken() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN DELETE FROM entered_since WHERE order_id IN (SELECT o.id FROM sales_orders AS o WHERE o.import_id = NEW.import_id AND o.version = NEW.version AND TRIM(COALESCE(NEW.document_number, '')) <> '' AND COALESCE(o.answered, '') <> 'entered'); INSERT INTO entered_since (warehouse, part_key, order_id, position, quantity) SELECT q.warehouse, q.part_key, l.order_id, l.position, l.quantity FROM sales_orders AS o JOIN sales_order_lines AS l ON l.order_id = o.id JOIN quantities AS q ON q.warehouse = o.warehouse AND q.part_key = COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(l.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = l.part_number)) WHERE o.import_id = NEW.import_id AND o.version = NEW.version AND TRIM(COALESCE(NEW.document_number, '')) <> '' AND COALESCE(o.answered, '') <> 'entered' AND l.part_number IS NOT NULL AND q.available IS NOT NULL; UPDATE sales_orders SET answered = CASE WHEN TRIM(COALESCE(NEW.document_number, '')) <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE receipts SET answered = CASE WHEN TRIM(COALESCE(NEW.document_number, '')) <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE credits SET answered = CASE WHEN TRIM(COALESCE(NEW.document_number, '')) <> '' THEN 'entered' ELSE 'refused' END WHERE import_id = NEW.import_id AND version = NEW.version; UPDATE sales_orders SET status = TRIM(COALESCE(NEW.status, '')) WHERE import_id = NEW.import_id AND version = NEW.version AND TRIM(COALESCE(NEW.status, '')) <> ''; UPDATE clients SET client_number = TRIM(COALESCE(NEW.client_number, '')) WHERE TRIM(COALESCE(NEW.client_number, '')) <> '' AND id IN (SELECT client_id FROM sales_orders WHERE import_id = NEW.import_id AND version = NEW.version); RETURN NEW; END $$;

CREATE FUNCTION avbc_captures_wanted_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NEW.wanted IS NULL OR NEW.wanted NOT IN ('capture', 'void', 'nothing') THEN RAISE EXCEPTION USING MESSAGE = 'wanted must be capture, void or nothing', ERRCODE = '23514'; END IF; IF NOT EXISTS (SELECT 1 FROM receipts AS r WHERE r.import_id = NEW.import_id) THEN RAISE EXCEPTION USING MESSAGE = 'the books have no receipt with this import_id', ERRCODE = '23514'; END IF; IF NEW.wanted <> 'nothing' AND NOT EXISTS (SELECT 1 FROM receipts AS r WHERE r.import_id = NEW.import_id AND ((r.state = 'pre_authorized' AND NOT r.posted) OR (NEW.wanted = 'capture' AND r.state = 'captured') OR (NEW.wanted = 'void' AND r.state = 'voided'))) THEN RAISE EXCEPTION USING MESSAGE = 'only a pre-authorized receipt that is not posted can be captured or voided', ERRCODE = '23514'; END IF; UPDATE receipts SET capture_wanted = (NEW.wanted = 'capture'), void_wanted = (NEW.wanted = 'void') WHERE import_id = NEW.import_id AND state = 'pre_authorized' AND NOT posted; RETURN NEW; END $$;

CREATE FUNCTION avbc_credits_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NEW.version <> OLD.version THEN NEW.offered_at := clock_timestamp(); NEW.answered := NULL; END IF; RETURN NEW; END $$;

CREATE FUNCTION avbc_credits_offered() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.version := COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1); NEW.offered_at := clock_timestamp(); RETURN NEW; END $$;

CREATE FUNCTION avbc_credits_removed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; RETURN OLD; END $$;

CREATE FUNCTION avbc_quantities_in_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM warehouses WHERE name = NEW.warehouse) THEN RAISE EXCEPTION USING MESSAGE = 'warehouse of the quantity is not in the books', ERRCODE = '23514'; END IF; IF COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(NEW.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = NEW.part_number)) IS NULL THEN RAISE EXCEPTION USING MESSAGE = 'the books have no product with the part_number of the quantity', ERRCODE = '23514'; END IF; IF NEW.available IS NOT NULL AND (NEW.available IN ('NaN', 'Infinity', '-Infinity')) THEN RAISE EXCEPTION USING MESSAGE = 'available of the quantity is not a number', ERRCODE = '23514'; END IF; INSERT INTO quantities (warehouse, part_key, on_hand, available, available_at) VALUES (NEW.warehouse, COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(NEW.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = NEW.part_number)), '0', NEW.available, CASE WHEN NEW.available IS NULL THEN NULL ELSE clock_timestamp() END) ON CONFLICT (warehouse, part_key) DO UPDATE SET available = excluded.available, available_at = excluded.available_at; DELETE FROM entered_since WHERE warehouse = NEW.warehouse AND part_key = COALESCE((SELECT k.part_key FROM products AS k WHERE k.part_key = lower(NEW.part_number)), (SELECT k.part_key FROM products AS k WHERE k.part_number = NEW.part_number)); RETURN NEW; END $$;

CREATE FUNCTION avbc_receipts_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF (NEW.receipt_type IS DISTINCT FROM OLD.receipt_type OR NEW.state IS DISTINCT FROM OLD.state OR NEW.amount IS DISTINCT FROM OLD.amount OR NEW.pre_auth_amount IS DISTINCT FROM OLD.pre_auth_amount) AND NEW.version = OLD.version THEN NEW.version := OLD.version + 1; END IF; IF NEW.version <> OLD.version THEN NEW.offered_at := clock_timestamp(); NEW.answered := NULL; END IF; RETURN NEW; END $$;

CREATE FUNCTION avbc_receipts_offered() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.version := COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1); NEW.offered_at := clock_timestamp(); RETURN NEW; END $$;

CREATE FUNCTION avbc_receipts_removed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; RETURN OLD; END $$;

CREATE FUNCTION avbc_sales_orders_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF (NEW.status IS DISTINCT FROM OLD.status) THEN IF NOT EXISTS (SELECT 1 FROM order_statuses WHERE name = NEW.status) AND (EXISTS (SELECT 1 FROM order_statuses) OR NEW.status NOT IN ('Quote', 'Open', 'Committed', 'Picked', 'Packed', 'Shipped/Invoice', 'Posted')) THEN RAISE EXCEPTION USING MESSAGE = 'status of the order is not in order_statuses', ERRCODE = '23514'; END IF; NEW.status_changed_at := clock_timestamp(); END IF; IF (NEW.updated_at IS DISTINCT FROM OLD.updated_at) AND NEW.version = OLD.version THEN NEW.version := OLD.version + 1; END IF; IF NEW.version <> OLD.version THEN NEW.offered_at := clock_timestamp(); NEW.answered := NULL; END IF; RETURN NEW; END $$;

CREATE FUNCTION avbc_sales_orders_offered() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN NEW.version := COALESCE((SELECT f.version + 1 FROM former_versions AS f WHERE f.import_id = NEW.import_id), 1); NEW.offered_at := clock_timestamp(); NEW.hand_over := COALESCE((SELECT b.hand_over FROM books AS b), 'pick_up'); RETURN NEW; END $$;

CREATE FUNCTION avbc_sales_orders_removed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN INSERT INTO former_versions (import_id, version) VALUES (OLD.import_id, OLD.version) ON CONFLICT (import_id) DO UPDATE SET version = excluded.version; DELETE FROM entered_since WHERE order_id = OLD.id; RETURN OLD; END $$;

CREATE FUNCTION avbc_shipment_items_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF NOT (NEW.shipment_id IS DISTINCT FROM OLD.shipment_id OR NEW.position IS DISTINCT FROM OLD.position OR NEW.store_line_id IS DISTINCT FROM OLD.store_line_id OR NEW.quantity IS DISTINCT FROM OLD.quantity) THEN RETURN NULL; END IF; END IF; UPDATE shipments SET changed_at = clock_timestamp() WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.shipment_id ELSE NEW.shipment_id END; RETURN NULL; END $$;

CREATE FUNCTION avbc_shipment_items_in_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number) THEN RAISE EXCEPTION USING MESSAGE = 'the shipment is not in shipments_in: add its row there first', ERRCODE = '23514'; END IF; IF NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = s.order_import_id JOIN sales_order_lines AS l ON l.order_id = o.id WHERE s.number = NEW.number AND l.store_line_id = NEW.store_line_id) THEN RAISE EXCEPTION USING MESSAGE = 'the order of the shipment has no line with this store_line_id', ERRCODE = '23514'; END IF; IF NEW.quantity IN ('NaN', 'Infinity', '-Infinity') OR NEW.quantity <= 0 THEN RAISE EXCEPTION USING MESSAGE = 'quantity of the shipment must be a number above zero', ERRCODE = '23514'; END IF; DELETE FROM shipment_items_in WHERE number = NEW.number AND store_line_id = NEW.store_line_id; RETURN NEW; END $$;

CREATE FUNCTION avbc_shipment_parcel_items_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF NOT (NEW.shipment_id IS DISTINCT FROM OLD.shipment_id OR NEW.parcel IS DISTINCT FROM OLD.parcel OR NEW.position IS DISTINCT FROM OLD.position OR NEW.store_line_id IS DISTINCT FROM OLD.store_line_id OR NEW.quantity IS DISTINCT FROM OLD.quantity) THEN RETURN NULL; END IF; END IF; UPDATE shipments SET changed_at = clock_timestamp() WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.shipment_id ELSE NEW.shipment_id END; RETURN NULL; END $$;

CREATE FUNCTION avbc_shipment_parcel_items_in_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM shipment_parcels_in WHERE number = NEW.number AND tracking_number = NEW.tracking_number) THEN RAISE EXCEPTION USING MESSAGE = 'shipment_parcels_in has no row with this tracking_number: add it there first', ERRCODE = '23514'; END IF; IF NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = s.order_import_id JOIN sales_order_lines AS l ON l.order_id = o.id WHERE s.number = NEW.number AND l.store_line_id = NEW.store_line_id) THEN RAISE EXCEPTION USING MESSAGE = 'the order of the shipment has no line with this store_line_id', ERRCODE = '23514'; END IF; IF NEW.quantity IN ('NaN', 'Infinity', '-Infinity') OR NEW.quantity <= 0 THEN RAISE EXCEPTION USING MESSAGE = 'quantity of the shipment must be a number above zero', ERRCODE = '23514'; END IF; DELETE FROM shipment_parcel_items_in WHERE number = NEW.number AND tracking_number = NEW.tracking_number AND store_line_id = NEW.store_line_id; RETURN NEW; END $$;

CREATE FUNCTION avbc_shipment_parcels_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF NOT (NEW.shipment_id IS DISTINCT FROM OLD.shipment_id OR NEW.position IS DISTINCT FROM OLD.position OR NEW.tracking_number IS DISTINCT FROM OLD.tracking_number) THEN RETURN NULL; END IF; END IF; UPDATE shipments SET changed_at = clock_timestamp() WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.shipment_id ELSE NEW.shipment_id END; RETURN NULL; END $$;

CREATE FUNCTION avbc_shipment_parcels_in_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number) THEN RAISE EXCEPTION USING MESSAGE = 'the shipment is not in shipments_in: add its row there first', ERRCODE = '23514'; END IF; DELETE FROM shipment_parcels_in WHERE number = NEW.number AND tracking_number = NEW.tracking_number; RETURN NEW; END $$;

CREATE FUNCTION avbc_shipments_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TG_OP = 'INSERT' THEN NEW.changed_at := clock_timestamp(); ELSIF (NEW.number IS DISTINCT FROM OLD.number OR NEW.order_import_id IS DISTINCT FROM OLD.order_import_id OR NEW.ship_via IS DISTINCT FROM OLD.ship_via OR NEW.carrier IS DISTINCT FROM OLD.carrier OR NEW.tracking_link IS DISTINCT FROM OLD.tracking_link OR NEW.comments IS DISTINCT FROM OLD.comments OR NEW.shipped_at IS DISTINCT FROM OLD.shipped_at) THEN NEW.changed_at := clock_timestamp(); END IF; RETURN NEW; END $$;

CREATE FUNCTION avbc_shipments_complete_added() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM shipments_in WHERE number = NEW.number) THEN RAISE EXCEPTION USING MESSAGE = 'the shipment is not in shipments_in: add its row there first', ERRCODE = '23514'; END IF; IF NOT EXISTS (SELECT 1 FROM shipment_items_in WHERE number = NEW.number) THEN RAISE EXCEPTION USING MESSAGE = 'the shipment has no row in shipment_items_in: add what left first', ERRCODE = '23514'; END IF; IF NOT EXISTS (SELECT 1 FROM shipments_in AS s JOIN sales_orders AS o ON o.import_id = s.order_import_id WHERE s.number = NEW.number) THEN RAISE EXCEPTION USING MESSAGE = 'the books have no order with the order_import_id of the shipment', ERRCODE = '23514'; END IF; INSERT INTO shipments (number, changed_at, order_import_id, ship_via, carrier, tracking_link, comments, shipped_at) SELECT c.number, clock_timestamp(), c.order_import_id, c.ship_via, c.carrier, c.tracking_link, c.comments, c.shipped_at FROM shipments_in AS c WHERE c.number = NEW.number AND (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) IS NULL; UPDATE shipments SET order_import_id = (SELECT c.order_import_id FROM shipments_in AS c WHERE c.number = NEW.number), ship_via = (SELECT c.ship_via FROM shipments_in AS c WHERE c.number = NEW.number), carrier = (SELECT c.carrier FROM shipments_in AS c WHERE c.number = NEW.number), tracking_link = (SELECT c.tracking_link FROM shipments_in AS c WHERE c.number = NEW.number), comments = (SELECT c.comments FROM shipments_in AS c WHERE c.number = NEW.number), shipped_at = (SELECT c.shipped_at FROM shipments_in AS c WHERE c.number = NEW.number) WHERE number = NEW.number; DELETE FROM shipment_items WHERE shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND (EXISTS (SELECT c.store_line_id, c.quantity FROM shipment_items_in AS c WHERE c.number = NEW.number EXCEPT SELECT t.store_line_id, t.quantity FROM shipment_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT t.store_line_id, t.quantity FROM shipment_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.store_line_id, c.quantity FROM shipment_items_in AS c WHERE c.number = NEW.number)); INSERT INTO shipment_items (shipment_id, position, store_line_id, quantity) SELECT (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number), ROW_NUMBER() OVER (ORDER BY c.store_line_id) - 1, c.store_line_id, c.quantity FROM shipment_items_in AS c WHERE c.number = NEW.number AND NOT EXISTS (SELECT 1 FROM shipment_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)); DELETE FROM shipment_parcel_items WHERE shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND ((EXISTS (SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number EXCEPT SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number)) OR (EXISTS (SELECT c.tracking_number, c.store_line_id, c.quantity FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number EXCEPT SELECT p.tracking_number, t.store_line_id, t.quantity FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT p.tracking_number, t.store_line_id, t.quantity FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number, c.store_line_id, c.quantity FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number))); DELETE FROM shipment_parcels WHERE shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND ((EXISTS (SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number EXCEPT SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT t.tracking_number FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number)) OR (EXISTS (SELECT c.tracking_number, c.store_line_id, c.quantity FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number EXCEPT SELECT p.tracking_number, t.store_line_id, t.quantity FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)) OR EXISTS (SELECT p.tracking_number, t.store_line_id, t.quantity FROM shipment_parcel_items AS t JOIN shipment_parcels AS p ON p.shipment_id = t.shipment_id AND p.position = t.parcel WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) EXCEPT SELECT c.tracking_number, c.store_line_id, c.quantity FROM shipment_parcel_items_in AS c WHERE c.number = NEW.number))); INSERT INTO shipment_parcels (shipment_id, position, tracking_number) SELECT (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number), ROW_NUMBER() OVER (ORDER BY c.tracking_number) - 1, c.tracking_number FROM shipment_parcels_in AS c WHERE c.number = NEW.number AND NOT EXISTS (SELECT 1 FROM shipment_parcels AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)); INSERT INTO shipment_parcel_items (shipment_id, parcel, position, store_line_id, quantity) SELECT p.shipment_id, p.position, ROW_NUMBER() OVER (PARTITION BY p.position ORDER BY c.store_line_id) - 1, c.store_line_id, c.quantity FROM shipment_parcel_items_in AS c JOIN shipment_parcels AS p ON p.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number) AND p.tracking_number = c.tracking_number WHERE c.number = NEW.number AND NOT EXISTS (SELECT 1 FROM shipment_parcel_items AS t WHERE t.shipment_id = (SELECT s.id FROM shipments AS s WHERE s.number = NEW.number)); RETURN NEW; END $$;

CREATE FUNCTION avbc_shipments_in_begun() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NOT EXISTS (SELECT 1 FROM sales_orders WHERE import_id = NEW.order_import_id) THEN RAISE EXCEPTION USING MESSAGE = 'the books have no order with the order_import_id of the shipment', ERRCODE = '23514'; END IF; IF EXISTS (SELECT 1 FROM shipments WHERE number = NEW.number AND order_import_id <> NEW.order_import_id) THEN RAISE EXCEPTION USING MESSAGE = 'a shipment of another order has this number', ERRCODE = '23514'; END IF; DELETE FROM shipment_items_in WHERE number = NEW.number; DELETE FROM shipment_parcels_in WHERE number = NEW.number; DELETE FROM shipment_parcel_items_in WHERE number = NEW.number; DELETE FROM shipments_in WHERE number = NEW.number; RETURN NEW; END $$;

CREATE TABLE acknowledgements (
    id bigint NOT NULL,
    import_id text NOT NULL,
    version integer NOT NULL,
    document_number text DEFAULT ''::text NOT NULL,
    status text DEFAULT ''::text NOT NULL,
    client_number text DEFAULT ''::text NOT NULL,
    refused_code text DEFAULT ''::text NOT NULL,
    refused_text text DEFAULT ''::text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE SEQUENCE acknowledgements_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE acknowledgements_id_seq OWNED BY acknowledgements.id;

CREATE TABLE books (
    id integer NOT NULL,
    currency text NOT NULL,
    hand_over text DEFAULT 'pick_up'::text NOT NULL
);

CREATE TABLE books_version (
    version integer NOT NULL
);

CREATE TABLE receipts (
    id bigint NOT NULL,
    order_import_id text NOT NULL,
    import_id text NOT NULL,
    receipt_type text NOT NULL,
    amount numeric NOT NULL,
    state text NOT NULL,
    pre_auth_amount numeric NOT NULL,
    store_payment_method text NOT NULL,
    gateway text NOT NULL,
    gateway_transaction_id text NOT NULL,
    authorized_at timestamp with time zone,
    posted boolean NOT NULL,
    capture_wanted boolean NOT NULL,
    void_wanted boolean NOT NULL,
    captured_at timestamp with time zone,
    voided_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    offered_at timestamp with time zone,
    answered text
);

CREATE VIEW captures_wanted AS
 SELECT receipts.import_id,
        CASE
            WHEN receipts.capture_wanted THEN 'capture'::text
            ELSE 'void'::text
        END AS wanted
   FROM receipts
  WHERE (receipts.capture_wanted OR receipts.void_wanted);

CREATE TABLE client_store_customers (
    client_id bigint NOT NULL,
    source_code text NOT NULL,
    customer_id bigint NOT NULL
);

CREATE TABLE clients (
    id bigint NOT NULL,
    email_key text NOT NULL,
    import_id text,
    name text NOT NULL,
    first_name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL,
    address_name text NOT NULL,
    address_attention text NOT NULL,
    address_address_1 text NOT NULL,
    address_address_2 text NOT NULL,
    address_address_3 text NOT NULL,
    address_city text NOT NULL,
    address_state text NOT NULL,
    address_zip text NOT NULL,
    address_country text NOT NULL,
    address_phone text NOT NULL,
    address_email text NOT NULL,
    open_ar boolean NOT NULL,
    client_number text DEFAULT ''::text NOT NULL
);

CREATE SEQUENCE clients_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE clients_id_seq OWNED BY clients.id;

CREATE TABLE sales_orders (
    id bigint NOT NULL,
    client_id bigint NOT NULL,
    contact_id bigint,
    imported_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone,
    import_id text NOT NULL,
    store_order_id bigint NOT NULL,
    client text NOT NULL,
    total numeric NOT NULL,
    tax numeric NOT NULL,
    tax_area text NOT NULL,
    currency text NOT NULL,
    warehouse text NOT NULL,
    ship_via text NOT NULL,
    bill_to_name text NOT NULL,
    bill_to_attention text NOT NULL,
    bill_to_address_1 text NOT NULL,
    bill_to_address_2 text NOT NULL,
    bill_to_address_3 text NOT NULL,
    bill_to_city text NOT NULL,
    bill_to_state text NOT NULL,
    bill_to_zip text NOT NULL,
    bill_to_country text NOT NULL,
    bill_to_phone text NOT NULL,
    bill_to_email text NOT NULL,
    freight numeric NOT NULL,
    rounding numeric NOT NULL,
    tax_override boolean NOT NULL,
    status text NOT NULL,
    po_number text NOT NULL,
    reference text NOT NULL,
    memo text NOT NULL,
    ordered_at timestamp with time zone,
    source_code text NOT NULL,
    fingerprint text NOT NULL,
    status_changed_at timestamp with time zone,
    store_hash text DEFAULT ''::text NOT NULL,
    ordered_on date,
    hand_over text,
    version integer DEFAULT 1 NOT NULL,
    offered_at timestamp with time zone,
    answered text
);

CREATE VIEW clients_to_enter AS
 SELECT c.id,
    c.import_id,
    c.name,
    c.first_name,
    c.email,
    c.phone,
    c.address_name,
    c.address_attention,
    c.address_address_1,
    c.address_address_2,
    c.address_address_3,
    c.address_city,
    c.address_state,
    c.address_zip,
    c.address_country,
    c.address_phone,
    c.address_email,
    c.client_number
   FROM clients c
  WHERE (c.id IN ( SELECT o.client_id
           FROM sales_orders o
          WHERE ((o.hand_over = 'pick_up'::text) AND (o.answered IS NULL))));

CREATE TABLE contacts (
    id bigint NOT NULL,
    client_id bigint NOT NULL,
    email_key text NOT NULL,
    person_key text NOT NULL,
    last_name text NOT NULL,
    first_name text NOT NULL,
    email text NOT NULL,
    phone text NOT NULL
);

CREATE SEQUENCE contacts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE contacts_id_seq OWNED BY contacts.id;

CREATE TABLE credit_lines (
    credit_id bigint NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    amount numeric NOT NULL,
    tax numeric NOT NULL,
    quantity numeric,
    store_line_id bigint,
    part_number text,
    description text NOT NULL
);

CREATE TABLE credits (
    id bigint NOT NULL,
    imported_at timestamp with time zone NOT NULL,
    import_id text NOT NULL,
    order_import_id text NOT NULL,
    store_refund_id bigint NOT NULL,
    tax numeric NOT NULL,
    total numeric NOT NULL,
    currency text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    offered_at timestamp with time zone,
    answered text
);

CREATE VIEW credit_lines_to_enter AS
 SELECT d.import_id AS credit_import_id,
    d.version,
    p."position",
    p.kind,
    p.amount,
    p.tax,
    p.quantity,
    p.store_line_id,
    p.part_number,
    p.description
   FROM ((credits d
     JOIN sales_orders o ON ((o.import_id = d.order_import_id)))
     JOIN credit_lines p ON ((p.credit_id = d.id)))
  WHERE ((d.answered IS NULL) AND (o.hand_over = 'pick_up'::text) AND ((o.answered IS NULL) OR (o.answered = 'entered'::text)));

CREATE TABLE credit_tenders (
    credit_id bigint NOT NULL,
    "position" integer NOT NULL,
    receipt_type text NOT NULL,
    amount numeric NOT NULL,
    store_payment_method text NOT NULL
);

CREATE VIEW credit_tenders_to_enter AS
 SELECT d.import_id AS credit_import_id,
    d.version,
    p."position",
    p.receipt_type,
    p.amount,
    p.store_payment_method
   FROM ((credits d
     JOIN sales_orders o ON ((o.import_id = d.order_import_id)))
     JOIN credit_tenders p ON ((p.credit_id = d.id)))
  WHERE ((d.answered IS NULL) AND (o.hand_over = 'pick_up'::text) AND ((o.answered IS NULL) OR (o.answered = 'entered'::text)));

CREATE SEQUENCE credits_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE credits_id_seq OWNED BY credits.id;

CREATE VIEW credits_to_enter AS
 SELECT d.imported_at,
    d.import_id,
    d.order_import_id,
    d.store_refund_id,
    d.tax,
    d.total,
    d.currency,
    d.reason,
    d.created_at,
    d.version,
    d.offered_at,
    COALESCE(( SELECT a.document_number
           FROM acknowledgements a
          WHERE ((a.import_id = d.import_id) AND (a.document_number <> ''::text))
          ORDER BY a.id DESC
         LIMIT 1), ''::text) AS document_number
   FROM (credits d
     JOIN sales_orders o ON ((o.import_id = d.order_import_id)))
  WHERE ((d.answered IS NULL) AND (o.hand_over = 'pick_up'::text) AND ((o.answered IS NULL) OR (o.answered = 'entered'::text)));

CREATE TABLE entered_since (
    warehouse text NOT NULL,
    part_key text NOT NULL COLLATE pg_catalog."C",
    order_id bigint NOT NULL,
    "position" integer NOT NULL,
    quantity numeric NOT NULL
);

CREATE TABLE former_versions (
    import_id text NOT NULL,
    version integer NOT NULL
);

CREATE TABLE gl_accounts (
    id bigint NOT NULL,
    code text NOT NULL
);

CREATE SEQUENCE gl_accounts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE gl_accounts_id_seq OWNED BY gl_accounts.id;

CREATE TABLE journal_days (
    source_code text NOT NULL,
    day date NOT NULL,
    orders integer NOT NULL,
    receipts integer NOT NULL,
    credits integer NOT NULL,
    memo text NOT NULL
);

CREATE TABLE journal_documents (
    import_id text NOT NULL,
    order_import_id text NOT NULL,
    source_code text NOT NULL,
    kind text NOT NULL,
    version integer NOT NULL
);

CREATE TABLE journal_entries (
    import_id text NOT NULL,
    day date NOT NULL,
    account text NOT NULL,
    source_code text NOT NULL,
    in_cents bigint NOT NULL
);

CREATE TABLE look_alikes (
    id bigint NOT NULL,
    table_name text NOT NULL,
    key text NOT NULL,
    text text NOT NULL,
    same_as text NOT NULL
);

CREATE SEQUENCE look_alikes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE look_alikes_id_seq OWNED BY look_alikes.id;

CREATE TABLE sales_order_discounts (
    order_id bigint NOT NULL,
    "position" integer NOT NULL,
    code text NOT NULL,
    amount numeric NOT NULL,
    gl_code text NOT NULL,
    name text NOT NULL,
    amount_in_store numeric NOT NULL
);

CREATE VIEW order_discounts_to_enter AS
 SELECT o.import_id AS order_import_id,
    o.version,
    p."position",
    p.code,
    p.amount,
    p.gl_code,
    p.name,
    p.amount_in_store
   FROM (sales_orders o
     JOIN sales_order_discounts p ON ((p.order_id = o.id)))
  WHERE ((o.hand_over = 'pick_up'::text) AND (o.answered IS NULL));

CREATE TABLE sales_order_lines (
    order_id bigint NOT NULL,
    "position" integer NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    quantity numeric NOT NULL,
    unit_price numeric NOT NULL,
    amount numeric NOT NULL,
    tax numeric NOT NULL,
    part_number text,
    memo text NOT NULL,
    gl_code text NOT NULL,
    ship_to integer,
    ship_via text NOT NULL,
    store_line_id bigint,
    store_address_id bigint,
    component_of bigint,
    to_ship numeric
);

CREATE VIEW order_lines_to_enter AS
 SELECT o.import_id AS order_import_id,
    o.version,
    p."position",
    p.kind,
    p.description,
    p.quantity,
    p.unit_price,
    p.amount,
    p.tax,
    p.part_number,
    p.memo,
    p.gl_code,
    p.ship_to,
    p.ship_via,
    p.store_line_id,
    p.store_address_id,
    p.component_of,
    p.to_ship
   FROM (sales_orders o
     JOIN sales_order_lines p ON ((p.order_id = o.id)))
  WHERE ((o.hand_over = 'pick_up'::text) AND (o.answered IS NULL));

CREATE TABLE sales_order_ship_tos (
    order_id bigint NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    attention text NOT NULL,
    address_1 text NOT NULL,
    address_2 text NOT NULL,
    address_3 text NOT NULL,
    city text NOT NULL,
    state text NOT NULL,
    zip text NOT NULL,
    country text NOT NULL,
    phone text NOT NULL,
    email text NOT NULL
);

CREATE VIEW order_ship_tos_to_enter AS
 SELECT o.import_id AS order_import_id,
    o.version,
    p."position",
    p.name,
    p.attention,
    p.address_1,
    p.address_2,
    p.address_3,
    p.city,
    p.state,
    p.zip,
    p.country,
    p.phone,
    p.email
   FROM (sales_orders o
     JOIN sales_order_ship_tos p ON ((p.order_id = o.id)))
  WHERE ((o.hand_over = 'pick_up'::text) AND (o.answered IS NULL));

CREATE TABLE order_statuses (
    "position" integer NOT NULL,
    name text NOT NULL
);

CREATE VIEW orders_to_enter AS
 SELECT o.client_id,
    o.contact_id,
    o.imported_at,
    o.updated_at,
    o.import_id,
    o.store_order_id,
    o.client,
    o.total,
    o.tax,
    o.tax_area,
    o.currency,
    o.warehouse,
    o.ship_via,
    o.bill_to_name,
    o.bill_to_attention,
    o.bill_to_address_1,
    o.bill_to_address_2,
    o.bill_to_address_3,
    o.bill_to_city,
    o.bill_to_state,
    o.bill_to_zip,
    o.bill_to_country,
    o.bill_to_phone,
    o.bill_to_email,
    o.freight,
    o.rounding,
    o.tax_override,
    o.status,
    o.po_number,
    o.reference,
    o.memo,
    o.ordered_at,
    o.source_code,
    o.status_changed_at,
    o.store_hash,
    o.ordered_on,
    o.version,
    o.offered_at,
    COALESCE(( SELECT a.document_number
           FROM acknowledgements a
          WHERE ((a.import_id = o.import_id) AND (a.document_number <> ''::text))
          ORDER BY a.id DESC
         LIMIT 1), ''::text) AS document_number,
    c.client_number
   FROM (sales_orders o
     JOIN clients c ON ((c.id = o.client_id)))
  WHERE ((o.hand_over = 'pick_up'::text) AND (o.answered IS NULL));

CREATE TABLE product_aliases (
    part_key text NOT NULL COLLATE pg_catalog."C",
    "position" integer NOT NULL,
    alias_key text NOT NULL,
    alias text NOT NULL
);

CREATE TABLE products (
    part_key text NOT NULL COLLATE pg_catalog."C",
    part_number text NOT NULL,
    name text NOT NULL,
    product_class text NOT NULL,
    kind text NOT NULL,
    description text NOT NULL,
    sales_memo text NOT NULL,
    list_price numeric,
    sell_price numeric,
    weight numeric,
    length numeric,
    width numeric,
    height numeric,
    taxable boolean NOT NULL,
    webstore_category text NOT NULL,
    sync_to_webstore boolean NOT NULL
);

CREATE TABLE promotions (
    id bigint NOT NULL,
    code_key text NOT NULL,
    code text NOT NULL,
    kind text NOT NULL,
    value numeric NOT NULL,
    gl_code text NOT NULL,
    name text NOT NULL,
    inactive boolean NOT NULL
);

CREATE SEQUENCE promotions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE promotions_id_seq OWNED BY promotions.id;

CREATE TABLE quantities (
    warehouse text NOT NULL,
    part_key text NOT NULL COLLATE pg_catalog."C",
    on_hand numeric NOT NULL,
    available numeric,
    available_at timestamp with time zone
);

CREATE VIEW quantities_in AS
 SELECT q.warehouse,
    p.part_number,
    q.available,
    q.available_at
   FROM (quantities q
     JOIN products p ON ((p.part_key = q.part_key)))
  WHERE (q.available IS NOT NULL);

CREATE TABLE receipt_types (
    id bigint NOT NULL,
    name text NOT NULL
);

CREATE SEQUENCE receipt_types_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE receipt_types_id_seq OWNED BY receipt_types.id;

CREATE SEQUENCE receipts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE receipts_id_seq OWNED BY receipts.id;

CREATE VIEW receipts_to_enter AS
 SELECT d.order_import_id,
    d.import_id,
    d.receipt_type,
    d.amount,
    d.state,
    d.pre_auth_amount,
    d.store_payment_method,
    d.gateway,
    d.gateway_transaction_id,
    d.authorized_at,
    d.posted,
    d.capture_wanted,
    d.void_wanted,
    d.captured_at,
    d.voided_at,
    d.version,
    d.offered_at,
    COALESCE(( SELECT a.document_number
           FROM acknowledgements a
          WHERE ((a.import_id = d.import_id) AND (a.document_number <> ''::text))
          ORDER BY a.id DESC
         LIMIT 1), ''::text) AS document_number
   FROM (receipts d
     JOIN sales_orders o ON ((o.import_id = d.order_import_id)))
  WHERE ((d.answered IS NULL) AND (o.hand_over = 'pick_up'::text) AND ((o.answered IS NULL) OR (o.answered = 'entered'::text)) AND ((d.state = ANY (ARRAY['captured'::text, 'pre_authorized'::text])) OR (EXISTS ( SELECT 1
           FROM acknowledgements e
          WHERE ((e.import_id = d.import_id) AND (e.document_number <> ''::text))))));

CREATE SEQUENCE sales_orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE sales_orders_id_seq OWNED BY sales_orders.id;

CREATE TABLE ship_vias (
    id bigint NOT NULL,
    name_key text NOT NULL,
    name text NOT NULL,
    product_class text NOT NULL
);

CREATE SEQUENCE ship_vias_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE ship_vias_id_seq OWNED BY ship_vias.id;

CREATE TABLE shipment_items (
    shipment_id bigint NOT NULL,
    "position" integer NOT NULL,
    store_line_id bigint NOT NULL,
    quantity numeric NOT NULL
);

CREATE TABLE shipment_items_in (
    number bigint NOT NULL,
    store_line_id bigint NOT NULL,
    quantity numeric NOT NULL
);

CREATE TABLE shipment_parcel_items (
    shipment_id bigint NOT NULL,
    parcel integer NOT NULL,
    "position" integer NOT NULL,
    store_line_id bigint NOT NULL,
    quantity numeric NOT NULL
);

CREATE TABLE shipment_parcel_items_in (
    number bigint NOT NULL,
    tracking_number text NOT NULL,
    store_line_id bigint NOT NULL,
    quantity numeric NOT NULL
);

CREATE TABLE shipment_parcels (
    shipment_id bigint NOT NULL,
    "position" integer NOT NULL,
    tracking_number text NOT NULL
);

CREATE TABLE shipment_parcels_in (
    number bigint NOT NULL,
    tracking_number text NOT NULL
);

CREATE TABLE shipments (
    id bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    number bigint NOT NULL,
    order_import_id text NOT NULL,
    ship_via text NOT NULL,
    carrier text NOT NULL,
    tracking_link text NOT NULL,
    comments text NOT NULL,
    shipped_at timestamp with time zone
);

CREATE VIEW shipments_complete AS
 SELECT shipments.number
   FROM shipments;

CREATE SEQUENCE shipments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE shipments_id_seq OWNED BY shipments.id;

CREATE TABLE shipments_in (
    number bigint NOT NULL,
    order_import_id text NOT NULL,
    ship_via text DEFAULT ''::text NOT NULL,
    carrier text DEFAULT ''::text NOT NULL,
    tracking_link text DEFAULT ''::text NOT NULL,
    comments text DEFAULT ''::text NOT NULL,
    shipped_at timestamp with time zone
);

CREATE TABLE tax_areas (
    id bigint NOT NULL,
    name text NOT NULL,
    avatax boolean NOT NULL
);

CREATE SEQUENCE tax_areas_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE tax_areas_id_seq OWNED BY tax_areas.id;

CREATE TABLE warehouse_product_classes (
    warehouse text NOT NULL,
    "position" integer NOT NULL,
    product_class text NOT NULL
);

CREATE TABLE warehouses (
    id bigint NOT NULL,
    name text NOT NULL
);

CREATE SEQUENCE warehouses_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE warehouses_id_seq OWNED BY warehouses.id;

ALTER TABLE ONLY acknowledgements ALTER COLUMN id SET DEFAULT nextval('acknowledgements_id_seq'::regclass);

ALTER TABLE ONLY clients ALTER COLUMN id SET DEFAULT nextval('clients_id_seq'::regclass);

ALTER TABLE ONLY contacts ALTER COLUMN id SET DEFAULT nextval('contacts_id_seq'::regclass);

ALTER TABLE ONLY credits ALTER COLUMN id SET DEFAULT nextval('credits_id_seq'::regclass);

ALTER TABLE ONLY gl_accounts ALTER COLUMN id SET DEFAULT nextval('gl_accounts_id_seq'::regclass);

ALTER TABLE ONLY look_alikes ALTER COLUMN id SET DEFAULT nextval('look_alikes_id_seq'::regclass);

ALTER TABLE ONLY promotions ALTER COLUMN id SET DEFAULT nextval('promotions_id_seq'::regclass);

ALTER TABLE ONLY receipt_types ALTER COLUMN id SET DEFAULT nextval('receipt_types_id_seq'::regclass);

ALTER TABLE ONLY receipts ALTER COLUMN id SET DEFAULT nextval('receipts_id_seq'::regclass);

ALTER TABLE ONLY sales_orders ALTER COLUMN id SET DEFAULT nextval('sales_orders_id_seq'::regclass);

ALTER TABLE ONLY ship_vias ALTER COLUMN id SET DEFAULT nextval('ship_vias_id_seq'::regclass);

ALTER TABLE ONLY shipments ALTER COLUMN id SET DEFAULT nextval('shipments_id_seq'::regclass);

ALTER TABLE ONLY tax_areas ALTER COLUMN id SET DEFAULT nextval('tax_areas_id_seq'::regclass);

ALTER TABLE ONLY warehouses ALTER COLUMN id SET DEFAULT nextval('warehouses_id_seq'::regclass);

INSERT INTO acknowledgements VALUES (1, 'WEB1', 1, 'SO-1', '', '', '', '', '2026-11-29 09:11:57.32208+00');

INSERT INTO books VALUES (1, 'USD', 'journal');

INSERT INTO books_version VALUES (7);

INSERT INTO clients VALUES (1, 'ana@example.com', 'WEB1', 'Rivera', 'Ana', 'ana@example.com', '+1 555 0100', 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '', false, '');
INSERT INTO clients VALUES (2, 'ana@example.com', 'WEB2', 'Rivera', 'Ana', 'ana@example.com', '+1 555 0100', 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '', false, '');
INSERT INTO clients VALUES (3, 'ana@example.com', 'WEB3', 'Rivera', 'Ana', 'ana@example.com', '+1 555 0100', 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '', false, '');
INSERT INTO clients VALUES (4, 'ana@example.com', 'WEB4', 'Rivera', 'Ana', 'ana@example.com', '+1 555 0100', 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '', false, '');

INSERT INTO contacts VALUES (1, 1, 'ana@example.com', 'ana@example.com
rivera
ana', 'Rivera', 'Ana', 'ana@example.com', '1');
INSERT INTO contacts VALUES (2, 2, 'ana@example.com', 'ana@example.com
rivera
ana', 'Rivera', 'Ana', 'ana@example.com', '1');
INSERT INTO contacts VALUES (3, 3, 'ana@example.com', 'ana@example.com
rivera
ana', 'Rivera', 'Ana', 'ana@example.com', '1');
INSERT INTO contacts VALUES (4, 4, 'ana@example.com', 'ana@example.com
rivera
ana', 'Rivera', 'Ana', 'ana@example.com', '1');

INSERT INTO former_versions VALUES ('WEB3-1', 1);
INSERT INTO former_versions VALUES ('WEB3-2', 1);

INSERT INTO promotions VALUES (1, 'save', 'SAVE', '$', 2.5, '40200-000-000', 'Ten percent', false);

INSERT INTO receipts VALUES (2, 'WEB1', 'WEB1-2', 'GiftCard', 3, 'captured', 0, '', '', '', NULL, false, false, false, NULL, NULL, 1, '2026-11-29 09:11:57.245415+00', NULL);
INSERT INTO receipts VALUES (3, 'WEB2', 'WEB2-1', 'Visa/MC', 0, 'pre_authorized', 21.04180, 'Credit Card', 'authorizenet', '600123', '2026-03-01 12:30:00+00', false, false, false, NULL, NULL, 1, '2026-11-29 09:11:57.258074+00', NULL);
INSERT INTO receipts VALUES (4, 'WEB2', 'WEB2-2', 'GiftCard', 3, 'captured', 0, '', '', '', NULL, false, false, false, NULL, NULL, 1, '2026-11-29 09:11:57.258171+00', NULL);
INSERT INTO receipts VALUES (7, 'WEB4', 'WEB4-1', 'Visa/MC', 0, 'pre_authorized', 21.04180, 'Credit Card', 'authorizenet', '600123', '2026-03-01 12:30:00+00', false, false, false, NULL, NULL, 1, '2026-11-29 09:11:57.278209+00', NULL);
INSERT INTO receipts VALUES (8, 'WEB4', 'WEB4-2', 'GiftCard', 3, 'captured', 0, '', '', '', NULL, false, false, false, NULL, NULL, 1, '2026-11-29 09:11:57.278309+00', NULL);
INSERT INTO receipts VALUES (10, 'WEB3', 'WEB3-2', 'GiftCard', 3, 'captured', 0, '', '', '', NULL, false, false, false, NULL, NULL, 2, '2026-11-29 09:11:57.29034+00', NULL);
INSERT INTO receipts VALUES (1, 'WEB1', 'WEB1-1', 'Visa/MC', 0, 'pre_authorized', 21.04180, 'Credit Card', 'authorizenet', '600123', '2026-03-01 12:30:00+00', false, true, false, NULL, NULL, 1, '2026-11-29 09:11:57.244995+00', NULL);
INSERT INTO receipts VALUES (9, 'WEB3', 'WEB3-1', 'Visa/MC', 0, 'voided', 21.04180, 'Credit Card', 'authorizenet', '600123', '2026-03-01 12:30:00+00', false, false, false, NULL, '2026-04-01 00:00:00+00', 3, '2026-11-29 09:11:57.350215+00', NULL);

INSERT INTO sales_order_discounts VALUES (1, 0, 'SAVE', 2.5, '40200-000-000', 'Ten percent', 2.7);
INSERT INTO sales_order_discounts VALUES (2, 0, 'SAVE', 2.5, '40200-000-000', 'Ten percent', 2.7);
INSERT INTO sales_order_discounts VALUES (4, 0, 'SAVE', 2.5, '40200-000-000', 'Ten percent', 2.7);
INSERT INTO sales_order_discounts VALUES (3, 0, 'SAVE', 2.5, '40200-000-000', 'Ten percent', 2.7);

INSERT INTO sales_order_lines VALUES (1, 0, 'product', 'Mug 0', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-0', 'Colour: blue', '40100-000-000', 0, 'UPS Ground', 1000, 10, NULL, 1.25);
INSERT INTO sales_order_lines VALUES (1, 1, 'product', 'Mug 1', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-1', 'Colour: blue', '40100-000-000', 1, 'UPS Ground', 1001, 10, 1000, 1.25);
INSERT INTO sales_order_lines VALUES (2, 0, 'product', 'Mug 0', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-0', 'Colour: blue', '40100-000-000', 0, 'UPS Ground', 2000, 20, NULL, 1.25);
INSERT INTO sales_order_lines VALUES (2, 1, 'product', 'Mug 1', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-1', 'Colour: blue', '40100-000-000', 1, 'UPS Ground', 2001, 20, 2000, 1.25);
INSERT INTO sales_order_lines VALUES (4, 0, 'product', 'Mug 0', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-0', 'Colour: blue', '40100-000-000', 0, 'UPS Ground', 4000, 40, NULL, 1.25);
INSERT INTO sales_order_lines VALUES (4, 1, 'product', 'Mug 1', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-1', 'Colour: blue', '40100-000-000', 1, 'UPS Ground', 4001, 40, 4000, 1.25);
INSERT INTO sales_order_lines VALUES (3, 0, 'product', 'Mug 0', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-0', 'Colour: blue', '40100-000-000', 0, 'UPS Ground', 3000, 30, NULL, 1.25);
INSERT INTO sales_order_lines VALUES (3, 1, 'product', 'Mug 1', 1.5, 6.6333, 9.94995, 0.8209, 'MUG-1', 'Colour: blue', '40100-000-000', 1, 'UPS Ground', 3001, 30, 3000, 1.25);

INSERT INTO sales_order_ship_tos VALUES (1, 0, 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (1, 1, 'Ben Rivera', '', '1 Main Street', '', '', 'Dallas', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (2, 0, 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (2, 1, 'Ben Rivera', '', '1 Main Street', '', '', 'Dallas', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (4, 0, 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (4, 1, 'Ben Rivera', '', '1 Main Street', '', '', 'Dallas', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (3, 0, 'Ana Rivera', '', '1 Main Street', '', '', 'Austin', 'Texas', '78701', 'US', '', '');
INSERT INTO sales_order_ship_tos VALUES (3, 1, 'Ben Rivera', '', '1 Main Street', '', '', 'Dallas', 'Texas', '78701', 'US', '', '');

INSERT INTO sales_orders VALUES (4, 4, 4, '2026-11-29 09:11:57.274521+00', NULL, 'WEB4', 4, 'Rivera', 24.04180, 1.6418, 'BigCommerce', 'USD', 'Main', 'UPS Ground', 'Ana Rivera', 'Accounts', '1 Main Street', 'Floor 2', 'Door B', 'Austin', 'Texas', '78701', 'US', '1', 'ap@example.com', 5.0000, 0.0001, true, 'Open', 'PO 12', 'R 1', 'Leave at the door', '2026-03-01 12:30:15.25+00', 'WEB', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', NULL, 'abc123', '2026-03-01', 'journal', 1, '2026-11-29 09:11:57.277403+00', NULL);
INSERT INTO sales_orders VALUES (3, 3, 3, '2026-11-29 09:11:57.266565+00', '2026-11-29 09:11:57.284806+00', 'WEB3', 3, 'Rivera', 24.04180, 1.6418, 'BigCommerce', 'USD', 'Main', 'UPS Ground', 'Ana Rivera', 'Accounts', '1 Main Street', 'Floor 2', 'Door B', 'Austin', 'Texas', '78701', 'US', '1', 'ap@example.com', 5.0000, 0.0001, true, 'Open', 'PO 12', 'R 1', 'Leave at the door', '2026-03-01 12:30:15.25+00', 'WEB', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', NULL, 'abc123', '2026-03-01', 'journal', 2, '2026-11-29 09:11:57.287252+00', NULL);
INSERT INTO sales_orders VALUES (2, 2, 2, '2026-11-29 09:11:57.249282+00', NULL, 'WEB2', 2, 'Rivera', 24.04180, 1.6418, 'BigCommerce', 'USD', 'Main', 'UPS Ground', 'Ana Rivera', 'Accounts', '1 Main Street', 'Floor 2', 'Door B', 'Austin', 'Texas', '78701', 'US', '1', 'ap@example.com', 5.0000, 0.0001, true, 'Picked', 'PO 12', 'R 1', 'Leave at the door', '2026-03-01 12:30:15.25+00', 'WEB', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', '2026-11-29 09:11:57.312167+00', 'abc123', '2026-03-01', 'pick_up', 1, '2026-11-29 09:11:57.256961+00', NULL);
INSERT INTO sales_orders VALUES (1, 1, 1, '2026-11-29 09:11:56.594692+00', NULL, 'WEB1', 1, 'Rivera', 24.04180, 1.6418, 'BigCommerce', 'USD', 'Main', 'UPS Ground', 'Ana Rivera', 'Accounts', '1 Main Street', 'Floor 2', 'Door B', 'Austin', 'Texas', '78701', 'US', '1', 'ap@example.com', 5.0000, 0.0001, true, 'Committed', 'PO 12', 'R 1', 'Leave at the door', '2026-03-01 12:30:15.25+00', 'WEB', 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', '2026-11-29 11:50:55.601272+00', 'abc123', '2026-03-01', 'pick_up', 1, '2026-11-29 09:11:57.234856+00', 'entered');

INSERT INTO ship_vias VALUES (1, 'ups ground', 'UPS Ground', 'Freight');

INSERT INTO shipment_items VALUES (1, 0, 2000, 1);

INSERT INTO shipment_parcels VALUES (1, 0, '1Z7');

INSERT INTO shipments VALUES (1, '2026-11-29 11:50:55.610048+00', 7, 'WEB2', '', '', '', '', NULL);

SELECT pg_catalog.setval('acknowledgements_id_seq', 1, true);

SELECT pg_catalog.setval('clients_id_seq', 5, true);

SELECT pg_catalog.setval('contacts_id_seq', 5, true);

SELECT pg_catalog.setval('credits_id_seq', 1, false);

SELECT pg_catalog.setval('gl_accounts_id_seq', 1, false);

SELECT pg_catalog.setval('look_alikes_id_seq', 1, false);

SELECT pg_catalog.setval('promotions_id_seq', 5, true);

SELECT pg_catalog.setval('receipt_types_id_seq', 1, false);

SELECT pg_catalog.setval('receipts_id_seq', 10, true);

SELECT pg_catalog.setval('sales_orders_id_seq', 5, true);

SELECT pg_catalog.setval('ship_vias_id_seq', 5, true);

SELECT pg_catalog.setval('shipments_id_seq', 1, true);

SELECT pg_catalog.setval('tax_areas_id_seq', 1, false);

SELECT pg_catalog.setval('warehouses_id_seq', 1, false);

ALTER TABLE ONLY acknowledgements
    ADD CONSTRAINT pk_acknowledgements PRIMARY KEY (id);

ALTER TABLE ONLY books
    ADD CONSTRAINT pk_books PRIMARY KEY (id);

ALTER TABLE ONLY books_version
    ADD CONSTRAINT pk_books_version PRIMARY KEY (version);

ALTER TABLE ONLY client_store_customers
    ADD CONSTRAINT pk_client_store_customers PRIMARY KEY (client_id, source_code);

ALTER TABLE ONLY clients
    ADD CONSTRAINT pk_clients PRIMARY KEY (id);

ALTER TABLE ONLY contacts
    ADD CONSTRAINT pk_contacts PRIMARY KEY (id);

ALTER TABLE ONLY credit_lines
    ADD CONSTRAINT pk_credit_lines PRIMARY KEY (credit_id, "position");

ALTER TABLE ONLY credit_tenders
    ADD CONSTRAINT pk_credit_tenders PRIMARY KEY (credit_id, "position");

ALTER TABLE ONLY credits
    ADD CONSTRAINT pk_credits PRIMARY KEY (id);

ALTER TABLE ONLY entered_since
    ADD CONSTRAINT pk_entered_since PRIMARY KEY (warehouse, part_key, order_id, "position");

ALTER TABLE ONLY former_versions
    ADD CONSTRAINT pk_former_versions PRIMARY KEY (import_id);

ALTER TABLE ONLY gl_accounts
    ADD CONSTRAINT pk_gl_accounts PRIMARY KEY (id);

ALTER TABLE ONLY journal_days
    ADD CONSTRAINT pk_journal_days PRIMARY KEY (source_code, day);

ALTER TABLE ONLY journal_documents
    ADD CONSTRAINT pk_journal_documents PRIMARY KEY (import_id);

ALTER TABLE ONLY journal_entries
    ADD CONSTRAINT pk_journal_entries PRIMARY KEY (import_id, day, account);

ALTER TABLE ONLY look_alikes
    ADD CONSTRAINT pk_look_alikes PRIMARY KEY (id);

ALTER TABLE ONLY order_statuses
    ADD CONSTRAINT pk_order_statuses PRIMARY KEY ("position");

ALTER TABLE ONLY product_aliases
    ADD CONSTRAINT pk_product_aliases PRIMARY KEY (part_key, "position");

ALTER TABLE ONLY products
    ADD CONSTRAINT pk_products PRIMARY KEY (part_key);

ALTER TABLE ONLY promotions
    ADD CONSTRAINT pk_promotions PRIMARY KEY (id);

ALTER TABLE ONLY quantities
    ADD CONSTRAINT pk_quantities PRIMARY KEY (warehouse, part_key);

ALTER TABLE ONLY receipt_types
    ADD CONSTRAINT pk_receipt_types PRIMARY KEY (id);

ALTER TABLE ONLY receipts
    ADD CONSTRAINT pk_receipts PRIMARY KEY (id);

ALTER TABLE ONLY sales_order_discounts
    ADD CONSTRAINT pk_sales_order_discounts PRIMARY KEY (order_id, "position");

ALTER TABLE ONLY sales_order_lines
    ADD CONSTRAINT pk_sales_order_lines PRIMARY KEY (order_id, "position");

ALTER TABLE ONLY sales_order_ship_tos
    ADD CONSTRAINT pk_sales_order_ship_tos PRIMARY KEY (order_id, "position");

ALTER TABLE ONLY sales_orders
    ADD CONSTRAINT pk_sales_orders PRIMARY KEY (id);

ALTER TABLE ONLY ship_vias
    ADD CONSTRAINT pk_ship_vias PRIMARY KEY (id);

ALTER TABLE ONLY shipment_items
    ADD CONSTRAINT pk_shipment_items PRIMARY KEY (shipment_id, "position");

ALTER TABLE ONLY shipment_items_in
    ADD CONSTRAINT pk_shipment_items_in PRIMARY KEY (number, store_line_id);

ALTER TABLE ONLY shipment_parcel_items
    ADD CONSTRAINT pk_shipment_parcel_items PRIMARY KEY (shipment_id, parcel, "position");

ALTER TABLE ONLY shipment_parcel_items_in
    ADD CONSTRAINT pk_shipment_parcel_items_in PRIMARY KEY (number, tracking_number, store_line_id);

ALTER TABLE ONLY shipment_parcels
    ADD CONSTRAINT pk_shipment_parcels PRIMARY KEY (shipment_id, "position");

ALTER TABLE ONLY shipment_parcels_in
    ADD CONSTRAINT pk_shipment_parcels_in PRIMARY KEY (number, tracking_number);

ALTER TABLE ONLY shipments
    ADD CONSTRAINT pk_shipments PRIMARY KEY (id);

ALTER TABLE ONLY shipments_in
    ADD CONSTRAINT pk_shipments_in PRIMARY KEY (number);

ALTER TABLE ONLY tax_areas
    ADD CONSTRAINT pk_tax_areas PRIMARY KEY (id);

ALTER TABLE ONLY warehouse_product_classes
    ADD CONSTRAINT pk_warehouse_product_classes PRIMARY KEY (warehouse, "position");

ALTER TABLE ONLY warehouses
    ADD CONSTRAINT pk_warehouses PRIMARY KEY (id);

ALTER TABLE ONLY clients
    ADD CONSTRAINT uq_clients_import_id UNIQUE (import_id);

ALTER TABLE ONLY contacts
    ADD CONSTRAINT uq_contacts_client_id_person_key UNIQUE (client_id, person_key);

ALTER TABLE ONLY credits
    ADD CONSTRAINT uq_credits_import_id UNIQUE (import_id);

ALTER TABLE ONLY gl_accounts
    ADD CONSTRAINT uq_gl_accounts_code UNIQUE (code);

ALTER TABLE ONLY order_statuses
    ADD CONSTRAINT uq_order_statuses_name UNIQUE (name);

ALTER TABLE ONLY promotions
    ADD CONSTRAINT uq_promotions_code_key UNIQUE (code_key);

ALTER TABLE ONLY receipt_types
    ADD CONSTRAINT uq_receipt_types_name UNIQUE (name);

ALTER TABLE ONLY receipts
    ADD CONSTRAINT uq_receipts_import_id UNIQUE (import_id);

ALTER TABLE ONLY sales_orders
    ADD CONSTRAINT uq_sales_orders_import_id UNIQUE (import_id);

ALTER TABLE ONLY ship_vias
    ADD CONSTRAINT uq_ship_vias_name_key UNIQUE (name_key);

ALTER TABLE ONLY shipments
    ADD CONSTRAINT uq_shipments_number UNIQUE (number);

ALTER TABLE ONLY tax_areas
    ADD CONSTRAINT uq_tax_areas_name UNIQUE (name);

ALTER TABLE ONLY warehouses
    ADD CONSTRAINT uq_warehouses_name UNIQUE (name);

CREATE INDEX ix_acknowledgements_import_id ON acknowledgements USING btree (import_id);

CREATE INDEX ix_clients_email_key ON clients USING btree (email_key);

CREATE INDEX ix_contacts_email_key ON contacts USING btree (email_key);

CREATE INDEX ix_credits_order_import_id ON credits USING btree (order_import_id);

CREATE INDEX ix_credits_refused ON credits USING btree (order_import_id) WHERE (answered = 'refused'::text);

CREATE INDEX ix_credits_to_enter ON credits USING btree (id) WHERE (answered IS NULL);

CREATE INDEX ix_entered_since_order_id ON entered_since USING btree (order_id);

CREATE INDEX ix_journal_documents_order_import_id ON journal_documents USING btree (order_import_id);

CREATE INDEX ix_journal_entries_source_code ON journal_entries USING btree (source_code, day);

CREATE INDEX ix_product_aliases_alias_key ON product_aliases USING btree (alias_key);

CREATE INDEX ix_products_walk ON products USING btree (part_key, sync_to_webstore, kind, part_number);

CREATE INDEX ix_receipts_authorized ON receipts USING btree (authorized_at) WHERE (state = 'pre_authorized'::text);

CREATE INDEX ix_receipts_order_import_id ON receipts USING btree (order_import_id);

CREATE INDEX ix_receipts_refused ON receipts USING btree (order_import_id) WHERE (answered = 'refused'::text);

CREATE INDEX ix_receipts_to_enter ON receipts USING btree (id) WHERE (answered IS NULL);

CREATE INDEX ix_receipts_wanted ON receipts USING btree (order_import_id) WHERE ((capture_wanted IS TRUE) OR (void_wanted IS TRUE));

CREATE INDEX ix_sales_orders_refused ON sales_orders USING btree (id) WHERE (answered = 'refused'::text);

CREATE INDEX ix_sales_orders_status ON sales_orders USING btree (status);

CREATE INDEX ix_sales_orders_status_changed ON sales_orders USING btree (status_changed_at) WHERE (status_changed_at IS NOT NULL);

CREATE INDEX ix_sales_orders_store ON sales_orders USING btree (store_hash, source_code);

CREATE INDEX ix_sales_orders_to_enter ON sales_orders USING btree (id) WHERE ((answered IS NULL) AND (hand_over = 'pick_up'::text));

CREATE INDEX ix_sales_orders_undecided ON sales_orders USING btree (id) WHERE (hand_over IS NULL);

CREATE INDEX ix_shipments_changed_at ON shipments USING btree (changed_at);

CREATE INDEX ix_shipments_order_import_id ON shipments USING btree (order_import_id);

CREATE TRIGGER avbc_acknowledgements_checked BEFORE INSERT ON acknowledgements FOR EACH ROW EXECUTE FUNCTION avbc_acknowledgements_checked();

CREATE TRIGGER avbc_acknowledgements_kept BEFORE DELETE OR UPDATE ON acknowledgements FOR EACH ROW EXECUTE FUNCTION avbc_acknowledgements_kept();

CREATE TRIGGER avbc_acknowledgements_not_truncated BEFORE TRUNCATE ON acknowledgements FOR EACH STATEMENT EXECUTE FUNCTION avbc_acknowledgements_not_truncated();

CREATE TRIGGER avbc_acknowledgements_taken AFTER INSERT ON acknowledgements FOR EACH ROW EXECUTE FUNCTION avbc_acknowledgements_taken();

CREATE TRIGGER avbc_captures_wanted_added INSTEAD OF INSERT ON captures_wanted FOR EACH ROW EXECUTE FUNCTION avbc_captures_wanted_added();

CREATE TRIGGER avbc_credits_changed BEFORE UPDATE ON credits FOR EACH ROW EXECUTE FUNCTION avbc_credits_changed();

CREATE TRIGGER avbc_credits_offered BEFORE INSERT ON credits FOR EACH ROW EXECUTE FUNCTION avbc_credits_offered();

CREATE TRIGGER avbc_credits_removed AFTER DELETE ON credits FOR EACH ROW EXECUTE FUNCTION avbc_credits_removed();

CREATE TRIGGER avbc_quantities_in_added INSTEAD OF INSERT ON quantities_in FOR EACH ROW EXECUTE FUNCTION avbc_quantities_in_added();

CREATE TRIGGER avbc_receipts_changed BEFORE UPDATE ON receipts FOR EACH ROW EXECUTE FUNCTION avbc_receipts_changed();

CREATE TRIGGER avbc_receipts_offered BEFORE INSERT ON receipts FOR EACH ROW EXECUTE FUNCTION avbc_receipts_offered();

CREATE TRIGGER avbc_receipts_removed AFTER DELETE ON receipts FOR EACH ROW EXECUTE FUNCTION avbc_receipts_removed();

CREATE TRIGGER avbc_sales_orders_changed BEFORE UPDATE ON sales_orders FOR EACH ROW EXECUTE FUNCTION avbc_sales_orders_changed();

CREATE TRIGGER avbc_sales_orders_offered BEFORE INSERT ON sales_orders FOR EACH ROW EXECUTE FUNCTION avbc_sales_orders_offered();

CREATE TRIGGER avbc_sales_orders_removed AFTER DELETE ON sales_orders FOR EACH ROW EXECUTE FUNCTION avbc_sales_orders_removed();

CREATE TRIGGER avbc_shipment_items_changed AFTER INSERT OR DELETE OR UPDATE ON shipment_items FOR EACH ROW EXECUTE FUNCTION avbc_shipment_items_changed();

CREATE TRIGGER avbc_shipment_items_in_added BEFORE INSERT ON shipment_items_in FOR EACH ROW EXECUTE FUNCTION avbc_shipment_items_in_added();

CREATE TRIGGER avbc_shipment_parcel_items_changed AFTER INSERT OR DELETE OR UPDATE ON shipment_parcel_items FOR EACH ROW EXECUTE FUNCTION avbc_shipment_parcel_items_changed();

CREATE TRIGGER avbc_shipment_parcel_items_in_added BEFORE INSERT ON shipment_parcel_items_in FOR EACH ROW EXECUTE FUNCTION avbc_shipment_parcel_items_in_added();

CREATE TRIGGER avbc_shipment_parcels_changed AFTER INSERT OR DELETE OR UPDATE ON shipment_parcels FOR EACH ROW EXECUTE FUNCTION avbc_shipment_parcels_changed();

CREATE TRIGGER avbc_shipment_parcels_in_added BEFORE INSERT ON shipment_parcels_in FOR EACH ROW EXECUTE FUNCTION avbc_shipment_parcels_in_added();

CREATE TRIGGER avbc_shipments_changed BEFORE INSERT OR UPDATE OF number, order_import_id, ship_via, carrier, tracking_link, comments, shipped_at ON shipments FOR EACH ROW EXECUTE FUNCTION avbc_shipments_changed();

CREATE TRIGGER avbc_shipments_complete_added INSTEAD OF INSERT ON shipments_complete FOR EACH ROW EXECUTE FUNCTION avbc_shipments_complete_added();

CREATE TRIGGER avbc_shipments_in_begun BEFORE INSERT ON shipments_in FOR EACH ROW EXECUTE FUNCTION avbc_shipments_in_begun();

ALTER TABLE ONLY client_store_customers
    ADD CONSTRAINT fk_client_store_customers_client_id FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY contacts
    ADD CONSTRAINT fk_contacts_client_id FOREIGN KEY (client_id) REFERENCES clients(id) ON DELETE CASCADE;

ALTER TABLE ONLY credit_lines
    ADD CONSTRAINT fk_credit_lines_credit_id FOREIGN KEY (credit_id) REFERENCES credits(id) ON DELETE CASCADE;

ALTER TABLE ONLY credit_tenders
    ADD CONSTRAINT fk_credit_tenders_credit_id FOREIGN KEY (credit_id) REFERENCES credits(id) ON DELETE CASCADE;

ALTER TABLE ONLY credits
    ADD CONSTRAINT fk_credits_order_import_id FOREIGN KEY (order_import_id) REFERENCES sales_orders(import_id);

ALTER TABLE ONLY product_aliases
    ADD CONSTRAINT fk_product_aliases_part_key FOREIGN KEY (part_key) REFERENCES products(part_key) ON DELETE CASCADE;

ALTER TABLE ONLY quantities
    ADD CONSTRAINT fk_quantities_part_key FOREIGN KEY (part_key) REFERENCES products(part_key) ON DELETE CASCADE;

ALTER TABLE ONLY quantities
    ADD CONSTRAINT fk_quantities_warehouse FOREIGN KEY (warehouse) REFERENCES warehouses(name);

ALTER TABLE ONLY receipts
    ADD CONSTRAINT fk_receipts_order_import_id FOREIGN KEY (order_import_id) REFERENCES sales_orders(import_id);

ALTER TABLE ONLY sales_order_discounts
    ADD CONSTRAINT fk_sales_order_discounts_order_id FOREIGN KEY (order_id) REFERENCES sales_orders(id) ON DELETE CASCADE;

ALTER TABLE ONLY sales_order_lines
    ADD CONSTRAINT fk_sales_order_lines_order_id FOREIGN KEY (order_id) REFERENCES sales_orders(id) ON DELETE CASCADE;

ALTER TABLE ONLY sales_order_ship_tos
    ADD CONSTRAINT fk_sales_order_ship_tos_order_id FOREIGN KEY (order_id) REFERENCES sales_orders(id) ON DELETE CASCADE;

ALTER TABLE ONLY sales_orders
    ADD CONSTRAINT fk_sales_orders_client_id FOREIGN KEY (client_id) REFERENCES clients(id);

ALTER TABLE ONLY sales_orders
    ADD CONSTRAINT fk_sales_orders_contact_id FOREIGN KEY (contact_id) REFERENCES contacts(id);

ALTER TABLE ONLY shipment_items
    ADD CONSTRAINT fk_shipment_items_shipment_id FOREIGN KEY (shipment_id) REFERENCES shipments(id) ON DELETE CASCADE;

ALTER TABLE ONLY shipment_parcel_items
    ADD CONSTRAINT fk_shipment_parcel_items_shipment_id FOREIGN KEY (shipment_id) REFERENCES shipments(id) ON DELETE CASCADE;

ALTER TABLE ONLY shipment_parcels
    ADD CONSTRAINT fk_shipment_parcels_shipment_id FOREIGN KEY (shipment_id) REFERENCES shipments(id) ON DELETE CASCADE;

ALTER TABLE ONLY shipments
    ADD CONSTRAINT fk_shipments_order_import_id FOREIGN KEY (order_import_id) REFERENCES sales_orders(import_id);

ALTER TABLE ONLY warehouse_product_classes
    ADD CONSTRAINT fk_warehouse_product_classes_warehouse FOREIGN KEY (warehouse) REFERENCES warehouses(name);

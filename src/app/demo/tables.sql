CREATE TABLE customers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL
) STRICT;
CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  price_cents INTEGER NOT NULL
) STRICT;
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  customer TEXT NOT NULL REFERENCES customers (id),
  product INTEGER NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL,
  note TEXT,
  status TEXT NOT NULL DEFAULT 'open'
) STRICT;
CREATE INDEX orders_customer ON orders (customer);

CREATE VIRTUAL TABLE products_fts USING fts5 (name, description, content = 'products', content_rowid = 'id');

INSERT INTO customers VALUES
  ('partner:acme', 'Acme Stationery', 'orders@acme.example'),
  ('partner:globex', 'Globex Office', 'desk@globex.example');
INSERT INTO products (sku, name, description, price_cents) VALUES
  ('PEN-BLUE', 'Blue pen', 'A ballpoint pen that writes blue', 120),
  ('PEN-RED', 'Red pen', 'A ballpoint pen for teachers', 130),
  ('INK-BLACK', 'Black ink', 'A bottle of ink for fountain pens', 890),
  ('PAD-A5', 'Writing pad', 'Fifty sheets, ruled', 310);
INSERT INTO products_fts (products_fts) VALUES ('rebuild');
INSERT INTO orders (customer, product, quantity, note, status) VALUES
  ('partner:acme', 1, 200, NULL, 'open'),
  ('partner:globex', 3, 12, 'leave it at the gate', 'open'),
  ('partner:acme', 4, 50, NULL, 'shipped'),
  ('partner:globex', 2, 30, NULL, 'shipped'),
  ('partner:acme', 2, 10, 'not before Monday', 'open');

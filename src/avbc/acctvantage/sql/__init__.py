"""The embedded books: a Gateway on SQLAlchemy, on SQLite or PostgreSQL. It needs SQLAlchemy, which nothing else of this package does."""

"""The books in SQLite or PostgreSQL. Only this part of the package needs SQLAlchemy."""

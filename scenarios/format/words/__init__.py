"""What all tables share: strict models, open tables, users' classes, and one-line errors."""

"""What commands share: options, endings, tables, errors."""

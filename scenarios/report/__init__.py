"""A page that one can mail: results as one HTML file that needs nothing else."""

"""Classes that users bring: found, checked, and named in errors like ours."""

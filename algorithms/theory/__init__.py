"""What theory says: when updates come, how many events they take, complexity bounds."""

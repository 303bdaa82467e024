"""Questions about a cluster: what slows it, what another would do, how to use it best."""

"""What the demo and the chaos suites share: sites in network namespaces, programs as load, claims and their report."""

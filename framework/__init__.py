"""Floor 3: the host: hooks, cards, roles, values, planner, engine, store, report, command line."""

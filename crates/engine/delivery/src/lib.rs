//! Gets a message to its recipient's server, or says why not: queue, route, attempt, outcome.

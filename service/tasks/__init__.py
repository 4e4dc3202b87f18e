"""Tasks: work on payments and bank files that is requested over HTTP and done by a process beside the service."""

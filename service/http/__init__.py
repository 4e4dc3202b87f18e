"""The HTTP service: routes, handlers, authentication and limits; the engine decides the acts."""

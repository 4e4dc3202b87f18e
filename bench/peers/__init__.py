"""The peers that the engine is compared with: raw COPY and row-by-row PL/pgSQL."""

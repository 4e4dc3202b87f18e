FROM python:3.13-slim-trixie AS base
# The kernels are compiled when the image is built, and must be found in the cache when it runs on another processor. Numba
# stores them under the processor's name, so that name is fixed here.
ENV NUMBA_CPU_NAME=generic \
    KERNEL_CACHE=/app/compiled \
    PYTHONDONTWRITEBYTECODE=1 \
    PATH=/app/.venv/bin:$PATH
RUN useradd --uid 10001 --create-home crescendo \
    && install --directory --owner=crescendo --group=crescendo /app /data
WORKDIR /app
USER 10001

FROM base AS build
COPY --chown=crescendo tools/uv.txt tools/uv.txt
RUN pip install --no-cache-dir --require-hashes --target /home/crescendo/uv --requirement tools/uv.txt
COPY --chown=crescendo pyproject.toml uv.lock LICENSE ./
# Dependencies first: they change less often than the code, so their layer stays cached.
RUN python -m venv .venv \
    && /home/crescendo/uv/bin/uv sync --frozen --no-dev --group build --no-install-project --no-cache
COPY --chown=crescendo . .
RUN /home/crescendo/uv/bin/uv sync --frozen --no-dev --group build --no-cache \
    && python -m kernels

FROM base
COPY --from=build --chown=crescendo /app /app
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as web; web.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["crescendo"]
# A wrong or missing volume must not become a new, empty ledger: `db create` makes one, see docs/production.md.
# The port is reached by what the container's network lets in: a proxy there ends TLS. Without one, give the container
# --tls-cert and --tls-key in place of --insecure.
CMD ["serve", "--existing", "--host", "0.0.0.0", "--insecure", "--port", "8000", "--data", "/data"]

# The bot in a container: not root, and it writes to /data and /tmp alone.
FROM python:3.11-slim AS build

WORKDIR /src
RUN python -m venv /venv
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY bot bot
COPY model model
# The CPU build of torch, which goes before the one of the same version that brings gigabytes for graphics cards.
RUN /venv/bin/pip install --no-cache-dir --constraint constraints.txt \
        --extra-index-url https://download.pytorch.org/whl/cpu .

FROM python:3.11-slim

RUN useradd --system --uid 10001 namesmith \
    && install --directory --owner namesmith /data
COPY --from=build /venv /venv
WORKDIR /app
COPY data data

ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    DATABASE_URL=sqlite+aiosqlite:////data/namesmith.db \
    METRICS_PORT=9464
USER 10001
VOLUME /data
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:9464/health')"]
ENTRYPOINT ["python", "-m", "bot"]

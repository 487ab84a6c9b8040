# The Loa server. Build: docker build -t loa . — Python packages are pinned by hash, the console's libraries by npm's lock.
FROM node:20-bookworm-slim AS console
WORKDIR /console
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts

FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /opt/loa && /opt/loa/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE THIRD_PARTY.md ./
COPY base base
COPY audio audio
COPY devices devices
COPY schedules schedules
COPY server server
COPY firmware_sim firmware_sim
COPY conformance conformance
COPY simulation simulation
COPY --from=console /console/node_modules/htmx.org/dist/htmx.min.js server/web/static/vendor/htmx.min.js
COPY --from=console /console/node_modules/htmx-ext-sse/dist/sse.min.js server/web/static/vendor/sse.js
COPY --from=console /console/node_modules/dejavu-fonts-ttf/ttf/DejaVuSans.ttf server/web/static/vendor/DejaVuSans.ttf
COPY --from=console /console/node_modules/dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf server/web/static/vendor/DejaVuSans-Bold.ttf
RUN /opt/loa/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data loa && mkdir /data /loa && chown loa /data /loa
COPY --from=build /opt/loa /opt/loa
ENV PATH=/opt/loa/bin:$PATH PYTHONUNBUFFERED=1 LOA_DATA_DIR=/data LOA_LOG__FORMAT=json
USER loa
WORKDIR /data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["loa", "health", "http://127.0.0.1:8080"]
ENTRYPOINT ["loa"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]

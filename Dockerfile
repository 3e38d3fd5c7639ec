# One image for all processes; docker-compose.yml says which one runs. Debian, not Alpine: Temporal's native core and
# the embedded Postgres are built for glibc.
FROM node:20.20.2-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production TZ=UTC
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
# The code runs as TypeScript through tsx: what is copied here is what runs.
COPY package.json tsconfig.json ./
COPY bin bin
COPY domain domain
COPY workflows workflows
COPY activities activities
COPY channels channels
COPY store store
COPY receipts receipts
COPY closing closing
COPY notices notices
COPY api api
COPY workers workers
COPY sandbox sandbox
COPY cli cli
RUN install --directory --owner node --group node /var/lib/yuanlu /sandbox
USER node
STOPSIGNAL SIGTERM
ENTRYPOINT []
CMD ["node", "bin/yuanlu.js", "--help"]

# kops with everything it needs to run: `docker build -t kops .`, then `docker run --rm kops --help`.

FROM node:24.21.0-slim AS build
WORKDIR /kops
COPY . .
RUN npm run setup && npm prune --omit=dev --no-audit --no-fund && rm -rf .nx

FROM node:24.21.0-slim
ENV NODE_ENV=production
COPY --from=build /kops /kops
# Repository, socket and state lie on volumes, which take their owner from the folders here.
RUN mkdir -p /repository /run/kops /var/lib/kops && chown node:node /repository /run/kops /var/lib/kops
USER node
ENTRYPOINT ["node", "/kops/apps/cli/bin/kops.js"]
CMD ["--help"]

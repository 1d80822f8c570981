# A gateway as a container. The tests do not build it; it was built and run by hand, with Podman and base images of the same content.
#
#   docker build --tag polygate .
#
# No sandbox: that is for laptops and listens on the loopback. Settings come from the environment, as docs/configuration.md has them.

FROM node:26-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN npm ci && npm run build && npm pack

FROM node:26-bookworm-slim
WORKDIR /opt/polygate
COPY --from=build /build/polygate-*.tgz /tmp/
# Without the optional packages: the image brings its Node, and the database is elsewhere.
RUN npm install --omit=optional --omit=dev /tmp/polygate-*.tgz && rm -rf /tmp/polygate-*.tgz /root/.npm
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
# Nothing is written: the root file system can be read-only. The user can change neither program nor dependencies.
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "node_modules/polygate/bin/polygate.js"]
CMD ["start", "--mode", "live"]

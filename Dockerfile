# Two images: `--target operator` and `--target simulator`.
#
# Base images are arguments, for registries of one's own and for pinning by digest. The default of the operator's runtime
# has Node and nothing else: no shell, no package manager. `--build-arg RUNTIME_IMAGE=node:24-bookworm-slim` works as well,
# for whoever needs a shell in the image. The simulator mounts volumes and makes file systems, so that it needs programs.
#
# A registry of npm packages of one's own: `--secret id=npmrc,src=.npmrc`, and what that file's `cafile=/run/secrets/npm-ca`
# names: `--secret id=npm-ca,src=ca.pem`. Both are there while npm runs and in no layer.
#
# The same sources and base images give the same files: versions are locked, no package runs an install script, and all
# times are SOURCE_DATE_EPOCH. For the same digest, too, let BuildKit rewrite the layers' times:
#   SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) docker buildx build --target operator \
#     --build-arg REVISION=$(git rev-parse HEAD) --output type=image,name=lunresync,rewrite-timestamp=true .
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot
ARG SIMULATOR_IMAGE=node:24-bookworm-slim

FROM ${BUILD_IMAGE} AS base
ENV npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
WORKDIR /app
COPY package.json package-lock.json ./

FROM base AS build
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=npm-ca \
    npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/copy-generated.ts scripts/bundle.ts scripts/
COPY src src
RUN npm run build

# The build puts the operator and the packages that it uses into one file.
FROM base AS operator-files
ARG SOURCE_DATE_EPOCH=0
COPY --from=build /app/dist/operator.js dist/
RUN rm package-lock.json \
 && find . -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

# Of the optional dependencies koffi's native code is used; the others are builds of Node for developers' machines.
FROM base AS simulator-files
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=npm-ca \
    npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node-linux-* node_modules/node-darwin-* node_modules/@kubernetes node_modules/.bin package-lock.json
COPY --from=build /app/dist/simulator dist/simulator
COPY --from=build /app/dist/proto dist/proto
COPY --from=build /app/dist/rpc dist/rpc
RUN mkdir /data \
 && find . /data -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM ${SIMULATOR_IMAGE} AS simulator
# What the CSI node service calls. A base that has all of it needs no package manager.
RUN (command -v losetup && command -v mkfs.ext4 && command -v mkfs.xfs) >/dev/null \
 || (apt-get update -qq \
     && apt-get install -y -qq --no-install-recommends mount util-linux e2fsprogs xfsprogs \
     && rm -rf /var/lib/apt/lists/*)
ENV NODE_ENV=production
WORKDIR /app
USER 65532:65532
LABEL org.opencontainers.image.title="lunresync-simulator" \
      org.opencontainers.image.description="A simulated storage array that serves lunarray.v1" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=simulator-files /app /app
COPY --from=simulator-files --chown=65532:65532 /data /data
VOLUME /data
ENTRYPOINT ["node", "dist/simulator/main.js"]
CMD ["--data", "/data"]

# Last, so that it is also what a build without --target gives.
FROM ${RUNTIME_IMAGE} AS operator
# Node is at /nodejs/bin in the distroless image and at /usr/local/bin in others.
ENV PATH=/nodejs/bin:/usr/local/bin:/usr/bin:/bin NODE_ENV=production
WORKDIR /app
USER 65532:65532
ARG REVISION=unknown
ENV LUNRESYNC_REVISION=${REVISION}
LABEL org.opencontainers.image.title="lunresync" \
      org.opencontainers.image.description="Runs LunResync objects on storage arrays that speak lunarray.v1" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision=${REVISION}
COPY --from=operator-files /app /app
EXPOSE 8080
# malloc of glibc has a heap for each of Node's eleven threads and gives little of them back: what they needed at the start stayed
# with an idle operator, 14 MiB of 112 (bench/README.md, `idle`). Node has few threads that allocate at once.
ENV MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=65536
# V8 lets the space of young objects grow to 16 MiB times three and keeps it; objects of a watch die young in 2 MiB as well.
# In a burst of 200 runs the peak of memory was 187 MiB in place of 277, with the same use of CPU.
ENTRYPOINT ["node", "--max-semi-space-size=2", "dist/operator.js"]

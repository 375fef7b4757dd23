# ipam-gateway, ipam-dcom-server and ipamctl in one image; the command chooses. The base is an argument, for registries
# that mirror Debian: --build-arg BASE=registry.example/debian:bookworm-slim
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY deploy/packages.sh deploy/packages.sh
RUN deploy/packages.sh build
COPY CMakeLists.txt CMakePresets.json ./
COPY deploy/cmake deploy/cmake
COPY proto proto
COPY dcom_bridge dcom_bridge
COPY gateway gateway
ENV CCACHE_BASEDIR=/src CCACHE_NOHASHDIR=1
RUN cmake --preset release -DIPAM_TESTS=OFF \
 && cmake --build --preset release --target ipam-gateway ipam-dcom-server ipamctl \
 && strip build/release/bin/*

FROM ${BASE}
COPY deploy/packages.sh /tmp/packages.sh
RUN /tmp/packages.sh runtime && rm -rf /tmp/packages.sh /var/lib/apt/lists/* /var/cache/apt/*
RUN useradd --system --uid 10001 --home-dir /var/lib/ipam --create-home --shell /usr/sbin/nologin ipam
COPY --from=build /src/build/release/bin/ipam-gateway /src/build/release/bin/ipam-dcom-server \
     /src/build/release/bin/ipamctl /usr/local/bin/
COPY deploy/quickstart.sh /usr/share/ipam-progress-gateway/deploy/quickstart.sh
COPY deploy/samples /usr/share/ipam-progress-gateway/deploy/samples
ENV IPAM_BIN_DIR=/usr/local/bin
USER 10001
WORKDIR /var/lib/ipam
VOLUME /var/lib/ipam
# The gateway's gRPC, DCOM callbacks are on a port of your choice: --dcom-callback-listen.
EXPOSE 50051 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["ipamctl", "sources", "--output", "json"]
CMD ["ipam-gateway"]

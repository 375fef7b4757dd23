#!/usr/bin/env bash
# Installs the Debian 12 packages that a purpose needs, and nothing where they are there already.
#   deploy/packages.sh build|test|runtime [--print]
set -euo pipefail

build=(
  ca-certificates g++ cmake ninja-build pkg-config ccache mold
  libgrpc++-dev protobuf-compiler-grpc protobuf-compiler libprotobuf-dev libabsl-dev libre2-dev libc-ares-dev
  zlib1g-dev libboost1.81-dev libssl-dev libsqlite3-dev libspdlog-dev nlohmann-json3-dev libxml2-dev nettle-dev
  prometheus-cpp-dev libcurl4-openssl-dev libyaml-cpp-dev libcli11-dev libkrb5-dev libpq-dev
)
test=(
  libgtest-dev libgmock-dev libbenchmark-dev clang libclang-rt-14-dev clang-format shellcheck yamllint git
  curl jq zsh fish grpc-proto sqlite3 python3 python3-grpcio python3-protobuf python3-websockets python3-impacket
  python3-samba samba-testsuite winbind krb5-kdc krb5-admin-server krb5-user tshark
  chromium chromium-driver python3-selenium fonts-dejavu-core
  buildah crun fuse-overlayfs mmdebstrap docker-compose
  kea-dhcp4-server kea-dhcp6-server kea-ctrl-agent kea-admin
  pdns-server pdns-backend-sqlite3 pdns-recursor bind9-dnsutils
  postgresql-15
)
runtime=(
  ca-certificates libgrpc++1.51 libprotobuf32 libabsl20220623 libre2-9 libc-ares2 libssl3 libsqlite3-0
  libspdlog1.10 libfmt9 libxml2 libnettle8 libgssapi-krb5-2 libcurl4 libprometheus-cpp-core1.0 libyaml-cpp0.7
  libstdc++6 libpq5
)

case "${1:-}" in
  build) wanted=("${build[@]}") ;;
  test) wanted=("${build[@]}" "${test[@]}") ;;
  runtime) wanted=("${runtime[@]}") ;;
  *)
    echo "usage: $0 build|test|runtime [--print]" >&2
    exit 2
    ;;
esac
if [ "${2:-}" = --print ]; then
  printf '%s\n' "${wanted[@]}"
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  case "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" in
    installed) ;;
    *) missing+=("$package") ;;
  esac
done
[ "${#missing[@]}" -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "packages are missing (${missing[*]}): run as root, or install sudo" >&2
    exit 1
  }
  root=(sudo)
fi
echo "installing ${#missing[@]} packages: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=550 -o Acquire::Retries=3 -qq)
"${apt[@]}" update
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null

#!/usr/bin/env bash
# From a clone to a running gateway: installs the packages, builds, starts ipam-dcom-server and ipam-gateway on
# loopback, imports a sample network, runs six sample operations and shows their progress, then serves until Ctrl-C.
set -euo pipefail

usage() {
  cat <<'EOF'
usage: deploy/quickstart.sh [options]

  --once                end after the operations, with their worst exit code (4 outcome unknown, 3 partially
                        failed, 1 failed, 6 cancelled, 0 succeeded)
  --no-demo             import and serve; start no operation
  --import FILE         this network instead of deploy/samples/network.yaml; "none": an empty store
  --dir DIR             state, logs and quickstart.env; the same DIR goes on where it was (default: a new one)
  --dcom-port PORT      of ipam-dcom-server (default 135)
  --callback-port PORT  where the gateway takes callbacks (default 0)
  --grpc-port PORT      (default 50051)
  --http-port PORT      HTTP, WebSocket and dashboard (default 8080); 0 is any free port, for each of the four
  --step-delay TIME     slows each step of an operation, such as 200ms (default 200ms; 0 with --no-demo)
  --progress2 on|off    whether the server offers IIpamOperationWithProgress2, by which operations are resumed after
                        a kill and can be cancelled; off: the interfaces of [MS-IPAMM2] alone (default on)
  --help

Environment: IPAM_BIN_DIR=DIR runs the programs of DIR and builds nothing.
EOF
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'quickstart: %s\n' "$*" >&2
  exit "${code:-1}"
}
usage_error() { code=2 die "$1 (--help lists the options)"; }

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
caller_dir=$PWD
once=0 demo=1 import='' dir='' dcom_port='' callback_port='' grpc_port='' http_port='' step_delay=''
progress2=on

while [ $# -gt 0 ]; do
  option=${1%%=*}
  case "$option" in
    --once) once=1 ;;
    --no-demo) demo=0 ;;
    --help | -h) usage && exit 0 ;;
    --import | --dir | --dcom-port | --callback-port | --grpc-port | --http-port | --step-delay | --progress2)
      if [ "$option" != "$1" ]; then
        value=${1#*=}
      else
        [ $# -ge 2 ] || usage_error "$1 needs a value"
        value=$2
        shift
      fi
      [ -n "$value" ] || usage_error "$option needs a value"
      name=${option#--}
      printf -v "${name//-/_}" '%s' "$value"
      ;;
    *) usage_error "unknown option '$1'" ;;
  esac
  shift
done
for name in dcom_port callback_port grpc_port http_port; do
  port=${!name}
  [[ -z $port || $port =~ ^[0-9]{1,5}$ && $((10#$port)) -le 65535 ]] ||
    usage_error "--${name//_/-}: '$port' is no port, use 0 to 65535"
done
[[ -z $step_delay || $step_delay =~ ^(0|[0-9]+(ms|s))$ ]] ||
  usage_error "--step-delay: '$step_delay' is no time, use for example 200ms or 1s"
[[ $progress2 =~ ^(on|off)$ ]] || usage_error "--progress2: '$progress2' is neither on nor off"
absolute() { case "$1" in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$caller_dir" "$1" ;; esac; }
[ -n "$import" ] || import=$source_dir/deploy/samples/network.yaml
if [ "$import" != none ]; then
  import=$(absolute "$import")
  [ -r "$import" ] || die "cannot read $import"
fi

# --- programs -------------------------------------------------------------------------------------------------------
if [ -n "${IPAM_BIN_DIR:-}" ]; then
  bin=$(absolute "$IPAM_BIN_DIR")
else
  "$source_dir/deploy/packages.sh" build
  bin=$source_dir/build/release/bin
  cd "$source_dir"
  build_log=$(mktemp)
  say "building (the first time takes some minutes) ..."
  export CCACHE_BASEDIR="$source_dir" CCACHE_NOHASHDIR=1
  if ! { cmake --preset release -DIPAM_TESTS=OFF &&
    cmake --build --preset release --target ipam-gateway ipam-dcom-server ipamctl; } >"$build_log" 2>&1; then
    tail -n 40 "$build_log" >&2
    die "the build failed; all of its output is in $build_log"
  fi
  rm -f "$build_log"
fi
for program in ipam-gateway ipam-dcom-server ipamctl; do
  [ -x "$bin/$program" ] || die "there is no $bin/$program"
done

# --- state ----------------------------------------------------------------------------------------------------------
umask 077
if [ -n "$dir" ]; then
  dir=$(absolute "$dir")
  mkdir -p "$dir" || die "cannot make $dir"
else
  dir=$(mktemp -d "${TMPDIR:-/tmp}/ipam-quickstart.XXXXXX")
fi
cd "$dir" || die "cannot enter $dir"
exec 9>"$dir/lock"
flock -n 9 || die "$dir is in use by another quickstart; give another --dir, or stop that one"

# A port that nothing listens on, below the range the kernel takes ports of outgoing connections from.
free_port() {
  local port
  for _ in $(seq 200); do
    port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
    [[ " $taken " == *" $port "* ]] && continue
    grep -qi ":$(printf '%04X' "$port") [0-9A-F:]* 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null && continue
    printf '%s' "$port"
    return
  done
  die "found no free port"
}
taken=''
# An option wins over what DIR had before, which wins over the default; 0 is resolved here, so that a program that is
# killed and started again comes back where it was.
choose_port() { # variable, name in quickstart.ports, default
  local given=${!1} before='' port
  [ -f "$dir/quickstart.ports" ] && before=$(sed -n "s/^$2=//p" "$dir/quickstart.ports")
  port=${given:-${before:-$3}}
  if [ "$port" = 0 ]; then port=${before:-$(free_port)}; fi
  taken="$taken $port"
  printf -v "$1" '%s' "$port"
}
choose_port dcom_port dcom 135
choose_port callback_port callback 0
choose_port grpc_port grpc 50051
choose_port http_port http 8080
printf 'dcom=%s\ncallback=%s\ngrpc=%s\nhttp=%s\n' "$dcom_port" "$callback_port" "$grpc_port" "$http_port" \
  >"$dir/quickstart.ports"
if [ -z "$step_delay" ]; then
  step_delay=0
  [ "$demo" = 1 ] && step_delay=200ms
fi
[ "$step_delay" = 0 ] && step_delay=0ms

domain=IPAM user=gateway
[ -s "$dir/password" ] || head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"$dir/password"
password=$(cat "$dir/password")
printf '%s' "$password" | "$bin/ipam-dcom-server" account "$domain\\$user" >"$dir/accounts"

cat >"$dir/server.yaml" <<EOF
dcom: {listen: "127.0.0.1:$dcom_port"}
auth: {accounts: "$dir/accounts"}
store: {path: "$dir/ipam.db"}
engine: {step_delay: $step_delay, administrator: ['$domain\\$user']}
progress2: "$progress2"
pid_file: "$dir/server.pid"
EOF
cat >"$dir/gateway.yaml" <<EOF
dcom:
  server: "127.0.0.1:$dcom_port"
  domain: $domain
  user: $user
  password: "$password"
  callback_listen: "127.0.0.1:$callback_port"
grpc: {listen: "127.0.0.1:$grpc_port"}
http: {listen: "127.0.0.1:$http_port"}
journal: {path: "$dir/journal.db"}
pid_file: "$dir/gateway.pid"
EOF

# --- start and stop ---------------------------------------------------------------------------------------------------
ctl_pid='' gateway_pid='' server_pid=''
stop_programs() {
  local name pid waited
  # The gateway first: its watchers are told to come back, and its callbacks are released.
  for name in gateway server; do
    pid=$(cat "$dir/$name.pid" 2>/dev/null) || continue
    runs "$pid" "$name" || continue
    kill -TERM "$pid" 2>/dev/null || continue
    for waited in $(seq 120); do
      runs "$pid" "$name" || break
      [ "$waited" = 120 ] && kill -KILL "$pid" 2>/dev/null
      sleep 0.1
    done
  done
  rm -f "$dir/server.pid" "$dir/gateway.pid"
}
# A program that ended is gone, also where whoever started it again has not waited for it yet (state Z).
runs() { # pid, name
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return
  [[ $stat == "$1 ($(program_comm "$2")) "[!ZX]* ]]
}
program_comm() { case "$1" in gateway) echo ipam-gateway ;; server) echo ipam-dcom-serve ;; esac; }
leave() {
  trap '' INT TERM
  [ -z "$ctl_pid" ] || kill -TERM "$ctl_pid" 2>/dev/null || true
  stop_programs
  exit "$1"
}
on_signal() {
  say ""
  say "stopping; $dir keeps its state (--dir $dir goes on)"
  if [ -n "$ctl_pid" ]; then leave 130; fi
  leave 0
}
trap on_signal INT TERM

start() { # name, program, configuration: in a session of its own, so that Ctrl-C reaches this script alone
  setsid "$bin/$2" --config "$3" >>"$dir/$1.log" 2>&1 9>&- &
  printf -v "$1_pid" '%s' "$!"
}
wait_for() { # name, what, command...
  local name=$1 what=$2 pid_variable=$1_pid
  shift 2
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    if ! kill -0 "${!pid_variable}" 2>/dev/null; then
      tail -n 5 "$dir/$name.log" >&2
      code=1 fail "$what did not start; its log is $dir/$name.log"
    fi
    sleep 0.1
  done
  tail -n 5 "$dir/$name.log" >&2
  fail "$what was not ready in 30 s; its log is $dir/$name.log"
}
fail() {
  printf 'quickstart: %s\n' "$*" >&2
  leave 1
}
# A port that answers may be another program's: the program writes its own number once it listens.
serves() { [ "$(cat "$dir/$1.pid" 2>/dev/null)" = "$2" ]; }
connected() { serves gateway "$gateway_pid" && ipamctl sources --output json | grep -q '"SOURCE_STATE_CONNECTED"'; }
ipamctl() { "$bin/ipamctl" --gateway "127.0.0.1:$grpc_port" "$@"; }

if [ ! -f "$dir/imported" ]; then
  if [ "$import" != none ]; then
    "$bin/ipam-dcom-server" --config "$dir/server.yaml" import "$import" || die "the import of $import failed"
  fi
  : >"$dir/imported"
fi
rm -f "$dir/server.pid" "$dir/gateway.pid"
start server ipam-dcom-server "$dir/server.yaml"
wait_for server ipam-dcom-server serves server "$server_pid"
start gateway ipam-gateway "$dir/gateway.yaml"
wait_for gateway ipam-gateway connected

cat >"$dir/quickstart.env.new" <<EOF
IPAM_DCOM_HOST=127.0.0.1
IPAM_DCOM_PORT=$dcom_port
IPAM_DCOM_USER=$user
IPAM_DCOM_PASSWORD=$password
IPAM_DCOM_DOMAIN=$domain
IPAM_CALLBACK_PORT=$callback_port
IPAM_GRPC=127.0.0.1:$grpc_port
IPAM_HTTP=http://127.0.0.1:$http_port
IPAM_GATEWAY_PID=$gateway_pid
IPAM_SERVER_PID=$server_pid
EOF
mv "$dir/quickstart.env.new" "$dir/quickstart.env"

urls() {
  cat <<EOF

  dashboard   http://127.0.0.1:$http_port/
  WebSocket   ws://127.0.0.1:$http_port/v1/ws
  gRPC        grpcurl -plaintext -d '{}' 127.0.0.1:$grpc_port ipam.progress.v1.ProgressService/WatchOperations
  terminal    $bin/ipamctl --gateway 127.0.0.1:$grpc_port watch
  state, logs $dir
EOF
}

# --- the demonstration --------------------------------------------------------------------------------------------------
result=0
if [ "$demo" = 1 ] && [ -f "$dir/demonstrated" ]; then
  say "the demonstration of $dir ran before and is not run again"
elif [ "$demo" = 1 ]; then
  files=()
  for operation in CreateDnsZone CreateDnsResourceRecords CreateDhcpScope CreateDhcpReservation \
    CreateIpamIPAddress CreateDhcpFailover; do
    files+=("$source_dir/deploy/samples/$operation.xml")
  done
  # In the background, so that a signal is taken while the bars move. By their keys, those that an earlier run on
  # DIR did not see to their end are found, and not started again.
  ipamctl start "${files[@]}" --request-id quickstart --watch 9>&- &
  ctl_pid=$!
  wait "$ctl_pid" || result=$?
  ctl_pid=''
  case "$result" in
    0 | 1 | 3 | 4 | 6) : >"$dir/demonstrated" ;;
    *) fail "the operations could not be followed (ipamctl ended with $result); see $dir/gateway.log" ;;
  esac
fi
if [ "$once" = 1 ]; then
  leave "$result"
fi
urls
say ""
say "serving until Ctrl-C"
while :; do
  sleep 3600 9>&- &
  wait $! || true
done

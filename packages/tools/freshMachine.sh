#!/usr/bin/env bash
# What a new user does, on a machine that has Node.js, npm, git and Debian's essential packages and nothing else: a clone in an
# empty folder, an empty home, `npm start`, `npm test`. All is made in one temporary folder, and removed.
#
#   packages/tools/freshMachine.sh [--burners N] [--tests N] [--keep]
#
# --burners N: N busy processes run beside all of it. --tests N: `npm test` N times; 0 for none. --keep: leaves the folder.
set -euo pipefail
burners=0 tests=1 keep=
while [ $# -gt 0 ]; do
  case $1 in
    --burners) burners=$2; shift 2 ;;
    --tests) tests=$2; shift 2 ;;
    --keep) keep=1; shift ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
done

repository=$(cd "$(dirname "$0")/../.." && git rev-parse --path-format=absolute --git-common-dir)
commit=$(cd "$(dirname "$0")" && git rev-parse HEAD)
folder=$(mktemp -d "${TMPDIR:-/tmp}/fresh-XXXXXX")
bin=$folder/bin
mkdir "$bin" "$folder/home" "$folder/tmp"
pids=()
finish() {
  [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true
  [ -n "$keep" ] || rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Every program of the essential packages, and the four.
essential=$(dpkg-query --show --showformat '${binary:Package} ${Essential}\n' | sed -n 's/ yes$//p')
# shellcheck disable=SC2086 # One word a package.
for path in $(dpkg-query --listfiles $essential | grep -E '^(/usr)?/s?bin/[^/]+$' | sort -u); do
  [ ! -x "$path" ] || ln -sf "$path" "$bin/${path##*/}"
done
# What they call by another name: awk is a package of its own, sh a diversion.
for name in sh node npm npx git; do ln -sf "$(command -v "$name")" "$bin/$name"; done

# Of the registry and its certificates, what npm is told here already; nothing else of the environment.
variables=(HOME="$folder/home" PATH="$bin" TMPDIR="$folder/tmp" LANG="${LANG:-C.UTF-8}")
for name in registry cafile proxy https-proxy noproxy strict-ssl; do
  value=$(cd / && npm config get "$name")
  [ "$value" = null ] || [ -z "$value" ] || [ "$value" = undefined ] || variables+=("npm_config_${name//-/_}=$value")
done
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy NODE_EXTRA_CA_CERTS SSL_CERT_FILE; do
  [ -z "${!name:-}" ] || variables+=("$name=${!name}")
done
fresh() { env -i "${variables[@]}" "$@" </dev/null; }

for ((n = 0; n < burners; n++)); do
  node -e 'for (;;);' &
  pids+=($!)
done

status=0
timed() {
  local start=$SECONDS result=green
  printf '\n=== %s\n' "$*"
  fresh "$@" || { result=RED; status=1; }
  printf '=== %s: %s in %d s\n' "$*" "$result" $((SECONDS - start)) | tee -a "$folder/summary"
}
cd "$folder"
timed git clone --quiet --no-local "$repository" tessera
cd tessera
fresh git checkout --quiet "$commit"
timed npm start
for ((n = 0; n < tests; n++)); do timed npm test; done
printf '\nbeside %d burners:\n' "$burners"
cat "$folder/summary"
exit "$status"

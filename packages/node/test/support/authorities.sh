#!/bin/sh
# Makes authorities.json anew, by openssl: authorities of the tests' own, each with a server's and a client's certificate. They
# are good for a hundred years, and their keys are no secret.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# authority NAME OF-THE-SERVER
authority() {
  ec='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
  openssl req -x509 $ec -days 36500 -keyout ca.key -out ca.pem -subj '/CN=Test authority' 2>/dev/null
  issue server "subjectAltName=$2"
  issue client 'extendedKeyUsage=clientAuth'
  node -e '
    const { readFileSync } = require("node:fs")
    const read = (name) => readFileSync(name, "utf8")
    const pair = (name) => ({ key: read(`${name}.key`), cert: read(`${name}.pem`) })
    console.log(JSON.stringify({ ca: read("ca.pem"), server: pair("server"), client: pair("client") }))
  ' >"$1.json"
}

# issue NAME EXTENSION
issue() {
  echo "$2" >"$1.ext"
  openssl req $ec -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 36500 -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}

authority loopback IP:127.0.0.1
authority other DNS:other.example
node -e '
  const { readFileSync } = require("node:fs")
  const read = (name) => JSON.parse(readFileSync(name, "utf8"))
  console.log(JSON.stringify({ loopback: read("loopback.json"), other: read("other.json") }, null, 2))
' >"$here/authorities.json"

#!/usr/bin/env bash
# Brings in the programs that the tests marked `outside` run: Prometheus with promtool, and Chromium. Only what is
# missing, from Debian's packages, so as root. Nothing is started: the tests start what they need and end it again.
set -euo pipefail

is_there() { command -v "$1" > /dev/null; }
missing=()
{ is_there prometheus && is_there promtool; } || missing+=(prometheus) # the package brings promtool along
is_there chromium || missing+=(chromium)
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! is_there apt-get; then
  echo "Missing: ${missing[*]}. Run tools/outside.sh as root on Debian, or install them in your own way." >&2
  exit 1
fi

# Debian starts a server it installs, now and at every start of the machine. A masked unit is never started; where no
# systemd runs, a policy that says no does it.
if [ ! -e /etc/systemd/system/prometheus.service ]; then
  mkdir -p /etc/systemd/system
  ln -s /dev/null /etc/systemd/system/prometheus.service
fi
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi

echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null

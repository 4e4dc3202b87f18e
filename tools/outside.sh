#!/usr/bin/env bash
# Installs the programs that the tests marked `outside` need: Prometheus with promtool, Chromium, hledger and Beancount.
# The last two are under the GPL: tests run them as programs of their own, and nothing imports or ships them. Installs only
# missing ones, from Debian's packages, and so needs root. Starts nothing: the tests start and stop the programs they need.
set -euo pipefail

is_installed() { command -v "$1" > /dev/null; }
missing=()
{ is_installed prometheus && is_installed promtool; } || missing+=(prometheus) # the package includes promtool
is_installed chromium || missing+=(chromium)
is_installed hledger || missing+=(hledger)
is_installed bean-check || missing+=(beancount)
if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! is_installed apt-get; then
  echo "Missing: ${missing[*]}. Run tools/outside.sh as root on Debian, or install them in another way." >&2
  exit 1
fi

# Debian starts an installed server at once and at every boot. A masked unit is never started; without systemd, a policy
# that forbids it prevents the start.
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

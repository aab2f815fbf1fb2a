#!/bin/sh
# A Chromium for the tests of the kiosk's page: the one named in CHROMIUM, one on the path, or else the distribution's own.
set -eu
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome chrome chromium-headless-shell; do
	if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
echo "Installing Chromium…"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends chromium >/dev/null

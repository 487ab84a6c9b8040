#!/usr/bin/env bash
# Makes sure the programs the tests need are here: installs them through apt when that is possible, else names them.
# Usage: system_packages.sh mosquitto postgresql chromium
set -euo pipefail

present() {
  case "$1" in
    mosquitto) PATH="$PATH:/usr/sbin" command -v mosquitto >/dev/null ;;
    postgresql) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null ;;
    chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
    iproute2) command -v ip >/dev/null ;;
    iptables) PATH="$PATH:/usr/sbin" command -v iptables >/dev/null ;;
    gcc) command -v gcc >/dev/null ;;
    libc6-dev) echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 ;;
    *) echo "system_packages.sh: no check for $1" >&2; exit 2 ;;
  esac
}

missing=()
for name in "$@"; do present "$name" || missing+=("$name"); done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root=(sudo -n); else
    echo "These packages are needed and could not be installed without root: ${missing[*]}" >&2
    echo "Install them (Debian, Ubuntu: apt-get install ${missing[*]}) and run this again." >&2
    exit 1
  fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo "These programs are needed and there is no apt-get here to install them: ${missing[*]}" >&2
  exit 1
fi
echo "Installing ${missing[*]} …" >&2
export DEBIAN_FRONTEND=noninteractive
# Old lists may do; what they do not know is named at the end.
"${as_root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=600 >&2 || true
# policy-rc.d: the tests start their own servers on free ports; no service shall start by itself.
"${as_root[@]}" sh -c 'test -e /usr/sbin/policy-rc.d || { printf "#!/bin/sh\nexit 101\n" > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; touch /run/loa-policy; }'
"${as_root[@]}" apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" >&2 || true
"${as_root[@]}" sh -c 'test ! -e /run/loa-policy || rm -f /usr/sbin/policy-rc.d /run/loa-policy'
for name in "${missing[@]}"; do
  present "$name" || { echo "The package $name is needed and apt could not install it." >&2; exit 1; }
done

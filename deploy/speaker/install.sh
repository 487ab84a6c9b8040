#!/bin/sh
# Puts the speaker onto a Linux board: a Python environment of its own, a user, the service, the watchdog.
#
#   sudo ./install.sh WHEEL          WHEEL: the loa wheel; what it needs is fetched by pip as it is set up on the board,
#                                    or from a folder of wheels: PIP_NO_INDEX=1 PIP_FIND_LINKS=/path/to/wheels
#   ROOT=/mnt/image ./install.sh …   into the root of an image instead of this system; nothing is started then
#
# Again, with a newer wheel, it brings the board up to date; what is in /etc/loa and /var/lib/loa stays.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=${ROOT:-}
python=${PYTHON:-python3}
wheel=${1:?usage: install.sh WHEEL}

say() { printf '%s\n' "$*" >&2; }
fail() { say "install.sh: $*"; exit 1; }

[ -f "$wheel" ] || fail "there is no file $wheel"
if [ -z "$root" ] && [ "$(id -u)" -ne 0 ]; then fail "run it as root"; fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or later is needed"

if [ -z "$root" ]; then
    getent group loa >/dev/null || groupadd --system loa
    getent passwd loa >/dev/null || useradd --system --gid loa --home-dir /var/lib/loa --shell /usr/sbin/nologin loa
    systemctl stop loa-speaker.service 2>/dev/null || true
fi

# A new environment beside the old one, then a change of names: a power cut leaves the one or the other.
mkdir -p "$root/opt"
rm -rf "$root/opt/loa.new"
"$python" -m venv "$root/opt/loa.new"
"$root/opt/loa.new/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel"
# The scripts of an environment name its folder in their first line.
for script in "$root/opt/loa.new/bin/"*; do
    if [ -f "$script" ] && [ ! -L "$script" ]; then sed -i "1s|$root/opt/loa.new/|/opt/loa/|" "$script"; fi
done
mkdir -p "$root/opt/loa.new/share"
if [ -f "$here/../../docs/device-makers.md" ]; then
    cp "$here/../../docs/device-makers.md" "$root/opt/loa.new/share/device-makers.md"
fi
rm -rf "$root/opt/loa.old"
if [ -d "$root/opt/loa" ]; then mv "$root/opt/loa" "$root/opt/loa.old"; fi
mv "$root/opt/loa.new" "$root/opt/loa"
rm -rf "$root/opt/loa.old"

mkdir -p "$root/etc/loa" "$root/etc/systemd/system" "$root/etc/systemd/system.conf.d" "$root/etc/udev/rules.d"
chmod 0750 "$root/etc/loa"
[ -e "$root/etc/loa/board.toml" ] || cp "$here/board.toml" "$root/etc/loa/board.toml"
cp "$here/loa-speaker.service" "$root/etc/systemd/system/loa-speaker.service"
cp "$here/90-loa-usb.rules" "$root/etc/udev/rules.d/90-loa-usb.rules"
cp "$here/watchdog.conf" "$root/etc/systemd/system.conf.d/loa-watchdog.conf"
sync

if [ -z "$root" ]; then
    chown -R loa:loa /etc/loa
    udevadm control --reload 2>/dev/null || true
    systemctl daemon-reload
    systemctl enable loa-speaker.service
    if [ -e /etc/loa/device.json ]; then systemctl start loa-speaker.service; fi
else
    mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
    ln -sf ../loa-speaker.service "$root/etc/systemd/system/multi-user.target.wants/loa-speaker.service"
fi

if [ ! -e "$root/etc/loa/device.json" ]; then
    say "Installed. Now make this board known to its server, with the code its console shows:"
    say "  sudo -u loa /opt/loa/bin/loa speaker enrol --server https://… --code … \\"
    say "       --config /etc/loa/device.json --board /etc/loa/board.toml"
    say "  sudo systemctl start loa-speaker"
else
    say "Installed."
fi

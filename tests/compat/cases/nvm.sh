#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# As nvm lays it out: a versions folder on PATH, and npm a symlink into lib that finds node through env.
export NVM_DIR="$HOME/.nvm"
version=v99.9.9-compat
node="$NVM_DIR/versions/node/$version"
remove_at_end "$node"
mkdir -p "$node/bin" "$node/lib/node_modules/npm/bin"
printf '#!/bin/sh\necho "compat-node: $*"\n' >"$node/bin/compat-node"
printf '#!/usr/bin/env compat-node\n' >"$node/lib/node_modules/npm/bin/npm-cli.js"
chmod +x "$node/bin/compat-node" "$node/lib/node_modules/npm/bin/npm-cli.js"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$node/bin/compat-npm"
PATH="$node/bin:$PATH"

same node 'compat-node: -v' "$(caged -- compat-node -v)"
same npm "compat-node: $node/bin/compat-npm ci" "$(caged -- compat-npm ci)"
same 'from a shell' "compat-node: $node/bin/compat-npm ls" "$(caged -- bash -c 'compat-npm ls')"
same NVM_DIR "$NVM_DIR" "$(caged -- printenv NVM_DIR)"

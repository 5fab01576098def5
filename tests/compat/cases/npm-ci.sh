#!/bin/bash
# needs: node=nodejs npm
. "$COMPAT_LIB/case.bash"

mkdir -p source/left/bin vendor app
cat >source/left/package.json <<'JSON'
{"name": "left", "version": "1.0.0", "main": "index.js", "bin": {"left": "bin/left.js"}}
JSON
echo 'module.exports = (text) => text.padStart(8, ".");' >source/left/index.js
printf '%s\n' '#!/usr/bin/env node' 'console.log(require("..")("ran"));' >source/left/bin/left.js
(cd vendor && npm pack --silent ../source/left >pack.log)

cat >app/package.json <<'JSON'
{"name": "app", "version": "1.0.0", "private": true,
 "scripts": {"build": "left > built.txt", "postinstall": "node -e \"require('fs').writeFileSync('installed', '1')\""},
 "dependencies": {"left": "file:vendor/left-1.0.0.tgz"}}
JSON
mv vendor app/
cd app
npm install --package-lock-only --offline --silent --no-audit --no-fund
rm -rf node_modules

caged -- npm ci --offline --no-audit --no-fund
[[ -s installed ]] || fail 'postinstall did not run'
same module '.....abc' "$(caged -- node -p 'require("left")("abc")')"
caged -- npm run --silent build
same 'npm run' .....ran "$(cat built.txt)"
same npx .....ran "$(caged -- npx --offline left)"

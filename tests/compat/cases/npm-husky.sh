#!/bin/bash
# needs: node=nodejs npm git
. "$COMPAT_LIB/case.bash"

# What husky 9 does from `prepare` of most projects: writes below .husky, then sets core.hooksPath; HUSKY=0 turns it off.
new_repository .
cat >husky.js <<'JS'
const fs = require('fs'), { spawnSync } = require('child_process');
if (process.env.HUSKY === '0') {
  process.stdout.write('HUSKY=0 skip install');
} else {
  spawnSync('git', ['config', 'core.hooksPath', '.husky/_'], { stdio: 'inherit' });
  fs.mkdirSync('.husky/_', { recursive: true });
  fs.writeFileSync('.husky/_/pre-commit', '#!/bin/sh\n', { mode: 0o755 });
}
JS
echo '{"name": "app", "version": "1.0.0", "private": true, "scripts": {"prepare": "node husky.js"}}' >package.json
npm install --package-lock-only --offline --silent --no-audit --no-fund --ignore-scripts
mkdir .husky
echo 'npm test' >.husky/pre-commit
git add .
git commit -q -m 'with hooks'

caged -- npm ci --offline --no-audit --no-fund
if in_cage; then
    same 'hooks path after a run' '' "$(git config core.hooksPath || true)"
fi

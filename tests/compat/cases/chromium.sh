#!/bin/bash
# needs: chromium
# limit: --profile build permits
. "$COMPAT_LIB/case.bash"

cat >page.html <<'HTML'
<!doctype html><title>t</title><p id=p>before</p><script>document.getElementById('p').textContent = 'sum ' + 6 * 7;</script>
HTML
dump() {
    caged "$@" -- chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
        --disable-component-update --disable-sync --user-data-dir="$PWD/profile" --dump-dom "file://$PWD/page.html" 2>stderr.log
}
status=0
got=$(dump) || status=$?
cat stderr.log >&2
same exit 0 "$status"
has dom '<p id="p">sum 42</p>' "$got"

#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

same charmap UTF-8 "$(caged -- locale charmap)"
same argument 'Grüße, 世界 🐋' "$(caged -- printf %s 'Grüße, 世界 🐋')"
caged -- sh -c 'echo "ß" >"naïve 世界.txt"'
same 'file name' ß "$(cat 'naïve 世界.txt')"
same python 'é utf-8' "$(caged -- python3 -c 'import sys; print("é", sys.stdout.encoding)')"
same 'in the environment' 'añb' "$(WORD=añb caged -e WORD -- printenv WORD)"

# A folder with such a name as cwd.
mkdir 'dossier été'
cd 'dossier été'
same cwd "$PWD" "$(caged -- pwd)"

# Bytes that are no UTF-8 pass through unchanged.
same bytes '\377 \376' "$(caged -- printf '\377\376' | od -An -to1 | sed 's/^ */\\/; s/ / \\/')"

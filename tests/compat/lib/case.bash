# The words a case is written in. A case runs in an empty folder of its own, twice: as control with `caged` meaning
# "just run it", then with `caged` meaning "run it through owhaled". Everything else in the script happens outside.
set -euo pipefail
cd "$COMPAT_FOLDER"

# caged [OWHALECTL-RUN-FLAG…] -- CMD…     COMPAT_PROFILE names a profile for all of a case's runs
caged() {
    local flags=(${COMPAT_PROFILE:+--profile "$COMPAT_PROFILE"})
    while [[ $1 != -- ]]; do
        flags+=("$1")
        shift
    done
    shift
    if [[ $COMPAT_SETTING == control ]]; then
        "$@"
    else
        "$COMPAT_CTL" run "${flags[@]}" -- "$@"
    fi
}

in_cage() { [[ $COMPAT_SETTING != control ]]; }

fail() {
    printf 'case: %s\n' "$*"
    exit 1
}

# same WHAT WANTED GOT
same() { [[ $2 == "$3" ]] || fail "$1: wanted '$2', got '$3'"; }

# has WHAT PART WHOLE
has() { [[ $3 == *"$2"* ]] || fail "$1: '$2' is not in '$3'"; }

# lacks WHAT PART WHOLE
lacks() { [[ $3 != *"$2"* ]] || fail "$1: '$2' should not be in '$3'"; }

# A repository on branch main with one commit, made outside the cage as people have it before an agent comes.
new_repository() {
    git init -q -b main "$1"
    git -C "$1" config user.name 'Compat Case'
    git -C "$1" config user.email compat@example.invalid
    printf 'one\n' >"$1/file.txt"
    git -C "$1" add file.txt
    git -C "$1" commit -q -m first
}

# Removes these from the caller's real home when the case ends: toolchain layouts have to lie there to be found.
remove_at_end() {
    local quoted
    printf -v quoted '%q ' "$@"
    # shellcheck disable=SC2064
    trap "rm -rf -- $quoted" EXIT
}

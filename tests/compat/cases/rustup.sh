#!/bin/bash
# needs: python3
. "$COMPAT_LIB/case.bash"

# As rustup lays it out: one proxy in ~/.cargo/bin under many names, the real programs in ~/.rustup/toolchains.
proxy="$HOME/.cargo/bin/compat-rustup"
toolchain="$HOME/.rustup/toolchains/compat-x86_64"
remove_at_end "$toolchain" "$proxy" "$HOME/.cargo/bin/compat-rustc"
mkdir -p "$HOME/.cargo/bin" "$toolchain/bin" "$toolchain/lib"
cat >"$proxy" <<SH
#!/bin/sh
exec "\${RUSTUP_HOME:-\$HOME/.rustup}/toolchains/compat-x86_64/bin/\${0##*/}" "\$@"
SH
printf '#!/bin/sh\necho "compiles $1 with $(cat "${0%%/*}/../lib/std")"\n' >"$toolchain/bin/compat-rustc"
echo std-99 >"$toolchain/lib/std"
chmod +x "$proxy" "$toolchain/bin/compat-rustc"
ln -s compat-rustup "$HOME/.cargo/bin/compat-rustc"
PATH="$HOME/.cargo/bin:$PATH"

same rustc 'compiles main.rs with std-99' "$(caged -- compat-rustc main.rs)"
same 'from a shell' 'compiles lib.rs with std-99' "$(caged -- bash -c 'compat-rustc lib.rs')"

# The package cache can be written, and what is written there stays private to the cage.
caged -- sh -c 'mkdir -p ~/.cargo/registry/compat && echo 1 >~/.cargo/registry/compat/file && cat ~/.cargo/registry/compat/file'
if in_cage; then
    [[ ! -e $HOME/.cargo/registry/compat ]] || fail 'a run wrote to the real ~/.cargo'
else
    rm -r "$HOME/.cargo/registry/compat"
fi

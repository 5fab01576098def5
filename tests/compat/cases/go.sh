#!/bin/bash
# needs: go=golang-go
. "$COMPAT_LIB/case.bash"

mkdir -p dep
printf 'module example.invalid/app\n\ngo 1.19\n\nrequire example.invalid/dep v0.0.0\n\nreplace example.invalid/dep => ./dep\n' >go.mod
printf 'module example.invalid/dep\n\ngo 1.19\n' >dep/go.mod
printf 'package dep\n\nfunc Answer() int { return 6 * 7 }\n' >dep/dep.go
printf 'package main\n\nimport (\n\t"fmt"\n\n\t"example.invalid/dep"\n)\n\nfunc main() { fmt.Println(dep.Answer()) }\n' >main.go
cat >main_test.go <<'GO'
package main

import (
	"testing"

	"example.invalid/dep"
)

func TestAnswer(t *testing.T) {
	if dep.Answer() != 42 {
		t.Fatal(dep.Answer())
	}
}
GO

caged -- env GOPROXY=off GOFLAGS=-mod=mod go build -o app .
same binary 42 "$(caged -- ./app)"
has tests ok "$(caged -- env GOPROXY=off GOFLAGS=-mod=mod go test .)"

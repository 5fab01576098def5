#include "approvals/workspace_code.hpp"

#include <algorithm>
#include <array>

namespace owhale::approvals {
namespace {

struct Row {
    std::string_view program;
    std::string_view sub; // "" any
};

// githooks(5), and what filters and drivers in .gitattributes run; the others read their hooks or settings from the folder.
constexpr std::array kRows = {
    Row{"git", "add"},
    Row{"git", "stage"},
    Row{"git", "am"},
    Row{"git", "checkout"},
    Row{"git", "cherry-pick"},
    Row{"git", "clone"},
    Row{"git", "commit"},
    Row{"git", "diff"},
    Row{"git", "fetch"},
    Row{"git", "gc"},
    Row{"git", "merge"},
    Row{"git", "p4 submit"},
    Row{"git", "pull"},
    Row{"git", "push"},
    Row{"git", "rebase"},
    Row{"git", "reset"},
    Row{"git", "restore"},
    Row{"git", "revert"},
    Row{"git", "stash"},
    Row{"git", "submodule update"},
    Row{"git", "switch"},
    Row{"git", "worktree add"},
    Row{"git", "bisect"},
    Row{"git", "filter-branch"},
    Row{"hg", ""},
    Row{"svn", "commit"},
    Row{"docker", "build"},
    Row{"docker", "compose"},
    Row{"docker-compose", ""},
    Row{"podman", "build"},
    Row{"terraform", ""},
    Row{"tofu", ""},
    Row{"ansible-playbook", ""},
    Row{"pre-commit", ""},
    Row{"husky", ""},
    Row{"direnv", ""},
    Row{"make", ""},
    Row{"gmake", ""},
    Row{"ninja", ""},
    Row{"cmake", ""},
    Row{"meson", ""},
    Row{"cargo", ""},
    Row{"go", ""},
    Row{"gradle", ""},
    Row{"gradlew", ""},
    Row{"mvn", ""},
    Row{"mvnw", ""},
    Row{"ant", ""},
    Row{"sbt", ""},
    Row{"npm", ""},
    Row{"yarn", ""},
    Row{"pnpm", ""},
    Row{"npx", ""},
    Row{"bun", ""},
    Row{"deno", ""},
    Row{"pip", "install"},
    Row{"pip3", "install"},
    Row{"pytest", ""},
    Row{"tox", ""},
    Row{"nox", ""},
    Row{"poetry", ""},
    Row{"uv", ""},
    Row{"bundle", ""},
    Row{"rake", ""},
    Row{"composer", ""},
    Row{"mix", ""},
    Row{"just", ""},
    Row{"task", ""},
    Row{"bazel", ""},
    Row{"scons", ""},
    Row{"rebar3", ""},
    Row{"dotnet", ""},
};

bool covers(std::string_view row, std::string_view sub) {
    return row.empty() || sub == row || (sub.starts_with(row) && sub[row.size()] == ' ');
}

} // namespace

bool runs_workspace_code(std::string_view program, std::string_view sub) {
    return std::ranges::any_of(kRows, [&](const Row& row) { return row.program == program && covers(row.sub, sub); });
}

} // namespace owhale::approvals

// What the shell parser costs: bytes a second, the tail for a script of 10 KB, growth to 1 MB and memory of the tree.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "policy/shell/parser.hpp"

using namespace owhale::policy::shell;

namespace {

// What agents and maintainers write, in about their proportions.
constexpr std::string_view kScript = R"sh(set -euo pipefail
cd "$(dirname "$0")/.." && git status --short | head -n 20
for file in src/*.c include/{a,b}.h; do
    [ -f "$file" ] || continue
    sed -i -e "s/@VERSION@/${VERSION:-0.1}/g" -e 's/foo/bar/' "$file" 2>/dev/null
done
if [[ $1 == --clean && -d build ]]; then rm -rf -- build/"${name%%.*}"; fi
cat > config.json <<EOF
{ "home": "$HOME", "date": "$(date +%s)" }
EOF
case "$mode" in debug|test) make -j$(( $(nproc) + 1 )) CFLAGS=$'-O0\t-g' ;; *) npm run build ;; esac
list=(one "two words" $three [7]=x); python3 -c 'import sys; print(sys.argv)' "${list[@]}"
)sh";

std::string script_of(std::size_t bytes) {
    std::string out;
    while (out.size() + kScript.size() <= bytes) out += kScript;
    return out + std::string(bytes - out.size(), '\n');
}

std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t total = 0, resident = 0;
    statm >> total >> resident;
    return resident * 4096;
}

// Microseconds of one parse, tree and its end.
double once(const std::string& text) {
    const Bounds bounds{.bytes = 1 << 24, .commands = SIZE_MAX};
    const auto began = std::chrono::steady_clock::now();
    if (!parse(text, bounds)) std::printf("the script was refused\n");
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
}

void measure(std::size_t bytes, int rounds) {
    const auto text = script_of(bytes);
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) times.push_back(once(text));
    std::ranges::sort(times);
    const auto median = times[times.size() / 2];
    std::printf("%8zu bytes: %9.1f us median, %9.1f us p99, %6.1f MB/s, %5.1f ns a byte\n", bytes, median,
                times[times.size() * 99 / 100], static_cast<double>(bytes) / median,
                1000 * median / static_cast<double>(bytes));
}

void measure_memory(std::size_t bytes) {
    const auto text = script_of(bytes);
    const auto before = resident_bytes();
    const auto tree = parse(text, {.bytes = 1 << 24, .commands = SIZE_MAX});
    std::printf("%8zu bytes: %.1f bytes of tree a byte of text\n", bytes,
                static_cast<double>(resident_bytes() - before) / static_cast<double>(bytes));
}

} // namespace

int main() {
    measure_memory(1'000'000);
    measure(100, 20'000);
    measure(1'000, 10'000);
    measure(10'000, 2'000);
    measure(100'000, 200);
    measure(250'000, 100);
    measure(500'000, 50);
    measure(1'000'000, 25);
    return 0;
}

// Freezes rule files when owhaled is built: freeze OUTPUT FILE…, to the C++ source of shipped_sources().
#include <cstdio>
#include <fstream>
#include <sstream>

#include "policy/freeze.hpp"

namespace {

using namespace owhale;
using namespace owhale::policy;

std::string base_name(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

std::vector<Source> read_all(int count, char** names) {
    std::vector<Source> sources;
    for (int i = 0; i < count; ++i) {
        std::ostringstream text;
        text << std::ifstream(names[i], std::ios::binary).rdbuf();
        sources.push_back({base_name(names[i]), text.str(), Origin::shipped, {}});
    }
    return sources;
}

// As string literals in octal, which end themselves.
std::string literals(const std::string& bytes) {
    std::string out;
    char piece[8];
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i % 64 == 0) out += i == 0 ? "    \"" : "\"\n    \"";
        std::snprintf(piece, sizeof piece, "\\%03o", static_cast<unsigned>(static_cast<unsigned char>(bytes[i])));
        out += piece;
    }
    return out + "\"";
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    const auto rules = load_rules(read_all(argc - 2, argv + 2), Verify::none);
    if (!rules) {
        std::fprintf(stderr, "policy/%s\n", rules.error().message.c_str());
        return 1;
    }
    const auto bytes = freeze(**rules);
    std::ofstream out(argv[1]);
    out << "#include \"policy/ruleset.hpp\"\n\nnamespace owhale::policy {\n\nstatic constexpr char kFrozen[] =\n"
        << literals(bytes)
        << ";\n\nstd::vector<Source> shipped_sources() {\n    return {{\"shipped\", {}, Origin::shipped, {kFrozen, "
        << bytes.size() << "}}};\n}\n\n}\n";
    return out.flush() ? 0 : 1;
}

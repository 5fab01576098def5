#include "cli/verify/export_kind.hpp"

#include <array>
#include <filesystem>
#include <unistd.h>

#include "cli/escape.hpp"
#include "cli/export_lines.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::string_view kDatabase("SQLite format 3\0", 16); // as such a file begins

} // namespace

Status check_format(std::string_view line) {
    const auto format = format_of(line);
    if (format != "ocsf" && format != "cef") return {};
    return fail(
        Code::unsupported,
        std::string("this is an export as ") + (format == "cef" ? "CEF" : "OCSF") + ", which proves nothing",
        "verify an export in JSON Lines (owhalectl audit export --file FILE), or the log itself; their hashes are "
        "the same");
}

Status check_no_database(int fd, const std::string& path) {
    std::array<char, kDatabase.size()> begin{};
    if (::pread(fd, begin.data(), begin.size(), 0) != static_cast<ssize_t>(begin.size())) return {};
    if (std::string_view(begin.data(), begin.size()) != kDatabase) return {};
    std::error_code ignored;
    const auto real = std::filesystem::weakly_canonical(path, ignored);
    const bool named = real.filename() == "audit.db";
    return fail(Code::unsupported, path + " is a database, and no export",
                named ? "the log itself is verified in its folder: owhalectl audit verify --dir " +
                            cli::quoted(real.parent_path().string())
                      : "the log itself is verified in its folder, as audit.db: owhalectl audit verify --dir STATE");
}

} // namespace owhale::cli::verify

#include "verbs/results.hpp"

#include <sodium/utils.h>

#include "shared/codec.hpp"

namespace owhale::verbs {
namespace {

constexpr std::size_t kPart = 1u << 20;

std::string base64(const std::string& bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      sodium_base64_VARIANT_ORIGINAL);
    out.pop_back(); // the NUL
    return out;
}

void put(std::string bytes, std::optional<std::string>& text, std::optional<std::string>& encoding) {
    if (codec::is_utf8(bytes)) {
        text = std::move(bytes);
    } else {
        text = base64(bytes);
        encoding = "base64";
    }
}

} // namespace

std::string kept_bytes(const sandbox::Output& output) {
    std::string all;
    for (std::uint64_t at = 0;;) {
        const auto slice = output.read(at, kPart);
        if (slice.bytes.empty()) return all;
        all += slice.bytes;
        at = slice.offset + slice.bytes.size();
    }
}

api::Run with_output(api::Run run, const sandbox::Output& out, const sandbox::Output& err) {
    put(kept_bytes(out), run.stdout_, run.stdout_encoding);
    put(kept_bytes(err), run.stderr_, run.stderr_encoding);
    run.truncated = out.truncated() || err.truncated();
    return run;
}

} // namespace owhale::verbs

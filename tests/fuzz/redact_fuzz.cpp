// However a stream is cut, what comes out is the same; and a stream that pauses ends with no more than was masked.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "redact/redactor.hpp"

namespace {

std::string in_chunks(std::string_view text, std::string_view sizes) {
    owhale::redact::Redactor redactor;
    std::string out;
    std::size_t turn = 0;
    while (!text.empty()) {
        const auto size = sizes.empty() ? 1u : static_cast<unsigned char>(sizes[turn++ % sizes.size()]) % 97u + 1u;
        const auto part = text.substr(0, size);
        redactor.push(part, out);
        text.remove_prefix(part.size());
    }
    redactor.finish(out);
    return out;
}

void require(bool holds) {
    if (!holds) std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const auto sizes = all.substr(0, std::min<std::size_t>(8, size));
    const auto text = all.substr(sizes.size());
    const auto whole = owhale::redact::redacted(text);
    require(in_chunks(text, sizes) == whole);
    require(in_chunks(text, "") == whole);
    if (whole.find("[redacted:") == std::string::npos) require(whole == text);
    return 0;
}

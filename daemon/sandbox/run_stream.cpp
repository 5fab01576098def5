#include "sandbox/run_stream.hpp"

#include <algorithm>

namespace owhale::sandbox {

void RunStream::show(const std::string& masked) {
    if (!masked.empty()) kept_.append(masked);
}

void RunStream::take(std::string_view bytes) {
    hash_.update(bytes);
    length_ += bytes.size();
    if (windowed_) window_ += bytes;
    std::string masked;
    masked.reserve(bytes.size() + 64);
    redactor_.push(bytes, masked);
    show(masked);
}

void RunStream::pause() {
    std::string masked;
    redactor_.pause(masked);
    show(masked);
}

void RunStream::end() {
    std::string masked;
    redactor_.finish(masked);
    show(masked);
}

void RunStream::hold_window(bool hold) {
    if (masks_live_ || hold == windowed_) return;
    windowed_ = hold;
    window_.clear();
    if (hold) window_ = redactor_.held(); // what is not in the kept text yet
    if (!hold) window_.shrink_to_fit();
}

RunStream::Reader RunStream::reader(bool replay) {
    if (masks_live_) return {replay ? 0 : kept_.length(), 0, 0};
    hold_window(true);
    const auto from = length_ - window_.size();
    if (!replay) return {0, 0, length_};
    if (from == 0) return {0, 0, 0};
    return {0, kept_.length(), length_ - redactor_.held().size()};
}

std::uint64_t RunStream::behind(const Reader& reader) const {
    if (masks_live_) return kept_.length() - reader.at;
    return (reader.until > reader.at ? reader.until - reader.at : 0) + (length_ - reader.live_at);
}

Output::Slice RunStream::read(Reader& reader, std::size_t limit) const {
    if (masks_live_) return kept_.read(reader.at, limit);
    if (reader.at < reader.until) {
        auto slice = kept_.read(reader.at, std::min<std::uint64_t>(limit, reader.until - reader.at));
        if (!slice.bytes.empty() && slice.offset < reader.until) return slice;
        reader.at = reader.until; // the rest of it is not kept any more
    }
    const auto from = length_ - window_.size();
    const auto at = std::max(reader.live_at, from);
    return {at, window_.substr(at - from, limit)};
}

void RunStream::advance(Reader& reader, const Output::Slice& slice) const {
    const auto to = slice.offset + slice.bytes.size();
    (masks_live_ || reader.at < reader.until ? reader.at : reader.live_at) = to;
}

void RunStream::forget_before(std::uint64_t live_at) {
    const auto from = length_ - window_.size();
    // In large steps: what is erased at the front moves the rest.
    if (live_at > from && (live_at - from >= window_.size() / 2)) window_.erase(0, live_at - from);
}

} // namespace owhale::sandbox

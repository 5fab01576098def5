#include "egress/http/scrub.hpp"

#include <algorithm>
#include <cstring>

#include "egress/http/escapes.hpp"

namespace owhale::egress::http {
namespace {

constexpr std::size_t kShortestEncoded = 6; // of a value that is looked for in other forms, too
// Of a beginning, no more is compared: what is held back can be measured, so that more would let a run that can have its
// guesses sent back (an echo, a WebSocket) guess a value byte by byte. What goes on from there is held back on suspicion.
constexpr std::size_t kCompared = 4;
constexpr std::size_t kShown = 3;

std::size_t place_of(std::string_view text, std::string_view needle, std::size_t from) {
    if (from >= text.size()) return std::string_view::npos;
    const auto* const at = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
    return at == nullptr ? std::string_view::npos
                         : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

// Does `rest` go as `needle` begins?
bool begins(std::string_view rest, std::string_view needle) {
    const auto size = std::min({rest.size(), needle.size(), kCompared});
    return std::memcmp(rest.data(), needle.data(), size) == 0;
}

std::size_t plain_beginning(std::string_view text, std::string_view needle) {
    const auto first = text.size() - std::min(text.size(), needle.size() - 1);
    for (auto at = text.find(needle[0], first); at < text.size(); at = text.find(needle[0], at + 1))
        if (begins(text.substr(at), needle)) return at;
    return text.size();
}

// The characters of base64 that bytes before and after the value have no part in, when `shift` bytes stand before it in its
// first group of three.
std::string base64_core(std::string_view value, std::size_t shift, std::string_view alphabet) {
    const auto first = (shift * 8 + 5) / 6, end = (shift + value.size()) * 8 / 6;
    std::string core;
    for (auto i = first; i < end; ++i) {
        unsigned bits = 0;
        for (std::size_t bit = i * 6; bit < i * 6 + 6; ++bit) {
            const auto byte = static_cast<unsigned char>(value[bit / 8 - shift]);
            bits = bits << 1 | (byte >> (7 - bit % 8) & 1u);
        }
        core += alphabet[bits];
    }
    return core;
}

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::vector<std::string> base64_forms(std::string_view value) {
    std::vector<std::string> forms;
    for (std::size_t shift = 0; shift < 3; ++shift)
        for (const auto alphabet : {kStandard, kUrl})
            if (auto core = base64_core(value, shift, alphabet); std::ranges::find(forms, core) == forms.end())
                forms.push_back(std::move(core));
    return forms;
}

} // namespace

void Needles::add(std::string_view value, std::string placeholder) {
    const auto known = [value](const Secret& secret) { return secret.text() == value; };
    if (value.size() < kShortestValue || std::ranges::any_of(secrets_, known)) return;
    auto forms = value.size() < kShortestEncoded ? std::vector<std::string>{} : base64_forms(value);
    auto size = value.size();
    for (const auto& form : forms) size += form.size();
    Secret secret;
    secret.bytes = SecretBytes(size);
    secret.value = value.size();
    secret.placeholder = std::move(placeholder);
    std::size_t at = 0;
    const auto put = [&](std::string_view text) {
        std::memcpy(secret.bytes.data() + at, text.data(), text.size());
        secret.needles.push_back({at, text.size()});
        at += text.size();
    };
    put(value);
    for (auto& form : forms) {
        put(form);
        ::sodium_memzero(form.data(), form.size());
    }
    secrets_.push_back(std::move(secret));
}

void Needles::find_plain(const Secret& secret, std::string_view text, Found& best) {
    for (const auto& needle : secret.needles) {
        const auto at = place_of(text, secret.bytes.text().substr(needle.at, needle.size), 0);
        if (at < best.at || (at == best.at && at != std::string_view::npos && needle.size > best.size))
            best = {at, needle.size, &secret.placeholder};
    }
}

Needles::Found Needles::find(std::string_view text, std::size_t from) const {
    Found best;
    const auto rest = text.substr(std::min(from, text.size()));
    for (const auto& secret : secrets_) {
        find_plain(secret, rest, best);
        if (secret.value < kShortestEncoded) continue;
        const auto take = [&](Span span) {
            if (span.at < best.at) best = {span.at, span.size, &secret.placeholder};
        };
        take(find_hex(rest, secret.text()));
        take(find_escaped(rest, secret.text(), Escape::percent));
        take(find_escaped(rest, secret.text(), Escape::backslash));
    }
    if (best.at != std::string_view::npos) best.at += from;
    return best;
}

std::size_t Needles::beginning(std::string_view text) const {
    auto first = text.size();
    for (const auto& secret : secrets_) {
        for (const auto& needle : secret.needles)
            first = std::min(first, plain_beginning(text, secret.bytes.text().substr(needle.at, needle.size)));
        if (secret.value < kShortestEncoded) continue;
        first = std::min(first, hex_beginning(text, secret.text()));
        first = std::min(first, escaped_beginning(text, secret.text(), Escape::percent));
        first = std::min(first, escaped_beginning(text, secret.text(), Escape::backslash));
    }
    return first;
}

void Scrubber::push(std::string_view piece, std::string& out) {
    if (cuts_ > kMostCuts) return;
    held_.append(piece);
    std::size_t done = 0;
    const auto show = [&](std::size_t until) {
        const auto from = std::max(done, shown_);
        if (until > from) out.append(held_, from, until - from);
        done = until;
    };
    for (auto found = needles_->find(held_); found.placeholder != nullptr; found = needles_->find(held_, done)) {
        if (++cuts_ > kMostCuts) return held_.clear();
        show(found.at);
        // A placeholder that is cut off would look like a whole one.
        auto instead = found.placeholder->size() > found.size ? std::string() : *found.placeholder;
        instead.resize(found.size, '*');
        const auto skip = std::min(found.size, std::max(shown_, done) - done);
        out.append(instead, skip, found.size - skip);
        done += found.size;
    }
    const auto start = done + needles_->beginning(std::string_view(held_).substr(done));
    show(start);
    const auto before = shown_;
    shown_ = before > start ? before - start : 0;
    held_ = held_.substr(start); // the memory goes with what is shown
    if (held_.size() <= kShown && held_.size() > shown_) {
        out.append(held_, shown_, held_.size() - shown_);
        shown_ = held_.size();
    }
}

void Scrubber::finish(std::string& out) {
    if (held_.size() > shown_) out.append(held_, shown_, held_.size() - shown_);
    held_.clear();
    shown_ = 0;
}

} // namespace owhale::egress::http

#include "redact/known.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bitset>
#include <mutex>
#include <sodium.h>
#include <unordered_map>
#include <vector>

#include "base/secret_bytes.hpp"

namespace owhale::redact {
namespace {

constexpr std::string_view kMask = "[redacted:vault]";
constexpr std::array<std::size_t, 3> kSteps = {16, 32, kMostTold}; // how far a hash tells, below the whole

using Hash = std::array<std::uint8_t, 16>;

struct Pattern {
    std::size_t length = 0; // bytes of the value
    std::size_t told = 0;   // of these the first so many tell it
    std::array<Hash, kSteps.size()> steps{};
};

// What hashes are keyed with: of this process alone.
const SecretBytes& hash_key() {
    static const SecretBytes key = [] {
        if (::sodium_init() < 0) throw std::bad_alloc(); // again, where it was before: nothing
        SecretBytes made(crypto_generichash_KEYBYTES);
        ::randombytes_buf(made.data(), made.size());
        return made;
    }();
    return key;
}

const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Hash hash_of(std::string_view text) {
    Hash out{};
    ::crypto_generichash(out.data(), out.size(), bytes(text), text.size(), hash_key().data(), hash_key().size());
    return out;
}

std::uint64_t start_of(std::string_view text) {
    static_assert(crypto_shorthash_KEYBYTES <= crypto_generichash_KEYBYTES);
    std::uint64_t out = 0;
    ::crypto_shorthash(reinterpret_cast<unsigned char*>(&out), bytes(text), kLeastKnown, hash_key().data());
    return out;
}

std::size_t pair_of(std::string_view text, std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(text[at])) << 8 |
           static_cast<unsigned char>(text[at + 1]);
}

} // namespace

struct KnownValues {
    std::bitset<65536> pairs; // of first bytes
    std::bitset<256> firsts;
    std::unordered_map<std::uint64_t, std::vector<Pattern>> starts; // by the first 8 bytes; the longest first
};

namespace {

// Not std::atomic<std::shared_ptr>: GCC 12's load() gives its lock back relaxed, so that the next store() may overtake what was
// read (ThreadSanitizer sees it).
class Current {
public:
    std::shared_ptr<const KnownValues> get() {
        const std::lock_guard lock(mutex_);
        return values_;
    }
    void set(std::shared_ptr<const KnownValues> next) {
        const std::lock_guard lock(mutex_);
        values_.swap(next);
    }

private:
    std::mutex mutex_;
    std::shared_ptr<const KnownValues> values_;
};

Current& current() {
    static Current values;
    return values;
}
std::atomic<bool> any_known = false;
std::mutex lessons;

std::shared_ptr<const KnownValues> known() {
    return any_known.load(std::memory_order_acquire) ? current().get() : nullptr;
}

enum class Told { no, wait, yes };

// Whether `text` begins with the value.
Told begins(const Pattern& pattern, std::string_view text, bool final) {
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
        const auto step = std::min(kSteps[i], pattern.told);
        if (text.size() < step) return final ? Told::no : Told::wait;
        if (hash_of(text.substr(0, step)) != pattern.steps[i]) return Told::no;
        if (step == pattern.told) return Told::yes;
    }
    return Told::yes;
}

struct Found {
    Told told = Told::no;
    const Pattern* pattern = nullptr;
};

Found find_at(const KnownValues& values, std::string_view text, bool final) {
    if (text.size() < 2) return {final || !values.firsts[static_cast<unsigned char>(text[0])] ? Told::no : Told::wait};
    if (!values.pairs[pair_of(text, 0)]) return {};
    if (text.size() < kLeastKnown) return {final ? Told::no : Told::wait};
    const auto starts = values.starts.find(start_of(text));
    if (starts == values.starts.end()) return {};
    for (const auto& pattern : starts->second)
        if (const auto told = begins(pattern, text, final); told != Told::no) return {told, &pattern};
    return {};
}

// Where a value may begin, or the last byte. The loop that every byte goes through: eight at once, as few are one.
std::size_t next_beginning(const KnownValues& values, std::string_view text, std::size_t at) {
    for (; at + 8 < text.size(); at += 8) {
        bool any = false;
#pragma GCC unroll 8
        for (std::size_t i = 0; i < 8; ++i) any |= values.pairs[pair_of(text, at + i)];
        if (any) break;
    }
    while (at + 1 < text.size() && !values.pairs[pair_of(text, at)]) ++at;
    return at;
}

char digit(unsigned value, bool upper) {
    return (upper ? "0123456789ABCDEF" : "0123456789abcdef")[value & 15];
}

// In memory that is wiped; at most six times as long as the value (JSON's \u00XX).
class Form {
public:
    explicit Form(std::size_t most) : bytes_(most) {}
    void add(char c) { bytes_.data()[size_++] = static_cast<std::uint8_t>(c); }
    void add(std::string_view text) {
        for (const char c : text) add(c);
    }
    std::string_view text() const { return bytes_.text().substr(0, size_); }

private:
    SecretBytes bytes_;
    std::size_t size_ = 0;
};

Form percent_encoded(std::string_view value, bool upper) {
    Form out(3 * value.size());
    for (const char c : value) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           std::string_view("-._~").find(c) != std::string_view::npos;
        const auto byte = static_cast<unsigned char>(c);
        if (plain)
            out.add(c);
        else
            out.add('%'), out.add(digit(byte >> 4, upper)), out.add(digit(byte, upper));
    }
    return out;
}

Form json_inside(std::string_view value) {
    Form out(6 * value.size());
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\')
            out.add('\\'), out.add(c);
        else if (c == '\n')
            out.add("\\n");
        else if (c == '\r')
            out.add("\\r");
        else if (c == '\t')
            out.add("\\t");
        else if (byte < 0x20)
            out.add("\\u00"), out.add(digit(byte >> 4, false)), out.add(digit(byte, false));
        else
            out.add(c);
    }
    return out;
}

} // namespace

Lesson::Lesson() : next_(std::make_unique<KnownValues>()) {
    (void)hash_key();
    lessons.lock();
    if (const auto before = current().get()) *next_ = *before;
}

Lesson::~Lesson() {
    for (auto& [start, patterns] : next_->starts) std::ranges::sort(patterns, std::ranges::greater(), &Pattern::told);
    current().set(std::shared_ptr<const KnownValues>(std::move(next_)));
    any_known.store(true, std::memory_order_release);
    lessons.unlock();
}

void Lesson::add(std::string_view value) {
    if (value.size() < kLeastKnown) return;
    take(value);
    take(percent_encoded(value, true).text());
    take(percent_encoded(value, false).text());
    take(json_inside(value).text());
    // What stands before the value shifts it within base64's groups of three; the letters that depend on it do not count.
    for (const std::size_t shift : {0u, 1u, 2u}) {
        SecretBytes shifted(shift + value.size());
        std::fill_n(shifted.data(), shift, 0);
        std::copy(value.begin(), value.end(), shifted.data() + shift);
        for (const int variant :
             {sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE_NO_PADDING}) {
            SecretBytes encoded(sodium_base64_encoded_len(shifted.size(), variant));
            ::sodium_bin2base64(reinterpret_cast<char*>(encoded.data()), encoded.size(), shifted.data(), shifted.size(),
                                variant);
            const std::size_t from = shift == 0 ? 0 : shift + 1, to = shifted.size() * 8 / 6;
            if (to > from) take(encoded.text().substr(from, to - from));
        }
    }
}

void Lesson::take(std::string_view form) {
    if (form.size() < kLeastKnown) return;
    Pattern pattern{form.size(), std::min(form.size(), kMostTold), {}};
    for (std::size_t i = 0; i < kSteps.size(); ++i)
        pattern.steps[i] = hash_of(form.substr(0, std::min(kSteps[i], pattern.told)));
    auto& same = next_->starts[start_of(form)];
    const auto known_already = [&](const Pattern& one) {
        return one.length == pattern.length && one.steps == pattern.steps;
    };
    if (std::ranges::any_of(same, known_already)) return;
    next_->pairs.set(pair_of(form, 0));
    next_->firsts.set(static_cast<unsigned char>(form[0]));
    same.push_back(pattern);
}

void KnownFilter::push(std::string_view chunk, std::string& out) {
    if (buffer_.empty() && rest_ == 0 && !any_known.load(std::memory_order_acquire)) {
        out += chunk;
        return;
    }
    buffer_ += chunk;
    scan(out, false);
}

void KnownFilter::finish(std::string& out) {
    scan(out, true);
}

void KnownFilter::pause(std::string& out) {
    if (told_ || shown_ >= buffer_.size()) return;
    out.append(buffer_, shown_);
    shown_ = buffer_.size();
}

void KnownFilter::give(std::size_t to, std::string& out) {
    if (to > shown_) {
        out.append(buffer_, shown_, to - shown_);
        shown_ = to;
    }
    given_ = to;
}

std::size_t KnownFilter::drop_rest(std::size_t at) {
    const auto gone = std::min(rest_, buffer_.size() - at);
    rest_ -= gone;
    shown_ = std::max(shown_, at + gone);
    given_ = at + gone;
    return at + gone;
}

void KnownFilter::scan(std::string& out, bool final) {
    const auto values = known();
    told_ = false;
    auto at = drop_rest(0);
    const std::string_view text = buffer_;
    while (values && at < text.size()) {
        at = next_beginning(*values, text, at);
        const auto found = find_at(*values, text.substr(at), final);
        if (found.told == Told::wait) {
            told_ = found.pattern != nullptr;
            break;
        }
        if (found.told == Told::no) {
            ++at;
            continue;
        }
        give(at, out);
        out += kMask;
        rest_ = found.pattern->length;
        at = drop_rest(at);
    }
    if (!values) at = text.size();
    give(at, out);
    buffer_.erase(0, given_);
    shown_ -= std::min(shown_, given_);
    given_ = 0;
}

} // namespace owhale::redact

#include "audit/merkle/note.hpp"

#include <algorithm>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

#include "base/sha256.hpp"
#include "base/utf8.hpp"

namespace owhale::audit::merkle {
namespace {

constexpr std::string_view kDash = "\xe2\x80\x94 "; // an em dash and a space
constexpr char kEd25519 = 1;                        // the type of a signature
constexpr std::size_t kLongestName = 255;

std::unexpected<Error> no_note(std::string why) {
    return fail(Code::invalid_value, "this is no signed note: " + std::move(why),
                "give it as it was saved, byte for byte");
}

// Of a byte in a text, counted from 1: whoever looks for a fault looks at a line.
std::string line_at(std::string_view text, std::size_t at) {
    return "line " + std::to_string(1 + std::ranges::count(text.substr(0, at), '\n'));
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view text_of(const PublicKey& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

// UTF-8 of Unicode's White_Space beyond ASCII.
bool has_wide_space(std::string_view text) {
    constexpr std::array<std::string_view, 9> kSpaces = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                                         "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                                         "\xe2\x81\x9f", "\xe3\x80\x80", "\xe2\x80\x8a"};
    if (std::ranges::any_of(kSpaces, [&](auto space) { return text.contains(space); })) return true;
    for (auto at = text.find("\xe2\x80"); at != text.npos && at + 2 < text.size(); at = text.find("\xe2\x80", at + 1))
        if (static_cast<unsigned char>(text[at + 2]) >= 0x80 && static_cast<unsigned char>(text[at + 2]) <= 0x8a)
            return true;
    return false;
}

std::string four_bytes(std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
    return out;
}

std::uint32_t from_four(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

std::string as_hex(std::uint32_t value) {
    std::string out;
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
    return out;
}

// `where`: which line it is.
Result<NoteSignature> parse_signature(std::string_view line, const std::string& where) {
    if (!line.starts_with(kDash)) return no_note(where + " is no signature: it begins without a dash");
    line.remove_prefix(kDash.size());
    const auto space = line.find(' ');
    if (space == line.npos || !is_key_name(line.substr(0, space)))
        return no_note(where + " is a signature without a key's name");
    auto bytes = from_base64(line.substr(space + 1));
    if (!bytes || bytes->size() < 5) return no_note("the signature in " + where + " is not base64");
    return NoteSignature{std::string(line.substr(0, space)), from_four(*bytes), bytes->substr(4)};
}

bool holds(const NoteSignature& signature, std::string_view text, const NoteKey& key) {
    return signature.bytes.size() == crypto_sign_ed25519_BYTES &&
           ::crypto_sign_ed25519_verify_detached(bytes_of(signature.bytes), bytes_of(text), text.size(),
                                                 key.key.data()) == 0;
}

Result<std::uint64_t> parse_size(std::string_view digits) {
    const bool shaped = !digits.empty() && digits.size() <= 19 &&
                        digits.find_first_not_of("0123456789") == digits.npos &&
                        (digits.front() != '0' || digits.size() == 1);
    std::uint64_t size = 0;
    if (shaped)
        for (const char digit : digits) size = 10 * size + static_cast<std::uint64_t>(digit - '0');
    if (!shaped || size >> 63 != 0)
        return fail(Code::invalid_value, "this is no checkpoint: line 2 is not the number of events");
    return size;
}

} // namespace

std::string to_base64(std::string_view bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
    ::sodium_bin2base64(out.data(), out.size(), bytes_of(bytes), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
    out.pop_back(); // the NUL
    return out;
}

std::string to_base64(const Hash& hash) {
    return to_base64(std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

std::optional<std::string> from_base64(std::string_view text) {
    std::string out(text.size() / 4 * 3 + 3, '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    const int failed = ::sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                                           text.size(), nullptr, &length, &end, sodium_base64_VARIANT_ORIGINAL);
    if (failed != 0 || end != text.data() + text.size()) return std::nullopt;
    out.resize(length);
    if (to_base64(out) != text) return std::nullopt; // libsodium reads bytes beyond ASCII for digits
    return out;
}

std::optional<Hash> hash_from_base64(std::string_view text) {
    if (text.size() != 44) return std::nullopt;
    const auto bytes = from_base64(text);
    Hash hash;
    if (!bytes || bytes->size() != hash.size()) return std::nullopt;
    std::ranges::copy(*bytes, hash.begin());
    return hash;
}

std::uint32_t NoteKey::id() const {
    auto named = (name + '\n') + kEd25519;
    named += text_of(key);
    const auto digest = sha256({bytes_of(named), named.size()});
    return from_four({reinterpret_cast<const char*>(digest.data()), 4});
}

bool is_key_name(std::string_view name) {
    const auto bad = [](unsigned char c) { return c <= 0x20 || c == 0x7f || c == '+'; };
    return !name.empty() && name.size() <= kLongestName && std::ranges::none_of(name, bad) &&
           first_not_utf8(name) == name.size() && !has_wide_space(name);
}

std::string to_vkey(const NoteKey& key) {
    std::string typed(1, kEd25519);
    typed += text_of(key.key);
    return key.name + '+' + as_hex(key.id()) + '+' + to_base64(typed);
}

Result<NoteKey> parse_vkey(std::string_view text) {
    const auto bad = fail(Code::invalid_value, "this is no key of signed notes", "it reads name+12ab34cd+AR…");
    const auto first = text.find('+');
    if (first == text.npos || text.size() < first + 10 || text[first + 9] != '+') return bad;
    NoteKey key{std::string(text.substr(0, first)), {}};
    const auto bytes = from_base64(text.substr(first + 10));
    if (!is_key_name(key.name) || !bytes || bytes->size() != 33 || bytes->front() != kEd25519) return bad;
    std::copy(bytes->begin() + 1, bytes->end(), key.key.begin());
    if (text.substr(first + 1, 8) != as_hex(key.id())) return bad;
    return key;
}

Result<Note> parse_note(std::string_view whole) {
    if (whole.size() > kLargestNote) return no_note("it is larger than 256 KiB");
    if (whole.empty()) return no_note("it is empty");
    const auto control = [](unsigned char c) { return c < 0x20 && c != '\n'; };
    const auto strange =
        std::min(static_cast<std::size_t>(std::ranges::find_if(whole, control) - whole.begin()), first_not_utf8(whole));
    if (strange != whole.size()) return no_note(line_at(whole, strange) + " holds bytes that no note has");
    if (!whole.ends_with('\n')) return no_note("its last line, " + line_at(whole, whole.size()) + ", is cut off");
    const auto middle = whole.rfind("\n\n");
    if (middle == whole.npos) return no_note("it has no empty line with signatures after it");
    Note note{std::string(whole.substr(0, middle + 1)), {}};
    auto rest = whole.substr(middle + 2);
    while (!rest.empty()) {
        if (note.signatures.size() == kMostSignatures) return no_note("it has more than 64 signatures");
        const auto end = rest.find('\n');
        note.signatures.push_back(
            TRY(parse_signature(rest.substr(0, end), line_at(whole, whole.size() - rest.size()))));
        rest.remove_prefix(end + 1);
    }
    if (note.signatures.empty()) return no_note("it has no signatures");
    return note;
}

std::string sign_note(std::string_view text, const NoteKey& key, const Signer& signer) {
    const auto signature = signer(text);
    auto bytes = four_bytes(key.id());
    bytes.append(signature.begin(), signature.end());
    return std::string(text) + '\n' + std::string(kDash) + key.name + ' ' + to_base64(bytes) + '\n';
}

Result<std::string> open_note(std::string_view whole, const NoteKey& key) {
    auto note = TRY(parse_note(whole));
    bool signed_by_key = false;
    for (const auto& signature : note.signatures) {
        if (signature.name != key.name || signature.id != key.id()) continue;
        if (!holds(signature, note.text, key))
            return fail(Code::digest_mismatch, "the note is not what " + key.name + " signed",
                        "it was changed, or another key has signed it: trust nothing in it");
        signed_by_key = true;
    }
    if (!signed_by_key)
        return fail(Code::not_found, "the note is not signed by the key " + key.name + '+' + as_hex(key.id()),
                    "give the key of the log that it is from");
    return std::move(note.text);
}

std::string to_text(const Checkpoint& checkpoint) {
    return checkpoint.origin + '\n' + std::to_string(checkpoint.size) + '\n' + to_base64(checkpoint.root) + '\n';
}

Result<Checkpoint> parse_checkpoint(std::string_view text) {
    const auto bad = [](const std::string& why) { return fail(Code::invalid_value, "this is no checkpoint: " + why); };
    std::array<std::string_view, 3> lines;
    std::size_t count = 0;
    for (; !text.empty(); ++count) {
        const auto end = text.find('\n');
        if (end == 0 || end == text.npos) return bad("line " + std::to_string(count + 1) + " is empty or has no end");
        if (count < lines.size()) lines[count] = text.substr(0, end);
        text.remove_prefix(end + 1);
    }
    if (count < lines.size()) return bad("it has fewer than three lines");
    Checkpoint out{std::string(lines[0]), TRY(parse_size(lines[1])), {}};
    const auto root = hash_from_base64(lines[2]);
    if (!root) return bad("line 3 is not a root, 32 bytes in base64");
    out.root = *root;
    return out;
}

std::string sign(const Checkpoint& checkpoint, const NoteKey& key, const Signer& signer) {
    return sign_note(to_text(checkpoint), key, signer);
}

Result<Checkpoint> verify(std::string_view note, const NoteKey& key) {
    const auto text = TRY(open_note(note, key));
    auto checkpoint = TRY(parse_checkpoint(text));
    if (checkpoint.origin != key.name)
        return fail(Code::digest_mismatch, "the checkpoint is of another log: " + checkpoint.origin);
    return checkpoint;
}

} // namespace owhale::audit::merkle

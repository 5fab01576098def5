// Signed notes (c2sp.org/signed-note) with Ed25519 signatures, and the checkpoints written as such
// (c2sp.org/tlog-checkpoint):
//
//     owhaled/host/1a2b3c4d
//     20852163
//     CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//     — owhaled/host/1a2b3c4d Az3grlgtzPICa5OS8npVmf1Myq/5…
//
// All that is read here may come from a stranger: at most 256 KiB, 64 signatures, and one text for each value.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle/tree.hpp"

namespace owhale::audit::merkle {

using PublicKey = std::array<std::uint8_t, 32>; // Ed25519, RFC 8032
using Signature = std::array<std::uint8_t, 64>;
using Signer = std::function<Signature(std::string_view)>;

constexpr std::size_t kLargestNote = 256u << 10; // bytes
constexpr std::size_t kMostSignatures = 64;

// Standard base64 (RFC 4648, section 4), padded; of one value one text alone is read.
std::string to_base64(std::string_view bytes);
std::string to_base64(const Hash& hash);
std::optional<std::string> from_base64(std::string_view text);
std::optional<Hash> hash_from_base64(std::string_view text);

// Whose signatures are believed.
struct NoteKey {
    std::string name; // not empty, UTF-8 without spaces, control characters and '+'; at most 255 bytes
    PublicKey key{};
    std::uint32_t id() const; // the first four bytes of SHA-256(name, 0x0a, 0x01, key)
    bool operator==(const NoteKey&) const = default;
};
bool is_key_name(std::string_view name);
// "name+<id, 8 hexadecimal digits>+<base64 of 0x01 and the key>". Reading fails with invalid_value.
std::string to_vkey(const NoteKey& key);
Result<NoteKey> parse_vkey(std::string_view text);

struct NoteSignature {
    std::string name;
    std::uint32_t id = 0;
    std::string bytes;
};
struct Note {
    std::string text; // with its last newline
    std::vector<NoteSignature> signatures;
};
// Only its shape is looked at. Fails with invalid_value.
Result<Note> parse_note(std::string_view whole);
// `text` ends with a newline.
std::string sign_note(std::string_view text, const NoteKey& key, const Signer& signer);
// The text of a note that `key` has signed; other keys' signatures are passed over. Fails with invalid_value for what is
// no note, not_found when there is none of this key, digest_mismatch when one of it is wrong.
Result<std::string> open_note(std::string_view whole, const NoteKey& key);

struct Checkpoint {
    std::string origin;     // one line
    std::uint64_t size = 0; // at most 2^63 - 1
    Hash root{};
    bool operator==(const Checkpoint&) const = default;
};
std::string to_text(const Checkpoint& checkpoint);
// Of a note's text; lines of an extension are passed over. Fails with invalid_value.
Result<Checkpoint> parse_checkpoint(std::string_view text);
// The note of a checkpoint whose origin is the key's name.
std::string sign(const Checkpoint& checkpoint, const NoteKey& key, const Signer& signer);
// Fails as open_note() and parse_checkpoint() do, and with digest_mismatch when its origin is not the key's name.
Result<Checkpoint> verify(std::string_view note, const NoteKey& key);

} // namespace owhale::audit::merkle

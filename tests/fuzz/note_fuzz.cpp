// Signed notes, checkpoints and keys of strangers: whatever they hold, reading ends, and what is read says the same again.
#include "audit/merkle/note.hpp"

using namespace owhale::audit::merkle;

namespace {

void require(bool holds) {
    if (!holds) __builtin_trap();
}

void read_note(std::string_view text) {
    const auto note = parse_note(text);
    if (!note) return require(!note.error().message.empty());
    require(text.starts_with(note->text) && note->text.ends_with('\n'));
    require(!note->signatures.empty() && note->signatures.size() <= kMostSignatures);
    for (const auto& signature : note->signatures) require(is_key_name(signature.name) && !signature.bytes.empty());
    // Nobody has the key of zeros' secret: no input is believed.
    require(!open_note(text, NoteKey{note->signatures.front().name, {}}));
}

void read_checkpoint(std::string_view text) {
    const auto checkpoint = parse_checkpoint(text);
    if (checkpoint) require(text.starts_with(to_text(*checkpoint)));
}

void read_key(std::string_view text) {
    const auto key = parse_vkey(text);
    if (key) require(to_vkey(*key) == text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    read_note(text);
    read_checkpoint(text);
    read_key(text);
    return 0;
}

#include "cli/verify/saved_checkpoint.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli::verify {
namespace {

constexpr auto kWhole =
    "give the file as owhalectl audit checkpoint --save FILE wrote it, byte for byte, or another copy of it; "
    "nothing was said of the log";

std::unexpected<Error> unusable(const std::string& path, int errnum = errno) {
    return std::unexpected(Error{Code::invalid_value,
                                 "the checkpoint " + path,
                                 "name a checkpoint that was kept: owhalectl audit checkpoint --save FILE",
                                 errnum,
                                 {}});
}

std::unexpected<Error> damaged(const std::string& path, const std::string& why) {
    return fail(Code::invalid_value, "the checkpoint " + path + ": " + why, kWhole);
}

std::string line_of(const merkle::Note& note, std::size_t signature) {
    return "line " + std::to_string(std::ranges::count(note.text, '\n') + 2 + static_cast<std::ptrdiff_t>(signature));
}

// Whether the key has signed the text, whatever the number of the key says that stands before the signature.
bool signed_by(const merkle::NoteKey& key, const merkle::Note& note, const merkle::NoteSignature& signature) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(key.id() >> shift & 0xff);
    bytes += signature.bytes;
    return merkle::verify(note.text + "\n\xe2\x80\x94 " + key.name + " " + merkle::to_base64(bytes) + "\n", key)
        .has_value();
}

} // namespace

Result<Kept> checkpoint_in(const std::string& path) {
    Kept kept{.name = "checkpoint", .where = path, .of_this_log = true};
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat found{};
    if (!file || ::fstat(file.get(), &found) != 0) return unusable(path);
    if (!S_ISREG(found.st_mode)) return damaged(path, "it is no plain file");
    const auto text = read_all(file.get(), path, merkle::kLargestNote);
    if (!text) return unusable(path, text.error().errnum);
    if (!*text) return damaged(path, "it is larger than 256 KiB, and no checkpoint is");
    const auto note = merkle::parse_note(**text);
    if (!note) return damaged(path, note.error().message);
    const auto checkpoint = merkle::parse_checkpoint(note->text);
    if (!checkpoint) return damaged(path, checkpoint.error().message);
    if (std::ranges::find(note->signatures, checkpoint->origin, &merkle::NoteSignature::name) == note->signatures.end())
        return damaged(path, "line 1 is of the log " + checkpoint->origin + ", and " + line_of(*note, 0) +
                                 " is signed by " + note->signatures.front().name);
    kept.notes.push_back(**text);
    return kept;
}

Status check_signature(const Kept& saved, const merkle::NoteKey& key) {
    const auto note = merkle::parse_note(saved.notes.front());
    if (!note || merkle::verify(saved.notes.front(), key)) return {};
    for (std::size_t i = 0; i < note->signatures.size(); ++i) {
        const auto& one = note->signatures[i];
        if (one.name != key.name) continue;
        if (one.id == key.id())
            return damaged(saved.where, line_of(*note, i) + ", the signature of " + key.name +
                                            ", does not fit the lines above it: the file was changed, or another key "
                                            "was made to look like this log's");
        if (signed_by(key, *note, one))
            return damaged(saved.where, line_of(*note, i) + " names another key of " + key.name +
                                            " than the one that has signed it");
    }
    return {};
}

} // namespace owhale::cli::verify

#include "cli/verify/known_logs.hpp"

#include "cli/private_files.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostFile = std::size_t{4} << 20;
constexpr auto kHead = "# owhalectl: of each audit log the newest checkpoint that was verified: VKEY NOTE, in base64\n";

Result<std::string> path_of() {
    return TRY(own_folder()) + "/known_logs";
}

struct Known {
    std::string line; // with its end
    merkle::NoteKey key;
    merkle::Checkpoint checkpoint;
};

// A line that is not ours to read stays as it is, and counts for nothing.
std::optional<Known> known_of(std::string_view line) {
    const auto space = line.find(' ');
    if (line.starts_with('#') || space == line.npos) return {};
    auto key = merkle::parse_vkey(line.substr(0, space));
    const auto note = merkle::from_base64(line.substr(space + 1));
    if (!key || !note) return {};
    auto checkpoint = merkle::verify(*note, *key);
    if (!checkpoint) return {};
    return Known{std::string(line) + "\n", std::move(*key), std::move(*checkpoint)};
}

Result<std::vector<Known>> read_all() {
    const auto path = TRY(path_of());
    const auto text = TRY(read_private(path, kMostFile)).value_or("");
    std::vector<Known> out;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (auto known = known_of(std::string_view(text).substr(begin, end - begin))) out.push_back(std::move(*known));
        begin = end + 1;
    }
    return out;
}

} // namespace

Kept known_logs() {
    Kept kept{.name = "remembered", .where = "owhalectl's own memory", .own_memory = true};
    const auto all = read_all();
    if (!all) kept.absent = all.error().message;
    if (all)
        for (const auto& known : *all) kept.logs.push_back({known.key, {known.checkpoint}});
    return kept;
}

Result<std::optional<merkle::Checkpoint>> known_checkpoint(const merkle::NoteKey& key) {
    for (auto& known : TRY(read_all()))
        if (known.key == key) return std::move(known.checkpoint);
    return std::nullopt;
}

Status remember(const merkle::NoteKey& key, std::string_view note) {
    const auto checkpoint = TRY(merkle::verify(note, key));
    std::string text = kHead;
    for (const auto& known : TRY(read_all())) {
        if (known.key == key && known.checkpoint.size > checkpoint.size) return {};
        if (known.key != key) text += known.line;
    }
    text += merkle::to_vkey(key) + " " + merkle::to_base64(note) + "\n";
    const auto path = TRY(path_of());
    return write_private(path, text);
}

} // namespace owhale::cli::verify

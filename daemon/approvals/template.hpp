// Argument templates of standing grants: a fixed number of words, each itself or a place for one argument. Pure.
//
//   git tag <word>      one argument that begins neither with - nor with + or @, without control characters
//   kill <number>       1 to 18 digits
//   rm build/<path>     is refused: a place is a whole word
//   rm <path>           one argument that names something in the workspace: see match()
//
// No place ever stands for an option, for no argument, or for two. The first word is always itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.hpp"

namespace owhale::approvals {

enum class Slot { literal, word, number, path };

struct Template {
    struct Word {
        Slot slot = Slot::literal;
        std::string text; // as written
    };
    std::vector<Word> words;

    bool varies() const; // has a place
    bool has_path() const;
    std::vector<std::string> texts() const;
};

inline constexpr std::size_t kMostWords = 256;    // of a template
inline constexpr std::size_t kLongestWord = 4096; // bytes
inline constexpr std::size_t kMostPlaces = 16;    // in one template
inline constexpr std::size_t kDeepest = 32;       // components of a path in the workspace

// Fails with invalid_value: too long, a place that does not exist, a first word that is a place, a `*`.
Result<Template> parse_template(const std::vector<std::string>& words);

struct Folder { // both absolute, without links; workspace "" none
    std::string_view cwd, workspace;
};

// Whether an argv fits; then the paths that it has at <path>, absolute and without "." and "..": inside the workspace by
// their text. Who asks must still see that no component of them is a link.
std::optional<std::vector<std::string>> match(const Template& wanted, const std::vector<std::string>& argv,
                                              Folder folder);

// One argument as an absolute path inside the workspace; empty when it is none: ".." after a name, an option, out of it.
std::optional<std::string> inside(std::string_view argument, Folder folder);
bool is_number(std::string_view argument);
bool is_word(std::string_view argument);

} // namespace owhale::approvals

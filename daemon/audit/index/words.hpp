// The words of an event, as they are indexed and as they are searched for.
//
// A text is names between blanks, quotes and the like (/home/a/.ssh/id_rsa has home, a, .ssh, id_rsa; user@host:22 has
// three; --force, 10.0.0.1 and a.b.c are one each), and a name has parts (id_rsa: id and rsa; 10.0.0.1: four). Indexed is
// each name from each of its parts on: "id_rsa" and "rsa". So a search that begins where a part begins, and ends
// anywhere, asks for whole names and for one prefix. Where letters of ASCII and others meet a part begins, and behind what
// nobody sees. Letters lose case and accents (letters.hpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace owhale::audit::index {

struct Folded;

constexpr std::size_t kLongestWord = 24;   // bytes; the rest of a name is not indexed
constexpr std::size_t kMostWords = 1000;   // of one event, different ones
constexpr std::size_t kShortestPrefix = 2; // shorter ones are of no use

// The words of all searchable strings of an event, each once. Cut off after kMostWords, `all` is false then.
struct Words {
    std::vector<std::string> words;
    bool all = true;
};
Words words_of(std::string_view json);

// A text that is looked for: it has to begin where a part of a name does, or with a character that is of no part, and may
// end anywhere. The strings of a list are one text with a space between each two, as the arguments of a command are read.
class Needle {
public:
    explicit Needle(std::string_view text);

    struct Term {
        std::string word;
        bool prefix = false;
    };
    // Words that an event with this text has. Empty: none can be named, only looking at the events helps.
    const std::vector<Term>& terms() const { return terms_; }
    // Whether a searchable string of the event has the text.
    bool in(std::string_view json) const;

private:
    bool in_text(std::string_view text, Folded& folded) const;
    std::string raw_;  // looked for as it is when it has nothing that is seen
    std::string text_; // folded
    std::size_t lead_; // where its first part begins; its size: it has none
    std::vector<Term> terms_;
};

} // namespace owhale::audit::index

#include "cli/shell/arguments.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace owhale::cli::shell {
namespace {

// bash(1), OPTIONS and set; those of an invocation alone are read apart.
constexpr std::string_view kSetLetters = "abefhkmnptuvxBCEHPTr";
constexpr std::array<std::string_view, 4> kPassed = {"--posix", "--restricted", "--verbose", "--noediting"};
constexpr std::array<std::string_view, 3> kWithoutEffect = {"--norc", "--noprofile", "--login"};

std::unexpected<Error> wrong(const std::string& option, const std::string& what) {
    return fail(Code::bad_request, option + ": " + what, "owhale-sh --help lists the options");
}

class Reading {
public:
    Reading(const std::vector<std::string>& words, Invocation& out) : words_(words), out_(out) {}

    Status read() {
        CHECK(long_options());
        while (at_ < words_.size() && !stopped_) {
            const auto& word = words_[at_];
            if (word.size() < 2 && word != "-") break;
            if (word[0] != '-' && word[0] != '+') break;
            ++at_;
            if (word == "-" || word == "--") break;
            CHECK(cluster(word));
        }
        return operands();
    }

private:
    // As in bash, before all others; a single dash does as well, but is a cluster for us.
    Status long_options() {
        for (; at_ < words_.size(); ++at_) {
            const auto& word = words_[at_];
            if (!word.starts_with("--") || word == "--") return {};
            if (word == "--help" || word == "--version") {
                out_.from = word == "--help" ? From::help : From::version;
                stopped_ = true;
                return {};
            }
            CHECK(long_option(word));
        }
        return {};
    }

    Status long_option(const std::string& word) {
        if (word == "--login") out_.login = true;
        if (std::ranges::find(kWithoutEffect, word) != kWithoutEffect.end()) return {};
        if (std::ranges::find(kPassed, word) != kPassed.end()) {
            out_.options.push_back(word);
            return {};
        }
        if (word != "--rcfile" && word != "--init-file") return wrong(word, "invalid option");
        if (at_ + 1 >= words_.size()) return wrong(word, "option requires an argument");
        out_.rc_file = words_[++at_];
        return {};
    }

    Status cluster(const std::string& word) {
        if (word.starts_with("--")) return wrong(word, "invalid option");
        const std::string sign(1, word[0]);
        for (const char letter : std::string_view(word).substr(1)) CHECK(one(sign, letter));
        return {};
    }

    Status one(const std::string& sign, char letter) {
        const std::string option = sign + letter;
        if (letter == 'o' || letter == 'O') {
            out_.options.push_back(option);
            if (at_ >= words_.size()) return wrong(option, "an option's name is missing");
            out_.options.push_back(words_[at_++]);
            return {};
        }
        if (kSetLetters.find(letter) != std::string_view::npos) {
            out_.options.push_back(option);
            return {};
        }
        if (sign == "+") return wrong(option, "invalid option");
        return at_start(option, letter);
    }

    Status at_start(const std::string& option, char letter) {
        switch (letter) {
        case 'c':
            string_ = true;
            return {};
        case 's':
            input_ = true;
            return {};
        case 'i':
            out_.interactive = true;
            return {};
        case 'l':
            out_.login = true;
            return {};
        default:
            return wrong(option, "invalid option");
        }
    }

    Status operands() {
        if (stopped_) return {};
        if (string_) {
            if (at_ >= words_.size()) return wrong("-c", "option requires an argument");
            out_.from = From::string;
            out_.text = words_[at_++];
            if (at_ < words_.size()) out_.name = words_[at_++];
        } else if (!input_ && at_ < words_.size()) {
            out_.from = From::file;
            out_.text = words_[at_++];
        }
        out_.arguments.assign(words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
        return {};
    }

    const std::vector<std::string>& words_;
    Invocation& out_;
    std::size_t at_ = 0;
    bool string_ = false, input_ = false, stopped_ = false;
};

} // namespace

Result<Invocation> invocation_of(const std::string& own_name, const std::vector<std::string>& words) {
    Invocation out;
    out.login = own_name.starts_with('-');
    CHECK(Reading(words, out).read());
    return out;
}

} // namespace owhale::cli::shell

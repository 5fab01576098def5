// Reads words as getopt_long(3) does.
#include "policy/normal/arguments.hpp"

#include <algorithm>

namespace owhale::policy {
namespace {

bool names_contain(std::string_view names, std::string_view name) {
    while (!names.empty()) {
        const auto comma = names.find(',');
        if (names.substr(0, comma) == name) return true;
        if (comma == std::string_view::npos) break;
        names.remove_prefix(comma + 1);
    }
    return false;
}

std::string_view first_name(std::string_view names) {
    return names.substr(0, names.find(','));
}

// An abbreviation must fit the names of one option alone.
bool names_begin(std::string_view names, std::string_view start) {
    while (!names.empty()) {
        const auto comma = names.find(',');
        if (names.substr(0, comma).starts_with(start)) return true;
        if (comma == std::string_view::npos) break;
        names.remove_prefix(comma + 1);
    }
    return false;
}

class Reader {
public:
    Reader(const ProgramRow& row, const std::vector<Value>& argv) : argv_(argv) {
        out_.row = out_.program = &row;
        single_ = row.has("single");
    }

    Arguments read() {
        for (at_ = 1; at_ < argv_.size(); ++at_)
            if (!word(argv_[at_]) || rest()) break;
        if (!out_.ended) out_.kept = out_.operands.size();
        return std::move(out_);
    }

private:
    // python -m NAME, -c CODE: what follows is the code's own.
    bool rest() {
        const auto* last = out_.options.empty() ? nullptr : out_.options.back().row;
        if (last == nullptr || last->effect != "end" || !out_.operands.empty()) return false;
        out_.operands.assign(argv_.begin() + static_cast<std::ptrdiff_t>(std::min(at_ + 1, argv_.size())), argv_.end());
        return true;
    }

    bool word(const Value& value) {
        const std::string& text = value.text;
        if (out_.ended) return operand(value);
        if (text == "--" && !out_.program->has("nodashes")) {
            out_.kept = out_.operands.size();
            out_.ended = true;
            return true;
        }
        if (assigned(value)) return true;
        // kill -9 -1: what follows the signal is a process group
        const bool number =
            text.size() > 1 && text[0] == '-' && text.find_first_not_of("0123456789", 1) == std::string::npos;
        if (number && !out_.options.empty() && out_.program->has("groups")) return operand(value);
        if (text.size() > 1 && text[0] == '+' && out_.program->has("plus")) return whole(value);
        if (text.size() < 2 || text[0] != '-') return old_style(value) || operand(value);
        if (text.starts_with("--") || single_ || (text.size() > 2 && find(text) != nullptr)) return whole(value);
        return bundle(value);
    }

    // `tar xzf x`, `ps aux`, `ar rcs`: the first word is options without their dash.
    bool old_style(const Value& value) {
        if (!out_.program->has("old") || at_ != 1) return false;
        if (value.text.find_first_of(std::string_view{"/.\0=", 4}) != std::string::npos || value.text.empty())
            return false;
        std::vector<const OptionRow*> late;
        for (const char letter : value.text) {
            const std::string name{'-', letter};
            const OptionRow* row = find(name);
            if (row != nullptr && row->valued && !row->optional)
                late.push_back(row);
            else
                add(name, row, std::nullopt, value.span);
        }
        for (const auto* row : late) {
            std::optional<Value> given;
            if (at_ + 1 < argv_.size()) given = argv_[++at_];
            add(std::string(first_name(row->names)), row, given, value.span);
        }
        return true;
    }

    bool operand(const Value& value) {
        if (out_.operands.empty() && !out_.ended && out_.row->has("sub") && descend(value)) return true;
        if (out_.operands.empty()) out_.rest = at_;
        if (out_.row->has("stop") || out_.row->has("wrap")) {
            for (; at_ < argv_.size(); ++at_) out_.operands.push_back(argv_[at_]);
            return false;
        }
        out_.operands.push_back(value);
        return true;
    }

    bool descend(const Value& value) {
        if (value.known() != Known::known || value.text.empty()) return false;
        const bool second = !out_.sub.empty();
        const std::string name = std::string(out_.row->name) + " " + value.text;
        const ProgramRow* row = find_program(name);
        if (row == nullptr && second) return false;
        out_.sub += (second ? " " : "") + value.text;
        if (row == nullptr) {
            static constexpr ProgramRow kNone{};
            out_.row = &kNone;
        } else {
            out_.row = row;
            single_ = row->has("single") || out_.program->has("single");
        }
        return true;
    }

    // dd's of=FILE: where the row names the option "of=".
    bool assigned(const Value& value) {
        const auto equals = value.text.find('=');
        if (equals == std::string::npos || equals == 0 || value.text[0] == '-') return false;
        const OptionRow* row = find(std::string_view(value.text).substr(0, equals), true);
        if (row == nullptr) return false;
        add(std::string(first_name(row->names)), row, part(value, equals + 1), value.span);
        return true;
    }

    bool whole(const Value& value) {
        const std::string& text = value.text;
        const auto equals = text.find('=');
        const std::string_view name = std::string_view(text).substr(0, equals);
        const OptionRow* row = find(name);
        if (row == nullptr && single_ && text.starts_with("--")) row = find(name.substr(1));
        if (row == nullptr && name.starts_with("--") && name.size() > 3) row = abbreviated(name);
        if (row == nullptr && single_ && name.size() > 2 && attached(value)) return true;
        const std::string canonical(row != nullptr ? first_name(row->names) : name);
        if (equals != std::string::npos)
            add(canonical, row, part(value, equals + 1), value.span);
        else if (row != nullptr && row->valued && !row->optional)
            take(canonical, row, value);
        else
            add(canonical, row, std::nullopt, value.span);
        return true;
    }

    // java -Dname, gcc -Ifolder: a one-letter option of a single-dash program with its value attached.
    bool attached(const Value& value) {
        const OptionRow* row = find(std::string_view(value.text).substr(0, 2));
        if (row == nullptr || !row->valued) return false;
        add(std::string(first_name(row->names)), row, part(value, 2), value.span);
        return true;
    }

    bool bundle(const Value& value) {
        const std::string& text = value.text;
        for (std::size_t at = 1; at < text.size(); ++at) {
            if (text[at] == '\0') {
                add("-" + text.substr(at), nullptr, std::nullopt, value.span);
                return true;
            }
            const std::string name{'-', text[at]};
            const OptionRow* row = find(name);
            const std::string canonical(row != nullptr ? first_name(row->names) : name);
            if (row == nullptr || !row->valued) {
                add(canonical, row, std::nullopt, value.span);
                continue;
            }
            if (at + 1 < text.size())
                add(canonical, row, part(value, at + 1), value.span);
            else if (row->optional)
                add(canonical, row, std::nullopt, value.span);
            else
                take(canonical, row, value);
            return true;
        }
        return true;
    }

    void take(const std::string& name, const OptionRow* row, const Value& value) {
        std::optional<Value> given;
        if (at_ + 1 < argv_.size()) given = argv_[++at_];
        add(name, row, given, value.span);
    }

    void add(std::string name, const OptionRow* row, std::optional<Value> value, Span span) {
        out_.options.push_back({std::move(name), row, std::move(value), span});
    }

    static Value part(const Value& value, std::size_t from) { return {value.text.substr(from), value.span}; }

    const OptionRow* find(std::string_view name, bool assignment = false) const {
        const OptionRow* found = find_in(*out_.row, name, assignment);
        return found == nullptr && out_.row != out_.program ? find_in(*out_.program, name, assignment) : found;
    }

    static const OptionRow* find_in(const ProgramRow& row, std::string_view name, bool assignment) {
        for (const auto& option : options_of(row)) {
            const bool dashed = option.names[0] == '-' || option.names[0] == '+';
            if (dashed != assignment && names_contain(option.names, name)) return &option;
        }
        return nullptr;
    }

    const OptionRow* abbreviated(std::string_view start) const {
        const OptionRow* found = nullptr;
        for (const auto* row : {out_.row, out_.program}) {
            for (const auto& option : options_of(*row))
                if (names_begin(option.names, start)) {
                    if (found != nullptr && found != &option) return nullptr;
                    found = &option;
                }
            if (out_.row == out_.program) break;
        }
        return found;
    }

    const std::vector<Value>& argv_;
    std::size_t at_ = 1;
    bool single_ = false;
    Arguments out_;
};

} // namespace

bool Arguments::has(std::string_view name) const {
    return std::ranges::any_of(options, [&](const GivenOption& option) { return option.name == name; });
}

const Value* Arguments::value_of(std::string_view name) const {
    const Value* found = nullptr;
    for (const auto& option : options)
        if (option.name == name && option.value) found = &*option.value;
    return found;
}

Arguments read_arguments(const ProgramRow& row, const std::vector<Value>& argv) {
    return Reader(row, argv).read();
}

const FormRow* form_of(const Arguments& arguments) {
    const auto given = [&](std::string_view names) {
        return std::ranges::any_of(arguments.options,
                                   [&](const GivenOption& option) { return names_contain(names, option.name); });
    };
    for (const auto& form : forms_of(*arguments.row)) {
        const auto both = form.when.find('&'); // "-a&-b,-c": one of each side
        if (form.when.empty() || (both == std::string_view::npos && given(form.when))) return &form;
        if (both != std::string_view::npos && given(form.when.substr(0, both)) && given(form.when.substr(both + 1)))
            return &form;
    }
    return nullptr;
}

} // namespace owhale::policy

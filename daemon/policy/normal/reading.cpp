// read and mapfile: what stands on the standard input becomes variables, where it is known.
#include <algorithm>
#include <optional>

#include "policy/normal/builtin_words.hpp"

namespace owhale::policy::normal {
namespace {

// The fields of a line as `read` takes them: blanks of IFS are one separator together, any other is one alone, and the last
// field is the rest.
std::vector<std::string> fields(std::string_view line, std::string_view separators, std::size_t most) {
    const auto is_blank = [&](char c) {
        return (c == ' ' || c == '\t' || c == '\n') && separators.find(c) != std::string_view::npos;
    };
    std::vector<std::string> out;
    std::size_t at = 0;
    const auto skip = [&] {
        while (at < line.size() && is_blank(line[at])) ++at;
    };
    skip();
    while (at < line.size() && out.size() + 1 < most) {
        const auto end = std::min(line.find_first_of(separators, at), line.size());
        out.emplace_back(line.substr(at, end - at));
        at = end;
        skip();
        if (at == end && at < line.size())
            ++at;
        else if (at < line.size() && separators.find(line[at]) != std::string_view::npos)
            ++at;
        skip();
    }
    std::string_view rest = line.substr(at);
    while (!rest.empty() && is_blank(rest.back())) rest.remove_suffix(1);
    if (!rest.empty()) out.emplace_back(rest);
    return out;
}

struct ReadOptions {
    std::vector<std::string> names;
    bool array = false;
    std::optional<std::string> end, count;
};

ReadOptions read_options(const Call& call) {
    ReadOptions out;
    for (std::size_t i = 1; i < call.argv.size(); ++i) {
        const std::string& text = call.argv[i].text;
        if (!is_option(call.argv[i])) {
            out.names.push_back(text);
            continue;
        }
        for (std::size_t k = 1; k < text.size(); ++k) {
            if (text[k] == 'a') out.array = true;
            if (std::string_view("dpntNiu").find(text[k]) == std::string_view::npos) continue;
            const std::string value = k + 1 < text.size()        ? text.substr(k + 1)
                                      : i + 1 < call.argv.size() ? call.argv[++i].text
                                                                 : "";
            if (text[k] == 'd') out.end = value;
            if (text[k] == 'n' || text[k] == 'N') out.count = value;
            break;
        }
    }
    if (out.names.empty()) out.names.push_back("REPLY");
    return out;
}

// What one `read` takes of the text.
std::string line_of(const std::string& text, const ReadOptions& options) {
    std::string line =
        text.substr(0, options.end ? (options.end->empty() ? std::string::npos : text.find(options.end->front()))
                                   : text.find('\n'));
    const bool number = options.count && !options.count->empty() && options.count->size() < 6 &&
                        options.count->find_first_not_of("0123456789") == std::string::npos;
    return number ? line.substr(0, std::stoul(*options.count)) : line;
}

} // namespace

std::string Walk::separators(const Call& call) const {
    std::string out = " \t\n";
    if (const Cell* set = state_.get("v:IFS"); set != nullptr && set->values.size() == 1) out = set->values.front();
    for (const auto& [name, value] : out_.commands[call.slot].env)
        if (name == "IFS" && value.known() != Known::opaque) out = value.text;
    return out;
}

// Its variables hold what stands on the standard input, where that is known.
Stream Walk::do_read(Call& call) {
    fill_words(call);
    const Stream* in = call.in();
    const auto options = read_options(call);
    const auto& names = options.names;
    const bool known = in != nullptr && in->known;
    const bool one = known && (call.io.has_in || options.end || in->text.find('\n') + 1 >= in->text.size());
    const auto words = one ? fields(line_of(in->text, options), separators(call), options.array ? 256 : names.size())
                           : std::vector<std::string>{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        Cell cell;
        if (in != nullptr) cell.taint = in->taint;
        cell.reason = "what is read into $" + names[i] + " is known only when it runs";
        if (one)
            cell.values = {i < words.size() ? words[i] : ""};
        else if (in != nullptr && !in->names.empty() && names.size() == 1) {
            cell.values = in->names;
            if (cell.values.size() > kMaxAlternatives) cell.values = {std::string(kHole)};
        } else
            cell.values = {std::string(kHole)};
        if (options.array) {
            cell.array = true;
            cell.elements = one ? words : cell.values;
        }
        if (is_name(names[i])) state_.set("v:" + names[i], std::move(cell));
    }
    return silent();
}

Stream Walk::do_mapfile(Call& call) {
    fill_words(call);
    for (std::size_t i = 1; i + 1 < call.argv.size(); ++i)
        if (call.argv[i].is("-C")) carry_code(call, "sh", call.argv[i + 1]);
    Cell cell;
    cell.array = true;
    const Stream* in = call.in();
    if (in != nullptr) cell.taint = in->taint;
    if (in != nullptr && in->known && in->text.size() < 4096) {
        char by = '\n';
        for (std::size_t i = 1; i + 1 < call.argv.size(); ++i)
            if (call.argv[i].is("-d")) by = call.argv[i + 1].text.empty() ? '\0' : call.argv[i + 1].text[0];
        for (std::size_t from = 0; from < in->text.size();) {
            const auto end = std::min(in->text.find(by, from), in->text.size());
            cell.elements.push_back(in->text.substr(from, end - from));
            from = end + 1;
        }
    } else if (in != nullptr && !in->names.empty())
        cell.elements = in->names;
    else
        cell.elements = {std::string(kHole)};
    const std::string name = call.argv.size() > 1 && !is_option(call.argv.back()) ? call.argv.back().text : "MAPFILE";
    if (is_name(name)) state_.set("v:" + name, std::move(cell));
    return silent();
}

} // namespace owhale::policy::normal

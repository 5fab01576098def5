#include "policy/freeze.hpp"

#include "policy/fields.hpp"

namespace owhale::policy {
namespace {

constexpr std::string_view kMagic = "owhale-rules-1\n";

// Numbers in groups of seven bits, the lowest first; texts behind their length.
class Writer {
public:
    void number(std::size_t value) {
        for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
        out_ += static_cast<char>(value);
    }
    void text(std::string_view value) {
        number(value.size());
        out_ += value;
    }
    void texts(const std::vector<std::string>& values) {
        number(values.size());
        for (const auto& value : values) text(value);
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_{kMagic};
};

class Reader {
public:
    explicit Reader(std::string_view in) : in_(in) {}

    bool begins(std::string_view magic) {
        if (!in_.starts_with(magic)) return false;
        in_.remove_prefix(magic.size());
        return true;
    }
    std::size_t number() {
        std::size_t value = 0;
        for (unsigned shift = 0; shift < 56; shift += 7) {
            if (in_.empty()) return broken();
            const auto byte = static_cast<unsigned char>(in_.front());
            in_.remove_prefix(1);
            value |= std::size_t{byte & 0x7fU} << shift;
            if (byte < 0x80) return value;
        }
        return broken();
    }
    std::string_view text() {
        const auto size = number();
        if (size > in_.size()) {
            broken();
            return {};
        }
        const auto value = in_.substr(0, size);
        in_.remove_prefix(size);
        return value;
    }
    // How many things follow, each of at least one byte.
    std::size_t count() {
        const auto value = number();
        return value <= in_.size() ? value : broken();
    }
    std::vector<std::string> texts() {
        std::vector<std::string> values(count());
        for (auto& value : values) value = text();
        return values;
    }
    bool good() const { return good_; }
    bool done() const { return good_ && in_.empty(); }

private:
    std::size_t broken() {
        good_ = false;
        in_ = {};
        return 0;
    }

    std::string_view in_;
    bool good_ = true;
};

void put(Writer& to, const std::vector<Example>& examples) {
    to.number(examples.size());
    for (const auto& example : examples) {
        to.text(example.command);
        to.text(example.cwd);
        to.number(example.line);
        to.number(example.column);
    }
}

void skip_examples(Reader& from) {
    for (auto left = from.count(); left > 0; --left) {
        from.text();
        from.text();
        from.number();
        from.number();
    }
}

std::vector<Example> take_examples(Reader& from) {
    std::vector<Example> examples(from.count());
    for (auto& example : examples) {
        example.command = from.text();
        example.cwd = from.text();
        example.line = static_cast<std::uint32_t>(from.number());
        example.column = static_cast<std::uint32_t>(from.number());
    }
    return examples;
}

// Lists are told by their place in the table; most are empty, and left out.
void put_lists(Writer& to, const Rule& rule) {
    std::size_t filled = 0;
    for (const auto& field : kLists) filled += (rule.*field.words).empty() ? 0 : 1;
    to.number(filled);
    for (std::size_t i = 0; i < kLists.size(); ++i) {
        if ((rule.*kLists[i].words).empty()) continue;
        to.number(i);
        to.texts(rule.*kLists[i].words);
    }
    for (const auto& field : kFlags) to.number((rule.*field.flag) ? (*(rule.*field.flag) ? 2 : 1) : 0);
}

bool take_lists(Reader& from, Rule& rule) {
    for (auto filled = from.count(); filled > 0; --filled) {
        const auto i = from.number();
        if (i >= kLists.size()) return false;
        rule.*kLists[i].words = from.texts();
    }
    for (const auto& field : kFlags)
        if (const auto value = from.number(); value > 0) rule.*field.flag = value == 2;
    return true;
}

void put(Writer& to, const Rule& rule) {
    to.text(rule.id);
    to.text(rule.reason);
    to.text(rule.file);
    for (const auto value :
         {std::size_t{rule.line}, static_cast<std::size_t>(rule.decision), static_cast<std::size_t>(rule.severity),
          static_cast<std::size_t>(rule.unknown), static_cast<std::size_t>(rule.ceiling.read_only)})
        to.number(value);
    to.text(rule.ceiling.net);
    to.text(rule.ceiling.profile);
    to.texts(rule.ceiling.hosts);
    put_lists(to, rule);
    put(to, rule.match);
    put(to, rule.no_match);
}

bool take(Reader& from, Rule& rule, bool examples) {
    rule.origin = Origin::shipped;
    rule.id = from.text();
    rule.reason = from.text();
    rule.file = from.text();
    rule.line = static_cast<std::uint32_t>(from.number());
    rule.decision = static_cast<Decision>(from.number());
    rule.severity = static_cast<Severity>(from.number());
    rule.unknown = static_cast<Unknown>(from.number());
    rule.ceiling.read_only = from.number() != 0;
    rule.ceiling.net = from.text();
    rule.ceiling.profile = from.text();
    rule.ceiling.hosts = from.texts();
    if (!take_lists(from, rule)) return false;
    for (auto* list : {&rule.match, &rule.no_match}) {
        if (examples)
            *list = take_examples(from);
        else
            skip_examples(from);
    }
    return from.good() && rule.decision <= Decision::deny && rule.severity <= Severity::critical &&
           rule.unknown <= Unknown::match;
}

} // namespace

std::string freeze(const Ruleset& rules) {
    Writer to;
    to.text(rules.version);
    to.number(rules.sets.size());
    for (const auto& [name, members] : rules.sets) {
        to.text(name);
        to.texts(members);
    }
    to.number(rules.rules.size());
    for (const auto& rule : rules.rules) put(to, rule);
    return to.take();
}

Result<Thawed> thaw(std::string_view frozen, bool examples) {
    Reader from(frozen);
    const auto broken = [] {
        return fail(Code::config_invalid, "the built-in rules are broken", "install owhaled again");
    };
    if (!from.begins(kMagic)) return broken();
    Thawed out;
    out.version = from.text();
    for (auto sets = from.count(); sets > 0; --sets) {
        std::string name(from.text());
        out.sets[std::move(name)] = from.texts();
    }
    const auto count = from.count();
    if (count > kMaxRules) return broken();
    out.rules.resize(count);
    for (auto& rule : out.rules)
        if (!take(from, rule, examples)) return broken();
    if (!from.done()) return broken();
    return out;
}

} // namespace owhale::policy

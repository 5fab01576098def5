#include "cli/policy_stream.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <map>
#include <poll.h>
#include <unistd.h>

#include "cli/output.hpp"
#include "cli/policy_verdicts.hpp"
#include "policy/normal/normalize.hpp"
#include "policy/normal/place.hpp"
#include "shared/nearest.hpp"

namespace owhale::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostLine = 1 << 20, kWriteAt = 64 << 10, kMostPlaces = 1'000;
constexpr std::array<std::string_view, 5> kKeys = {"id", "command", "argv", "cwd", "net"};

std::string unknown_key(std::string_view key) {
    std::string out = "unknown key `" + std::string(key) + "`";
    if (const auto near = nearest(key, kKeys)) out += ", did you mean `" + std::string(*near) + "`?";
    return out;
}

std::string read_argv(const json::value& value, std::vector<std::string>& to) {
    const auto* list = value.if_array();
    if (list == nullptr || list->empty()) return "`argv` must be a list of strings, and not empty";
    for (const auto& word : *list) {
        if (!word.is_string()) return "`argv` must be a list of strings, and not empty";
        to.emplace_back(word.get_string());
    }
    return {};
}

std::string read_member(std::string_view key, const json::value& value, AskedLine& to) {
    if (key == "id") return {};
    if (key == "argv") return read_argv(value, to.request.argv);
    if (std::ranges::find(kKeys, key) == kKeys.end()) return unknown_key(key);
    if (!value.is_string()) return "`" + std::string(key) + "` must be a string";
    std::string text(value.get_string());
    if (key == "net" && text != "none" && text != "host") return "`net` must be none or host";
    if (key == "cwd" && !text.starts_with('/')) return "`cwd` must be absolute";
    if (key == "command") to.request.script = std::move(text);
    if (key == "net") to.request.net = text;
    if (key == "cwd") to.cwd = text;
    return {};
}

class Stream {
public:
    explicit Stream(const PolicyOptions& options) : options_(options) {}

    Status run() {
        for (;;) {
            const bool more = TRY(read_some());
            CHECK(answer_lines(more));
            if (!more) return print_all();
            if (out_.size() >= kWriteAt || !readable()) CHECK(print_all());
        }
    }

private:
    struct Judge { // for one folder
        policy::Facts facts;
        Rules rules;
    };

    static bool readable() {
        pollfd waiting = {STDIN_FILENO, POLLIN, 0};
        return ::poll(&waiting, 1, 0) > 0;
    }

    Result<bool> read_some() {
        const auto count = ::read(STDIN_FILENO, chunk_.data(), chunk_.size());
        if (count < 0 && errno == EINTR) return true;
        if (count < 0) return fail_errno("reading stdin");
        in_.append(chunk_.data(), static_cast<std::size_t>(count));
        return count > 0;
    }

    Status print_all() {
        if (out_.empty()) return {};
        CHECK(print(out_));
        out_.clear();
        return {};
    }

    // Each whole line; at the end what is left, too.
    Status answer_lines(bool more) {
        std::size_t begin = 0;
        for (;;) {
            const auto end = in_.find('\n', std::max(begin, scanned_));
            if (end == std::string::npos) break;
            answer(std::string_view(in_).substr(begin, end - begin));
            begin = end + 1;
            scanned_ = 0;
            if (out_.size() >= kWriteAt) CHECK(print_all());
        }
        in_.erase(0, begin);
        scanned_ = in_.size();
        if (in_.size() > kMostLine) skip();
        if (!more && (!in_.empty() || skipping_)) answer(in_);
        return {};
    }

    // Of a line that is too long the end alone is waited for.
    void skip() {
        skipping_ = true;
        in_.clear();
        scanned_ = 0;
    }

    void answer(std::string_view line) {
        if (skipping_ || line.size() > kMostLine) {
            skipping_ = false;
            return put_error({}, "the line is longer than 1 MiB");
        }
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
        auto asked = read_asked(line);
        if (!asked.problem.empty()) return put_error(asked.id, asked.problem);
        const auto judge = judge_for(asked.cwd);
        if (!judge) return put_error(asked.id, judge.error().message);
        const auto& [given, rules] = **judge;
        const auto facts = placed(asked, given);
        const auto form = policy::normalize(asked.request, facts);
        const auto verdict = policy::judge(*rules, form, facts, mode_of(options_), asked.request.net);
        json::object out = {{"id", std::move(asked.id)}};
        for (auto& member : verdict_json(form, verdict, false)) out.insert(std::move(member));
        put(out);
    }

    // A line that names no place, in a stream that names none: where its own first `cd` leads.
    policy::Facts placed(const AskedLine& asked, const policy::Facts& given) const {
        const bool named = !asked.cwd.empty() || !options_.cwd.empty() || !options_.workspace.empty();
        return named || !asked.request.script ? given : policy::facts_of_text(given, *asked.request.script);
    }

    void put(const json::object& object) { out_ += json::serialize(object) + "\n"; }
    void put_error(json::value id, const std::string& problem) { put({{"id", std::move(id)}, {"error", problem}}); }

    // Rules differ by folder only where projects have rules of their own.
    Result<const Judge*> judge_for(const std::string& cwd) {
        const auto known = judges_.find(cwd);
        if (known != judges_.end()) return &known->second;
        if (judges_.size() >= kMostPlaces) judges_.clear();
        auto facts = cwd.empty() ? TRY(assumed_facts(options_)) : TRY(facts_of(options_, cwd));
        auto sources = TRY(all_sources({options_.rules, facts.workspace}));
        const bool own = sources.back().origin == policy::Origin::project;
        auto rules = own || common_ == nullptr ? TRY(policy::load_rules(sources)) : common_;
        if (!own) common_ = rules;
        return &judges_.emplace(cwd, Judge{std::move(facts), std::move(rules)}).first->second;
    }

    const PolicyOptions& options_;
    std::string in_, out_;
    std::size_t scanned_ = 0;
    bool skipping_ = false;
    std::array<char, 256 << 10> chunk_{};
    std::map<std::string, Judge> judges_;
    Rules common_;
};

} // namespace

AskedLine read_asked(std::string_view line) {
    AskedLine asked;
    boost::system::error_code error;
    const auto value = json::parse(line, error);
    const auto* object = error ? nullptr : value.if_object();
    if (object == nullptr) {
        asked.problem = error ? "not JSON: " + error.message() : "not a JSON object";
        return asked;
    }
    if (const auto* id = object->if_contains("id"); id != nullptr && !id->is_structured()) asked.id = *id;
    for (const auto& [key, member] : *object)
        if (auto problem = read_member(key, member, asked); !problem.empty() && asked.problem.empty())
            asked.problem = std::move(problem);
    if (asked.problem.empty() && asked.request.script.has_value() != asked.request.argv.empty())
        asked.problem = "a line needs one of `command` and `argv`";
    return asked;
}

Status judge_stream(const PolicyOptions& options) {
    return std::make_unique<Stream>(options)->run();
}

} // namespace owhale::cli

#include "cli/approval_view.hpp"

#include <algorithm>
#include <array>

#include "cli/approval_source.hpp"
#include "cli/device_names.hpp"
#include "cli/escape.hpp"
#include "cli/units.hpp"
#include "cli/writing.hpp"
#include "policy/explain.hpp"
#include "policy/normal/normalize.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kWide = 60, kLabel = 13, kTail = 8;
constexpr std::size_t kNoLimit = 1'000'000;

// Variables that owhalectl always sends along: told in one paragraph, after the others.
constexpr std::array<std::string_view, 12> kUsual = {"CI",       "COLORTERM", "EDITOR", "HOME", "LANG", "LOGNAME",
                                                     "NO_COLOR", "PATH",      "SHELL",  "TERM", "TZ",   "USER"};

std::string spoken(std::string_view role) {
    constexpr std::pair<std::string_view, const char*> kRoles[] = {
        {"program", "Program"}, {"script", "Script"}, {"command", "Command"}, {"input", "Reads"}};
    for (const auto& [name, words] : kRoles)
        if (name == role) return words;
    return "Interpreter";
}

// Variables that owhaled itself gives a run with a scoped network; another value is the request's, and told apart.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kOurs = {
    {{"HTTP_PROXY", "http://127.0.0.1:"},
     {"http_proxy", "http://127.0.0.1:"},
     {"HTTPS_PROXY", "http://127.0.0.1:"},
     {"https_proxy", "http://127.0.0.1:"},
     {"ALL_PROXY", "socks5h://127.0.0.1:"},
     {"all_proxy", "socks5h://127.0.0.1:"},
     {"NO_PROXY", "localhost,127.0.0.1,::1"},
     {"no_proxy", "localhost,127.0.0.1,::1"},
     {"NODE_USE_ENV_PROXY", "1"}}};

bool is_port(std::string_view text) {
    return !text.empty() && text.size() <= 5 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_ours(std::string_view name, std::string_view value) {
    const auto own = std::ranges::find(kOurs, name, [](const auto& one) { return one.first; });
    if (own == kOurs.end() || !value.starts_with(own->second)) return false;
    const auto rest = value.substr(own->second.size());
    return own->second.ends_with(':') ? is_port(rest) : rest.empty();
}

bool is_usual(std::string_view name) {
    return name.starts_with("LC_") || std::ranges::find(kUsual, name) != kUsual.end();
}

std::string plural(std::uint64_t count, std::string_view one) {
    return std::to_string(count) + " " + std::string(one) + (count == 1 ? "" : "s");
}

class View {
public:
    View(const api::Approval& approval, const ViewOptions& options)
        : approval_(approval), options_(options), columns_(options.columns == 0 ? kNoLimit : options.columns) {}

    std::vector<Line> request() {
        const auto source = source_of(approval_);
        headline();
        if (is_host()) host();
        command(source);
        odd_words(source);
        notes();
        blank();
        asker();
        place();
        files();
        environment();
        offer();
        blank();
        words_of_requester();
        decisions();
        field("Digest", approval_.digest);
        if (options_.details) details();
        return std::move(out_);
    }

    std::vector<Line> grant(const api::GrantRequest& grant) {
        ours("This would be stored, and spare questions until it ends:", Tone::bold);
        blank();
        field("For", approval_.principal);
        if (approval_.frozen) {
            field("Workspace", approval_.frozen->workspace.empty() ? "none" : approval_.frozen->workspace);
            field("Profile", approval_.frozen->profile);
        }
        if (!is_host())
            field(grant.like ? "Template" : "Command", grant.like ? joined(*grant.like) : source_of(approval_).text);
        if (is_host() && approval_.frozen && approval_.frozen->scope)
            for (const auto& rule : approval_.frozen->scope->hosts) field("Host", text_of(rule));
        if (grant.like) field("", "<word>, <path> and <number> stand for one argument each, never for an option");
        if (grant.times) field("Times", std::to_string(*grant.times));
        if (grant.for_ms) field("For", format_duration_us(*grant.for_ms * 1000) + ", from now on");
        if (approval_.offer)
            for (const auto& file : approval_.offer->binds) field("Ends when", file.path + " changes");
        if (grant.trust_workspace.value_or(false))
            field("Trusts", "whatever the workspace makes it run: nothing binds that", Tone::bad);
        return std::move(out_);
    }

private:
    static std::string joined(const std::vector<std::string>& words) {
        std::string out;
        for (const auto& word : words) out += (out.empty() ? "" : " ") + quoted_in_template(word);
        return out;
    }

    void add(std::vector<Line> lines) {
        for (auto& line : lines) out_.push_back(std::move(line));
    }
    void blank() { out_.emplace_back(); }
    void ours(std::string_view text, Tone tone = Tone::plain) { add(flowed(text, columns_, tone)); }

    // On a narrow screen the label has a line of its own.
    void field(const std::string& name, const std::string& value, Tone tone = Tone::plain) {
        if (columns_ >= kWide) return add(labelled({{Tone::bold, name}}, kLabel, value, columns_, tone));
        if (!name.empty()) out_.push_back({{Tone::bold, name + ":"}});
        add(labelled({}, 2, value, columns_, tone));
    }

    void headline() {
        const auto& severity = approval_.severity;
        auto text = approval_.state + ", " + severity + ": asked " + relative(approval_.created, options_.now);
        if (approval_.state == "pending") text += ", expires " + relative(approval_.expires, options_.now);
        if (approval_.throttled) text += "; its principal asks too much: not announced";
        if (approval_.waits) text += "; its client waits";
        ours(text, approval_.state == "pending" ? tone_of_severity(severity) : tone_of_approval(approval_.state));
        if (approval_.ended_because) ours("Ended: " + *approval_.ended_because, Tone::warn);
        if (approval_.claimable) ours("Approved while its client was away: owhalectl approvals claim " + approval_.id);
        ours(approval_.verdict.reason + " (rule " + approval_.verdict.rule + ")");
        blank();
    }

    void command(const Source& source) {
        add(draw_source(source, columns_, tone_of_severity(approval_.severity)));
        if (!source.apart.empty()) field("Decided by", source.apart, tone_of_severity(approval_.severity));
        if (!approval_.frozen) return;
        const auto& frozen = *approval_.frozen;
        if (frozen.args)
            for (const auto& argument : *frozen.args) field("Argument", argument);
        if (frozen.language) field("Language", *frozen.language);
        if (!frozen.stdin_digest.empty()) field("Its stdin", "given whole; its SHA-256 is " + frozen.stdin_digest);
        if (frozen.joined && !is_host()) field("Enters", "the cage of run " + *frozen.joined);
    }

    bool is_host() const { return approval_.kind == "host"; }

    // What is asked for stands above the command that asks; the command chose the host's name, and nothing else here.
    void host() {
        if (!approval_.frozen || !approval_.frozen->scope) return;
        for (const auto& rule : approval_.frozen->scope->hosts)
            field("Host", text_of(rule), tone_of_severity(approval_.severity));
        field("", "for as long as this run lives; other runs ask anew. Its connection waits for the answer", Tone::dim);
        ours("This command wants to connect:", Tone::bold);
        blank();
    }

    static std::string text_of(const api::HostRule& rule) {
        auto out = rule.host.find(':') == std::string::npos ? rule.host : "[" + rule.host + "]";
        if (!rule.ports) return out;
        for (std::size_t i = 0; i < rule.ports->size(); ++i)
            out += (i == 0 ? ":" : ",") + std::to_string((*rule.ports)[i]);
        return out;
    }

    // What it could reach, and by whose word.
    void reach() {
        const auto& scope = *approval_.frozen->scope;
        for (const auto& rule : scope.hosts)
            field("May reach", text_of(rule) + (rule.from ? " (" + *rule.from + ")" : ""),
                  rule.from == "request" || rule.from == "command" ? Tone::warn : Tone::plain); // opened by this answer
        for (const auto port : scope.host_ports)
            field("May reach", "port " + std::to_string(port) + " of this machine's loopback", Tone::warn);
        for (const auto& use : scope.secrets)
            field("Secret",
                  use.name + (use.as == "env" ? ", which it can read" : ", by a placeholder: it cannot read it"),
                  use.as == "env" ? Tone::bad : Tone::plain);
        for (const auto& broker : scope.brokers) field("Broker", broker + ": it signs with your keys", Tone::warn);
        for (const auto& port : scope.ports)
            field("Publishes", port.address.value_or("127.0.0.1") + ":" + std::to_string(port.host) + " to its port " +
                                   std::to_string(port.port));
        if (scope.asks) field("", "hosts that are in no list are asked about, one by one", Tone::dim);
        if (scope.inspected) field("", "owhaled reads what it sends by TLS", Tone::dim);
    }

    void odd_words(const Source& source) {
        auto all = source.text + "\n" + approval_.cwd;
        if (approval_.frozen) {
            all += "\n" + approval_.frozen->workspace;
            for (const auto& file : approval_.frozen->files) all += "\n" + file.path;
        }
        for (const auto& [name, value] : approval_.environment) all += "\n" + name + "=" + value;
        for (const auto& word : marked_words(all))
            field(word.mixed ? "Mixed!" : "Not ASCII", told(word), word.mixed ? Tone::bad : Tone::warn);
    }

    void notes() {
        for (const auto& note : approval_.notes.value_or(std::vector<std::string>{}))
            field("Will fail?", note, Tone::warn);
    }

    void asker() {
        field("Asked by", approval_.principal + (approval_.parent ? ", in run " + *approval_.parent : ""), Tone::bold);
        const auto uid = runs_as(approval_);
        field("Runs as", "uid " + std::to_string(uid) + (options_.user.empty() ? "" : " (" + options_.user + ")") +
                             (approval_.uid == 0 && uid != 0 ? ", in place of root" : ""));
        field("Run", approval_.run);
        if (!approval_.joined.empty())
            field("", "and " + plural(approval_.joined.size(), "more run") + " with the same plan");
    }

    void place() {
        field("Folder", approval_.cwd);
        if (!approval_.frozen) return;
        const auto& frozen = *approval_.frozen;
        if (frozen.workspace.empty())
            field("Workspace", "none");
        else if (is_host())
            field("Workspace", frozen.workspace); // how it is mounted is no part of this question
        else
            field("Workspace", frozen.workspace + (frozen.workspace_writable ? ", writable" : ", read-only"));
        const bool far = frozen.net != "none" && !frozen.net.empty();
        field("Cage", "profile " + frozen.profile + ", network " + (frozen.net.empty() ? "none" : frozen.net),
              far ? Tone::warn : Tone::plain);
        if (frozen.scope && !is_host()) reach();
    }

    void files() {
        if (!approval_.frozen) return;
        for (const auto& file : approval_.frozen->files) {
            field(spoken(file.role), file.path);
            if (file.digest.empty())
                field("", "could not be read: nobody can agree to it", Tone::bad);
            else
                field("  SHA-256", file.digest, Tone::dim);
            field("",
                  file.held              ? "only root can write it"
                  : file.role == "input" ? "others than root can write it: it is compared again before this starts"
                                         : "others than root can write it: a copy of just this runs",
                  file.held ? Tone::dim : Tone::warn);
        }
        if (is_host()) return;
        field("Not covered", "what these load later (Makefile, imports, configuration)", Tone::dim);
    }

    void environment() {
        std::string usual;
        const bool scoped = approval_.frozen && approval_.frozen->net == "scoped";
        for (const auto& [name, value] : approval_.environment) {
            if (is_usual(name) || (scoped && is_ours(name, value)))
                usual += (usual.empty() ? "" : "  ") + name + "=" + quoted(value);
            else
                field("Environment", name + "=" + quoted(value), Tone::warn);
        }
        if (!usual.empty()) field("As usual", usual, Tone::dim);
    }

    void offer() {
        if (!approval_.offer) return;
        const auto& offer = *approval_.offer;
        if (is_host()) return field("Longer", "--for TIME lets it through for every run of " + approval_.principal);
        if (offer.refused) return field("Grant", "this once only: " + *offer.refused);
        std::string text = offer.once_only ? "it runs code of the workspace that nothing binds: this once, unless the "
                                             "workspace is trusted"
                                           : "could stand for more than once";
        field("Grant", text, offer.once_only ? Tone::warn : Tone::plain);
        if (offer.template_) field("Template", joined(*offer.template_));
        for (const auto& file : offer.binds) field("", "ends when " + file.path + " changes", Tone::dim);
    }

    // A frame at the left of every line, so that nothing in it can look like a line of ours.
    void words_of_requester() {
        if (!approval_.description || approval_.description->empty()) return;
        out_.push_back({{Tone::warn, "┌ "}, {Tone::bold, "Words of whoever asks; nobody checked them"}});
        if (columns_ < kWide - 16) out_.back() = {{Tone::warn, "┌ "}, {Tone::bold, "Unchecked words of the asker"}};
        const auto room = std::max<std::size_t>(columns_ > 2 ? columns_ - 2 : 0, 8);
        for (auto& line : wrapped(*approval_.description, room)) {
            line.insert(line.begin(), {Tone::warn, "│ "});
            out_.push_back(std::move(line));
        }
        out_.push_back({{Tone::warn, "└"}});
        blank();
    }

    void decisions() {
        for (const auto& one : approval_.decisions) {
            auto text = (one.decision == "approve" ? "approved " : "denied ") + relative(one.at, options_.now);
            if (!one.counts) text += ", which does not count: its own human";
            if (one.reason) text += ": " + *one.reason;
            field(called(one.by, one.device_name), text, one.decision == "approve" ? Tone::good : Tone::bad);
        }
        if (approval_.quorum > 1)
            field("Quorum", std::to_string(approval_.quorum) + " people have to agree", Tone::warn);
        if (approval_.grant) field("Grant", *approval_.grant);
        if (approval_.state == "pending" && !approval_.may_decide.value_or(true))
            field("Not by you", approval_.why_not.value_or("you may not decide it"), Tone::warn);
    }

    void details() {
        blank();
        field("Request", approval_.id);
        if (approval_.verdict.policy) field("Rules", *approval_.verdict.policy);
        if (approval_.frozen)
            for (const auto& [name, value] : approval_.frozen->limits) field("Limit", name + " " + value);
        if (approval_.verdict.change) change(*approval_.verdict.change);
        for (const auto& opaque : approval_.verdict.opaque.value_or(std::vector<api::Opaque>{}))
            field("Unknown", opaque.reason, Tone::warn);
        drawn_commands();
    }

    void change(std::string_view toml) {
        ours("The smallest rule that would change the verdict:", Tone::bold);
        for (auto& line : wrapped(toml, std::max<std::size_t>(columns_, 10) - 2)) {
            line.insert(line.begin(), {Tone::plain, "  "});
            out_.push_back(std::move(line));
        }
    }

    // As owhalectl policy explain draws them; derived from the text alone.
    void drawn_commands() {
        if (!approval_.frozen) return;
        policy::Request request;
        request.argv = approval_.frozen->argv.value_or(std::vector<std::string>{});
        request.script = approval_.frozen->script;
        request.code = approval_.frozen->code;
        request.language = approval_.frozen->language.value_or("");
        policy::Facts facts;
        facts.cwd = approval_.frozen->cwd;
        facts.workspace = approval_.frozen->workspace;
        const auto form = policy::normalize(request, facts);
        static constexpr policy::Screen kScreen = {escaped, width};
        blank();
        ours("What it would run and touch, by its text alone:", Tone::bold);
        for (const auto& line : policy::draw_commands(form, policy::Verdict{}, kScreen)) {
            std::string text;
            for (const auto& piece : line) text += piece.text;
            ours(text);
        }
    }

    const api::Approval& approval_;
    const ViewOptions& options_;
    std::size_t columns_;
    std::vector<Line> out_;
};

std::string span(std::int64_t seconds) {
    if (seconds < 100) return std::to_string(seconds) + "s";
    if (seconds < 6000) return std::to_string((seconds + 30) / 60) + "m";
    if (seconds < 172'800) return std::to_string((seconds + 1800) / 3600) + "h";
    return std::to_string((seconds + 43'200) / 86'400) + "d";
}

} // namespace

std::uint32_t runs_as(const api::Approval& approval) {
    return approval.frozen ? approval.frozen->uid : approval.uid;
}

std::vector<Line> view_of(const api::Approval& approval, const ViewOptions& options) {
    return View(approval, options).request();
}

std::vector<Line> grant_view(const api::Approval& approval, const api::GrantRequest& grant,
                             const ViewOptions& options) {
    return View(approval, options).grant(grant);
}

Tone tone_of_severity(std::string_view severity) {
    return severity == "high" || severity == "critical" ? Tone::bad : Tone::warn;
}

Tone tone_of_approval(std::string_view state) {
    if (state == "pending") return Tone::warn;
    return state == "approved" || state == "used" ? Tone::good : Tone::bad;
}

std::string short_id(const std::string& id) {
    return id.size() > kTail ? id.substr(id.size() - kTail) : id;
}

std::string relative(const std::string& rfc3339, std::int64_t now) {
    const auto then = parse_time(rfc3339);
    if (then < 0) return rfc3339;
    return then > now ? "in " + span(then - now) : span(now - then) + " ago";
}

} // namespace owhale::cli

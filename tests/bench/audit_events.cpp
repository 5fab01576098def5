#include "audit_events.hpp"

#include <array>
#include <cmath>

#include "base/clock.hpp"

namespace owhale::bench {
namespace {

constexpr std::size_t kWords = 3'000, kPrincipals = 200;
constexpr std::uint64_t kNeedleEvery = 100'000; // one command among so many has a word of its own: "needle-7"

// @ a path, % a word, # a number.
constexpr std::array<std::string_view, 40> kCommands = {
    "git status --short --branch",
    "git diff --stat HEAD~# -- @",
    "git commit -am 'fix % in @'",
    "git log --oneline -n # -- @",
    "git checkout -b feature/%-#",
    "ls -la @",
    "cat @",
    "sed -n '#,#p' @",
    "grep -rn '%' @ --include=*.cpp",
    "rg --hidden --glob '!.git' '%' @",
    "find @ -name '*.%' -mtime -#",
    "rm -rf @/build-#",
    "rm -f @",
    "cp -a @ @",
    "mkdir -p @/%",
    "make -j# %",
    "ninja -C build-# %",
    "meson test -C build --suite unit %",
    "cmake --build @ --target % --parallel #",
    "cargo test --package % -- --nocapture --test-threads=#",
    "cargo build --release --features %",
    "npm run test -- --grep '%'",
    "npm ci --ignore-scripts --prefix @",
    "node @ --port # --verbose",
    "python3 -m pytest -q @ -k '%' --maxfail=#",
    "python3 @ --input @ --output @",
    "pip install -r @",
    "go test ./%/... -run '%' -count=#",
    "docker build -t %:# @",
    "kubectl get pods -n % -o wide",
    "curl -fsSL https://%.example.com/v#/% -o @",
    "ssh deploy@10.0.#.# 'systemctl restart %'",
    "tar -xzf @ -C @",
    "chmod 644 @",
    "wc -l @",
    "head -n # @",
    "jq '.% | length' @",
    "psql -h db-#.internal -U % -c 'select count(*) from %'",
    "clang-format-19 -i @",
    "echo % >> @",
};
constexpr std::array<std::string_view, 10> kEndings = {"cpp", "hpp",  "py",   "rs",  "ts",
                                                       "md",  "json", "toml", "log", "txt"};
constexpr std::array<std::string_view, 8> kPrograms = {"/usr/bin/bash", "/usr/bin/git", "/usr/bin/python3",
                                                       "/usr/bin/node", "/usr/bin/rg",  "/usr/bin/ninja-build",
                                                       "/usr/bin/make", "/usr/bin/cat"};
constexpr std::array<std::string_view, 6> kRules = {"ordinary.looking", "ordinary.building",       "ordinary.git",
                                                    "network.fetch",    "resources.endless-input", "files.remove-many"};

std::string as_json(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out += '"';
}

} // namespace

EventMaker::EventMaker(std::uint64_t seed, std::uint64_t count, std::int64_t first_us, std::int64_t span_us)
    : state_(seed * 0x9e3779b97f4a7c15 + 1), count_(count), first_us_(first_us), span_us_(span_us) {
    constexpr std::string_view consonants = "bcdfghklmnprstvw", vowels = "aeiou";
    for (std::size_t i = 0; i < kWords; ++i) {
        std::string word;
        for (std::uint64_t syllables = 2 + below(3); syllables > 0; --syllables)
            (word += consonants[below(consonants.size())]) += vowels[below(vowels.size())];
        words_.push_back(std::move(word));
    }
    for (int i = 0; i < 12; ++i) policies_.push_back(hex(64));
    for (int i = 0; i < 64; ++i) digests_.push_back(hex(64));
}

// splitmix64 (Steele, Lea, Flood 2014).
std::uint64_t EventMaker::random() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::string EventMaker::hex(std::size_t digits) {
    std::string out;
    out.reserve(digits);
    for (std::uint64_t bits = 0; out.size() < digits; bits >>= 4) {
        if (out.size() % 16 == 0) bits = random();
        out += "0123456789abcdef"[bits & 15];
    }
    return out;
}

std::string EventMaker::uuid(std::int64_t time_us) {
    const auto time = static_cast<std::uint64_t>(time_us / 1000);
    std::string stamp;
    for (int shift = 44; shift >= 0; shift -= 4) stamp += "0123456789abcdef"[(time >> shift) & 15];
    const auto rest = hex(18);
    return stamp.substr(0, 8) + "-" + stamp.substr(8) + "-7" + rest.substr(0, 3) + "-a" + rest.substr(3, 3) + "-" +
           rest.substr(6);
}

// A few do most of it.
std::string EventMaker::principal() {
    const double where = static_cast<double>(below(1u << 20)) / (1u << 20);
    const auto who = static_cast<std::size_t>(kPrincipals * where * where * where);
    if (who % 8 == 7) return "user:" + words_[who];
    return "unix:" + std::to_string(1000 + who);
}

std::string EventMaker::path() {
    std::string out = "/home/" + words_[below(40)] + "/src/" + words_[below(400)];
    for (auto depth = below(3); depth > 0; --depth) (out += '/') += pick(words_);
    ((out += '/') += pick(words_)) += '.';
    return out += kEndings[below(kEndings.size())];
}

std::string EventMaker::command() {
    std::string out;
    for (const char c : kCommands[below(kCommands.size())]) {
        if (c == '@')
            out += path();
        else if (c == '%')
            out += pick(words_);
        else if (c == '#')
            out += std::to_string(1 + below(64));
        else
            out += c;
    }
    if (made_ % kNeedleEvery == kNeedleEvery / 2) out += " # needle-" + std::to_string(made_ / kNeedleEvery);
    return out;
}

Made EventMaker::next() {
    now_us_ = first_us_ + static_cast<std::int64_t>(static_cast<double>(span_us_) *
                                                    (static_cast<double>(made_) / static_cast<double>(count_)));
    if (below(50'000) == 0) now_us_ -= static_cast<std::int64_t>(below(5'000'000)); // NTP
    const auto kind = below(100);
    Made made = (!running_.empty() && running_.front().due <= made_) ? end_run()
                : kind < 62                                          ? begin_run()
                : kind < 67                                          ? refuse_run()
                : kind < 76                                          ? log_in()
                : kind < 90                                          ? use_secret()
                : kind < 94                                          ? ask()
                : kind < 97                                          ? decide()
                                                                     : signal_run();
    ++made_;
    return made;
}

Made EventMaker::finish(Made made, const std::string& data) {
    made.time_us = now_us_;
    auto& out = made.json;
    out.reserve(data.size() + 300);
    ((out += R"({"data":)") += data) += R"(,"event":")";
    ((out += made.event) += R"(","id":")") += uuid(now_us_);
    ((out += R"(","outcome":")") += made.outcome) += R"(","principal":")";
    (((out += made.principal) += R"(","run":")") += made.run) += R"(","time":")";
    (((out += rfc3339(now_us_)) += R"(","v":1,"verb":")") += made.verb) += "\"}";
    return made;
}

Made EventMaker::begin_run() {
    Run run{made_ + 1 + below(60),
            uuid(now_us_),
            principal(),
            std::string(kPrograms[below(kPrograms.size())]),
            digests_[below(digests_.size())],
            std::string(kRules[below(3)])};
    const auto text = command();
    const auto workspace = "/home/" + words_[below(40)] + "/src/" + words_[below(400)];
    const auto& policy = policies_[std::min<std::size_t>(made_ * 12 / std::max<std::uint64_t>(count_, 1), 11)];
    std::string data = R"({"command":["bash","-c",)" + as_json(text) + R"(],"command_digest":")" + hex(64) +
                       R"(","cwd":")" + workspace + R"(","kind":"script","net":"none","policy":")" + policy +
                       R"(","profile":"default","profile_digest":")" + digests_[0] + R"(","program":")" + run.program +
                       R"(","program_digest":")" + run.digest +
                       R"(","reason":"It looks, or writes in the workspace only.","rule":")" + run.rule +
                       R"(","uid":)" + std::to_string(1000 + below(200)) + R"(,"verdict":"allow","workspace":")" +
                       workspace + R"(","workspace_writable":true})";
    Made made{"run.intent", run.principal, "runs.create", "pending", run.id, 0, {}};
    running_.push_back(std::move(run));
    return finish(std::move(made), data);
}

Made EventMaker::end_run() {
    const auto run = std::move(running_.front());
    running_.pop_front();
    const auto dice = below(100);
    const std::string state = dice < 95 ? "exited" : dice < 97 ? "signaled" : dice < 99 ? "timed_out" : "lost";
    const auto code = std::to_string(dice < 85 ? 0 : 1 + below(127));
    const auto wall = std::to_string(5'000 + below(90'000'000));
    const auto time = rfc3339(now_us_);
    std::string data =
        R"({"exit_code":)" + code + R"(,"receipt":{"approved_by":[],"command_digest":")" + hex(64) +
        R"(","decision":"allow","ended":")" + time + R"(","exit_code":)" + code +
        R"(,"gid":1000,"groups_dropped":0,"groups_kept":[],"key_id":"f6a02a688365acf3","landlock_abi":7,)"
        R"("limits":{"memory":"18957205504 by cgroup","pids":"4096 by cgroup"},)"
        R"("namespaces":["user","pid","mount","net","ipc","uts","cgroup"],"net":"none","planted":[],"policy":")" +
        digests_[1] + R"(","principal":")" + run.principal + R"(","profile":"default","profile_digest":")" +
        digests_[0] + R"(","program":")" + run.program + R"(","program_digest":")" + run.digest + R"(","rule":")" +
        run.rule + R"(","run":")" + run.id + R"(","seccomp":"default","seccomp_digest":")" + digests_[2] +
        R"(","signature":")" + hex(86) + R"(==","sockets":[],"started":")" + time + R"(","state":")" + state +
        R"(","stderr_digest":")" + hex(64) + R"(","stdout_digest":")" + hex(64) +
        R"(","uid":1000,"usage":{"memory_peak":)" + std::to_string(1'000'000 + below(1u << 30)) + R"(,"pids_peak":)" +
        std::to_string(below(40)) + R"(,"system_us":)" + std::to_string(below(1'000'000)) + R"(,"user_us":)" +
        std::to_string(below(50'000'000)) + R"(,"wall_us":)" + wall +
        R"(},"version":1,"weaker":[],"workspace":"/home/)" + words_[below(40)] + R"(/src","workspace_writable":true}})";
    Made made{"run.outcome", run.principal, "runs.create", state, run.id, 0, {}};
    return finish(std::move(made), data);
}

Made EventMaker::refuse_run() {
    const auto text = command();
    std::string data = R"({"code":"policy_denied","command":["bash","-c",)" + as_json(text) +
                       R"(],"command_digest":")" + hex(64) + R"(","cwd":"/home/)" + words_[below(40)] +
                       R"(","kind":"script","net":"none","profile":"default","reason":)"
                       R"("It removes more than it made.","rule":")" +
                       std::string(kRules[3 + below(3)]) + R"(","segment":)" + as_json(text) +
                       R"(,"severity":"high","uid":1000,"verdict":"deny","why":"a rule denies it"})";
    return finish({"run.denied", principal(), "runs.create", "denied", uuid(now_us_), 0, {}}, data);
}

Made EventMaker::log_in() {
    const auto who = words_[below(60)];
    std::string data = R"({"account":")" + who + R"(","expires":")" + rfc3339(now_us_ + 604'800'000'000) +
                       R"(","jti":")" + uuid(now_us_) + R"(","peer":"unix:)" + std::to_string(1000 + below(200)) +
                       " (pid " + std::to_string(below(4'000'000)) + ", owhalectl)\"}";
    return finish({"login", "user:" + who, "login", "ok", "", 0, {}}, data);
}

Made EventMaker::use_secret() {
    const auto who = principal();
    std::string data = R"({"count":)" + std::to_string(1 + below(9)) + R"(,"generation":)" +
                       std::to_string(2 + made_ / 1'000'000) + R"(,"host":")" + std::string(pick(words_)) +
                       R"(.example.com","name":"TOKEN_)" + std::to_string(below(30)) + R"(","owner":")" + who +
                       R"(","version":1})";
    const auto run = running_.empty() ? std::string() : running_[below(running_.size())].id;
    return finish({"secret.used", who, "", "ok", run, 0, {}}, data);
}

Made EventMaker::ask() {
    const auto approval = uuid(now_us_);
    const auto run = uuid(now_us_);
    if (asked_.size() < 64) asked_.push_back(approval);
    std::string data = R"({"approval":")" + approval + R"(","digest":")" + hex(64) + R"(","expires":")" +
                       rfc3339(now_us_ + 600'000'000) + R"(","reason":"It reads what has no end.","rule":")" +
                       std::string(kRules[3 + below(3)]) + R"(","severity":"high"})";
    return finish({"approval.requested", principal(), "", "pending", run, 0, {}}, data);
}

Made EventMaker::decide() {
    const auto approval = asked_.empty() ? uuid(now_us_) : asked_.back();
    if (!asked_.empty()) asked_.pop_back();
    const bool yes = below(4) != 0;
    std::string data = R"({"approval":")" + approval + R"(","counts":true,"decision":")" + (yes ? "approve" : "deny") +
                       R"(","digest":")" + hex(64) +
                       "\",\"peer\":\"unix:1000 (pid 7909, owhalectl)\",\"proof\":"
                       R"("password for POST /v1/approvals/)" +
                       approval + R"(/approve sha256:)" + hex(64) + R"(","requester":")" + principal() +
                       R"(","rule":"network.fetch","severity":"medium"})";
    return finish({"approval.decided",
                   "user:" + words_[below(6)],
                   "approvals.approve",
                   yes ? "approved" : "denied",
                   uuid(now_us_),
                   0,
                   {}},
                  data);
}

Made EventMaker::signal_run() {
    const auto run = running_.empty() ? uuid(now_us_) : running_[below(running_.size())].id;
    return finish({"run.signal", principal(), "runs.signal", "ok", run, 0, {}},
                  "{\"peer\":\"unix:1000 (pid 4711, owhalectl)\",\"signal\":\"SIGTERM\"}");
}

} // namespace owhale::bench

// Files whose content was agreed to: swapped before the run, while it is made and while it runs; and a broker that lies.
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "base/sha256.hpp"
#include "stage.hpp"

namespace owhale::escapes {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

class Script { // of the caller's, in its workspace
public:
    explicit Script(Stage& stage) : stage_(stage), path(stage.workspace() + "/x.sh") {
        clear();
        unlink(stage.marker().c_str());
        put(path, good());
    }
    ~Script() { clear(); }
    std::string good() const { return "#!/bin/sh\necho agreed > " + stage_.marker() + "\n"; }
    std::string bad() const { return "#!/bin/sh\necho sneaky > " + stage_.marker() + "\n"; }
    void put(const std::string& at, const std::string& text) const {
        std::ofstream(at) << text;
        chmod(at.c_str(), 0755);
        if (chown(at.c_str(), stage_.caller(), stage_.caller()) != 0) std::perror("chown");
    }
    void replace() const {
        put(path + ".new", bad());
        rename((path + ".new").c_str(), path.c_str());
    }
    void clear() const {
        unlink((path + ".new").c_str());
        if (unlink(path.c_str()) != 0) rmdir(path.c_str());
    }

private:
    Stage& stage_;

public:
    const std::string path;
};

void approve(Draft& draft, const std::string& path, const std::string& digest) {
    draft.blob[4].push_back(path);
    draft.blob[4].push_back(digest);
    ++draft.run.approved_count;
}

Draft script_draft(Stage& stage, const Script& script) {
    auto draft = stage.ready_draft();
    draft.blob[0][0] = script.path;
    draft.blob[1] = {script.path};
    approve(draft, script.path, sha256_text(script.good()));
    return draft;
}

bool is_void(const Answer& answer, int err) {
    return answer.end == End::refused && answer.step == "approved" && answer.err == err &&
           answer.detail.ends_with("/x.sh");
}

void what_was_agreed_to_runs(const Place& place) {
    Stage stage(place);
    const Script script(stage);
    const auto answer = stage.launch(script_draft(stage, script));
    const auto end = stage.await_end();
    check("what was agreed to runs", answer.end == End::started && end && content_of(stage.marker()) == "agreed\n",
          answer.text());
}

void swapped_before_the_run(const Place& place) {
    Stage stage(place);
    const auto attempt = [&](const std::string& name, int err, auto swap) {
        const Script script(stage);
        const auto draft = script_draft(stage, script);
        swap(script);
        const auto answer = stage.launch(draft);
        if (answer.end == End::started) stage.await_end();
        check("approved file, " + name, is_void(answer, err) && !stage.marked(), answer.text());
    };
    attempt("rewritten in place", ESTALE, [](const Script& s) { s.put(s.path, s.bad()); });
    attempt("one byte more", ESTALE, [](const Script& s) { std::ofstream(s.path, std::ios::app) << "\n"; });
    attempt("renamed over", ESTALE, [](const Script& s) { s.replace(); });
    attempt("removed", ENOENT, [](const Script& s) { s.clear(); });
    attempt("a link to another", ELOOP, [](const Script& s) {
        s.put(s.path + ".new", s.bad());
        s.clear();
        s.put(s.path + ".new", s.bad());
        if (symlink((s.path + ".new").c_str(), s.path.c_str()) != 0) std::perror("symlink");
    });
    attempt("a link to what was agreed to", ELOOP, [](const Script& s) {
        rename(s.path.c_str(), (s.path + ".new").c_str());
        if (symlink((s.path + ".new").c_str(), s.path.c_str()) != 0) std::perror("symlink");
    });
    attempt("a fifo that nobody writes", EISDIR, [](const Script& s) {
        s.clear();
        if (mkfifo(s.path.c_str(), 0777) != 0) std::perror("mkfifo");
    });
    attempt("a folder", EISDIR, [](const Script& s) {
        s.clear();
        mkdir(s.path.c_str(), 0777);
    });
    attempt("of 257 MiB", EFBIG, [](const Script& s) {
        if (truncate(s.path.c_str(), 257ll << 20) != 0) std::perror("truncate");
    });
}

// However the turns fall: what ran is what was agreed to, or nothing did.
void swapped_all_the_time(const Place& place) {
    Stage stage(place);
    const Script script(stage);
    std::atomic<bool> end{false};
    std::thread attacker([&] {
        const auto good = script.good(), bad = script.bad();
        while (!end) {
            const Fd file(open(script.path.c_str(), O_WRONLY | O_CLOEXEC));
            for (const auto* text : {&bad, &good})
                if (pwrite(file.get(), text->data(), text->size(), 0) < 0) break;
        }
    });
    int ran = 0, other = 0, swapped = 0;
    for (int i = 0; i < 60; ++i) {
        unlink(stage.marker().c_str());
        const auto answer = stage.launch(script_draft(stage, script));
        if (answer.end == End::started) {
            stage.await_end();
            ++ran;
            if (const auto said = content_of(stage.marker()); said != "agreed\n" && !said.empty()) ++swapped;
        } else if (answer.step != "approved") {
            ++other;
        }
    }
    end = true;
    attacker.join();
    check("approved file, rewritten all the time", swapped == 0 && other == 0,
          std::to_string(ran) + " of 60 ran, " + std::to_string(swapped) + " swapped, " + std::to_string(other) +
              " otherwise");
}

// The copy is the run's own: in place nobody changes it, neither from outside nor from inside.
void changed_while_it_runs(const Place& place) {
    Stage stage(place);
    const Script script(stage);
    auto draft = stage.ready_draft();
    approve(draft, script.path, sha256_text(script.good()));
    set_script(draft,
               "while [ ! -e go ]; do sleep 0.02; done; (echo evil > x.sh) 2>&1; rm -f x.sh; chmod u+w x.sh; cmp x.sh "
               "copy && echo same > " +
                   stage.marker());
    script.put(stage.workspace() + "/copy", script.good());
    unlink((stage.workspace() + "/go").c_str());
    const auto answer = stage.launch(draft);
    script.put(script.path, script.bad());
    std::ofstream(stage.workspace() + "/go") << "";
    stage.await_end();
    check("approved file, rewritten while it runs", content_of(stage.marker()) == "same\n", answer.text());
    unlink((stage.workspace() + "/go").c_str());
}

// What enters a cage has a copy of its own, which nobody else in there sees.
void in_a_cage_that_lives(const Place& place) {
    Stage stage(place);
    const Script script(stage);
    auto first = stage.ready_draft();
    set_script(first, "while [ ! -e go ]; do sleep 0.02; done; grep -c sneaky x.sh > seen; true");
    unlink((stage.workspace() + "/go").c_str());
    const auto host = stage.launch(first);
    const auto join = [&] {
        auto draft = script_draft(stage, script);
        draft.run.join = first.run.run;
        draft.run.mount_count = 0;
        draft.blob[3].clear();
        return draft;
    };
    const auto entered = stage.launch(join());
    stage.await_end(first.run.run + 1);
    check("approved file, in a cage that lives",
          host.end == End::started && entered.end == End::started && content_of(stage.marker()) == "agreed\n",
          entered.text());
    unlink(stage.marker().c_str());
    const auto draft = join();
    script.put(script.path, script.bad());
    const auto refused = stage.launch(draft);
    check("approved file, swapped, in a cage that lives", is_void(refused, ESTALE) && !stage.marked(), refused.text());
    std::ofstream(stage.workspace() + "/go") << "";
    stage.await_end(first.run.run);
    check("approved file, the cage sees the file itself", content_of(stage.workspace() + "/seen") == "1\n",
          content_of(stage.workspace() + "/seen"));
    unlink((stage.workspace() + "/go").c_str());
}

// What another cage does to the names while the approved run starts: `attack` goes on in a loop in a run of the caller's
// that came before. In each turn what ran is what was agreed to, or nothing did.
void replaced_by_another_cage(const Place& place, const std::string& name, const std::string& below,
                              const std::string& attack, bool other_first) {
    Stage stage(place);
    const Script script(stage);
    const auto folder = stage.workspace() + below;
    const auto target = folder + "/x.sh";
    if (!below.empty()) mkdir(folder.c_str(), 0755);
    if (!place.rootless && chown(folder.c_str(), stage.caller(), stage.caller()) != 0) std::perror("chown");
    script.put(stage.workspace() + "/good", script.good());
    script.put(stage.workspace() + "/bad", script.bad());
    script.put(target, script.good());
    std::vector<std::uint64_t> others;
    const auto begin = [&] {
        auto other = stage.ready_draft();
        set_script(other, "while :; do " + attack + "; done 2>/dev/null");
        stage.launch(other);
        others.push_back(other.run.run);
    };
    if (other_first) begin();
    int ran = 0, swapped = 0, odd = 0;
    std::string why;
    for (int i = 0; i < 40; ++i) {
        unlink(stage.marker().c_str());
        auto draft = stage.ready_draft();
        draft.blob[0][0] = target;
        draft.blob[1] = {target};
        if (!other_first) {
            draft.blob[0][0] = "/bin/sh";
            draft.blob[1] = {"sh", "-c", "sleep 0.3; exec " + target};
        }
        approve(draft, target, sha256_text(script.good()));
        const auto answer = stage.launch(draft);
        if (answer.end == End::started) {
            if (!other_first) begin(); // a cage that comes later
            stage.await_end(draft.run.run);
            ++ran;
            if (content_of(stage.marker()) == "sneaky\n") ++swapped;
        } else if (answer.step != "approved") {
            ++odd;
            why = answer.text();
        }
        if (!other_first && i == 7) break;
    }
    const auto said =
        std::to_string(ran) + " ran, " + std::to_string(swapped) + " swapped, " + std::to_string(odd) + " odd " + why;
    check("approved file, " + name, swapped == 0 && odd == 0, said);
    for (const auto number : others) {
        auto kill_it = message<wire::KillRun>(wire::Type::kill_run);
        kill_it.run = number;
        stage.spawner().send(kill_it);
        stage.await_end(number);
    }
    unlink(target.c_str());
    if (!below.empty()) rmdir(folder.c_str());
}

void replaced_by_other_cages(const Place& place) {
    const std::string swap = "cp bad t && chmod 755 t && mv -f t x.sh; cp good t && chmod 755 t && mv -f t x.sh";
    replaced_by_another_cage(place, "renamed over by another cage", "", swap, true);
    replaced_by_another_cage(place, "removed and made anew by another cage", "",
                             "rm -f x.sh; cp bad x.sh; chmod 755 x.sh; cp good t; chmod 755 t; mv -f t x.sh", true);
    replaced_by_another_cage(
        place, "its folder moved away by another cage", "/bin",
        "mv bin away && mkdir bin && cp bad bin/x.sh && chmod 755 bin/x.sh; sleep 0.01; rm -rf bin; mv "
        "away bin",
        true);
    replaced_by_another_cage(place, "renamed over by a cage that came later", "", swap, false);
}

// What holds it in place goes with the run.
void let_go_in_other_cages(const Place& place) {
    Stage stage(place);
    const Script script(stage);
    auto other = stage.ready_draft();
    set_script(other, "while [ ! -e go ]; do sleep 0.02; done; mv -f x.sh y.sh && echo moved > seen");
    for (const auto* name : {"/go", "/seen", "/y.sh"}) unlink((stage.workspace() + name).c_str());
    stage.launch(other);
    const auto answer = stage.launch(script_draft(stage, script));
    stage.await_end(other.run.run + 1);
    usleep(200'000);
    std::ofstream(stage.workspace() + "/go") << "";
    stage.await_end(other.run.run);
    check("approved file, let go of when its run has ended",
          answer.end == End::started && content_of(stage.workspace() + "/seen") == "moved\n", answer.text());
    for (const auto* name : {"/go", "/seen", "/y.sh"}) unlink((stage.workspace() + name).c_str());
}

// A digest is a promise to be held to, and gives nothing: what the run could not open stays shut, and no place of ours
// is covered.
void a_broker_that_lies(const Place& place) {
    auto stage = std::make_unique<Stage>(place);
    const std::string digest(64, '0');
    const auto attempt = [&](const std::string& name, auto spoil) {
        if (stage->spawner().ended(0)) stage = std::make_unique<Stage>(place);
        auto draft = stage->ready_draft();
        spoil(draft);
        const auto answer = stage->launch(draft);
        if (answer.end == End::started) stage->await_end();
        check("approved: " + name, answer.end != End::started && answer.end != End::silence && !stage->marked(),
              answer.text());
    };
    const auto path = [&](const std::string& at) {
        attempt("the path " + at, [&](Draft& draft) { approve(draft, at, digest); });
    };
    for (const auto* at :
         {"/etc/shadow", "/proc/self/exe", "/proc/1/mem", "/dev/null", "/sys/kernel/vmcoreinfo",
          "/run/owhaled/owhaled.sock", "/etc/../etc/passwd", "etc/passwd", "", "/", "/nowhere", "/etc"})
        path(at);
    path(std::string("/etc/passwd\0x", 13));
    path("/" + std::string(5000, 'a'));
    attempt("a digest of 63 digits", [](Draft& d) { approve(d, "/etc/passwd", std::string(63, '0')); });
    attempt("a digest in capitals", [](Draft& d) { approve(d, "/etc/passwd", std::string(64, 'A')); });
    attempt("one file more than there is", [](Draft& d) { d.run.approved_count = 1; });
    attempt("2^31 files, which times two is 0", [](Draft& d) { d.run.approved_count = 0x80000000; });
    attempt("65 files", [&](Draft& d) {
        for (int i = 0; i < 65; ++i) approve(d, "/etc/passwd", sha256_text(content_of("/etc/passwd")));
    });
}

} // namespace

void play_approved(const Place& place) {
    what_was_agreed_to_runs(place);
    swapped_before_the_run(place);
    swapped_all_the_time(place);
    changed_while_it_runs(place);
    in_a_cage_that_lives(place);
    replaced_by_other_cages(place);
    let_go_in_other_cages(place);
    a_broker_that_lies(place);
}

} // namespace owhale::escapes

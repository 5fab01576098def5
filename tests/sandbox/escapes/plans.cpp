// Plans that ask for what no run may have: forbidden sources, targets that reach out of the tree, and tricks with names.
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

using wire::MountKind;

struct Bad {
    const char* name;
    MountKind kind;
    unsigned flags;
    std::string source, target;
};

// The command of a plan that must be refused; where the spawner serves it nonetheless, it says what it could see.
void refuse(Stage& stage, const std::string& name, const Draft& draft) {
    const auto answer = stage.launch(draft);
    if (answer.end == End::started) stage.await_end();
    check(name, answer.end == End::refused || answer.end == End::spawner_ended, answer.text());
}

void bad_mounts(const Place& place, const std::vector<Bad>& table) {
    auto stage = std::make_unique<Stage>(place);
    for (const auto& bad : table) {
        if (stage->spawner().ended(0)) stage = std::make_unique<Stage>(place);
        auto draft = stage->ready_draft();
        set_script(draft, "true");
        add_mount(draft, bad.kind, bad.flags, bad.source, bad.target);
        refuse(*stage, bad.name, draft);
    }
}

std::vector<Bad> forbidden_sources(const Place& place) {
    const auto system = MountKind::system;
    return {
        {"system source /root", system, 0, "/root", "/mnt"},
        {"system source /", system, 0, "/", "/mnt"},
        {"system source /home", system, 0, "/home", "/mnt"},
        {"system source /proc", system, 0, "/proc", "/mnt"},
        {"system source /sys", system, 0, "/sys", "/mnt"},
        {"system source /dev", system, 0, "/dev", "/mnt"},
        {"system source /run", system, 0, "/run", "/mnt"},
        {"system source /var/lib/owhaled", system, 0, "/var/lib/owhaled", "/mnt"},
        {"system source of the forbidden folder", system, 0, place.folder + "/forbidden", "/mnt"},
        {"system source of the socket's folder", system, 0, place.folder, "/mnt"},
        {"system source with ..", system, 0, "/usr/../root", "/mnt"},
        {"system source with a trailing ..", system, 0, "/usr/..", "/mnt"},
        {"system source with //", system, 0, "//root", "/mnt"},
        {"system source that is relative", system, 0, "usr", "/mnt"},
        {"system source that is empty", system, 0, "", "/mnt"},
        {"system source with a NUL", system, 0, std::string("/usr\0/../root", 13), "/mnt"},
        {"system source through /proc/self/root", system, 0, "/proc/self/root/root", "/mnt"},
        {"system source that begins like /usr", system, 0, "/usrlocal", "/mnt"},
        {"resolved source: an index never asked", MountKind::resolved, 0, "0", "/mnt"},
        {"resolved source: a huge index", MountKind::resolved, 0, "99999999999999999999", "/mnt"},
        {"resolved source: a negative index", MountKind::resolved, 0, "-1", "/mnt"},
        {"resolved source: a path", MountKind::resolved, 0, "/root", "/mnt"},
        {"resolved source: an unknown word", MountKind::resolved, 0, "home", "/mnt"},
        {"box source ..", MountKind::box, wire::kMountWritable, "..", "/mnt"},
        {"box source /", MountKind::box, wire::kMountWritable, "/", "/mnt"},
        {"box source tmp/../..", MountKind::box, wire::kMountWritable, "tmp/../..", "/mnt"},
        {"box source cache/..", MountKind::box, wire::kMountWritable, "cache/..", "/mnt"},
        {"box source cache/a/../../..", MountKind::box, wire::kMountWritable, "cache/a/../../..", "/mnt"},
        {"box source that is empty", MountKind::box, wire::kMountWritable, "", "/mnt"},
    };
}

std::vector<Bad> bad_targets(const Place& place) {
    std::vector<Bad> table;
    const std::string deep(5000, 'a');
    for (const auto& [name, target] :
         std::vector<std::pair<const char*, std::string>>{{"relative", "mnt"},
                                                          {"empty", ""},
                                                          {"..", "/mnt/../../etc"},
                                                          {"leading ..", "/../mnt"},
                                                          {"the root", "/"},
                                                          {"of 5000 bytes", "/" + deep},
                                                          {"with a NUL", std::string("/mnt\0/x", 7)},
                                                          {"/proc", "/proc"},
                                                          {"below /proc", "/proc/self"},
                                                          {"/proc/sys", "/proc/sys"},
                                                          {"/dev/null", "/dev/null"},
                                                          {"/dev", "/dev"},
                                                          {"ending in ..", "/mnt/.."},
                                                          {"with .", "/mnt/./../.."},
                                                          {"through /proc/self/root", "/proc/self/root/mnt"}}) {
        table.push_back({name, MountKind::tmpfs, wire::kMountWritable, "", target});
    }
    const auto& own = place.folder;
    table.push_back({"unknown kind 0", static_cast<MountKind>(0), 0, "/usr", "/mnt"});
    table.push_back({"unknown kind 99", static_cast<MountKind>(99), 0, "/usr", "/mnt"});
    table.push_back({"unknown flag bits", MountKind::tmpfs, 0x80, "", "/mnt"});
    table.push_back({"flags of all bits", MountKind::tmpfs, 0xffffffff, "", "/mnt"});
    table.push_back(
        {"a symlink whose name has a NUL", MountKind::symlink, 0, own + "/forbidden", std::string("/lnk\0x", 6)});
    return table;
}

// A folder the caller can read but does not own is never writable for it.
void not_the_owner(const Place& place) {
    const auto folder = place.folder + "/theirs";
    mkdir(folder.c_str(), 0755);
    Stage stage(place);
    const auto connection = stage.connect();
    stage.resolve(connection, "", {"0", "1", folder});
    auto draft = stage.draft(stage.last_resolution());
    set_script(draft, "true");
    add_mount(draft, MountKind::resolved, wire::kMountWritable, "0", "/mnt");
    if (!place.rootless) refuse(stage, "a folder of another's, writable", draft);
    for (const auto& path : {place.folder + "/forbidden", place.folder, std::string("/")}) {
        stage.resolve(connection, "", {"0", "1", path});
        auto forbidden = stage.draft(stage.last_resolution());
        set_script(forbidden, "test ! -e /mnt" +
                                  (path == "/"            ? place.folder
                                   : path == place.folder ? std::string()
                                                          : "") +
                                  "/forbidden/secret");
        add_mount(forbidden, MountKind::resolved, 0, "0", "/mnt");
        const auto answer = stage.launch(forbidden);
        const auto end = answer.end == End::started ? stage.await_end() : std::nullopt;
        const bool hidden = end && end->exit_code == 0;
        check("a resolved mount that shows a forbidden folder: " + path, answer.end == End::refused || hidden,
              answer.text());
    }
}

// The writable flag means nothing on a system folder.
void system_stays_read_only(const Place& place) {
    Stage stage(place);
    auto draft = stage.ready_draft();
    add_mount(draft, MountKind::system, wire::kMountWritable, "/usr/share", "/mnt");
    set_script(draft, "! touch /mnt/owt-planted && ! touch /usr/share/owt-planted");
    const auto answer = stage.launch(draft);
    const auto end = answer.end == End::started ? stage.await_end() : std::nullopt;
    check("a system folder asked for as writable", answer.end == End::refused || (end && end->exit_code == 0),
          answer.text());
}

// Two mounts of one plan, the second on what the first made: a link or a folder of the caller's that leads out.
void targets_through_links(const Place& place) {
    {
        Stage stage(place);
        auto draft = stage.ready_draft();
        set_script(draft, "test -x /usr/bin/env");
        add_mount(draft, MountKind::symlink, 0, "/usr", "/lnk");
        add_mount(draft, MountKind::tmpfs, wire::kMountWritable, "", "/lnk/bin");
        const auto answer = stage.launch(draft);
        const auto end = answer.end == End::started ? stage.await_end() : std::nullopt;
        check("a target through a symlink of the plan's", answer.end == End::refused || (end && end->exit_code == 0),
              answer.text());
    }
    Stage stage(place);
    const auto link = stage.workspace() + "/out";
    unlink(link.c_str());
    if (symlink("/etc", link.c_str()) != 0) return;
    auto draft = stage.ready_draft();
    set_script(draft, "test ! -e /etc/planted");
    add_mount(draft, MountKind::file, 0, "planted", link + "/planted");
    const auto answer = stage.launch(draft);
    const auto end = answer.end == End::started ? stage.await_end() : std::nullopt;
    check("a target through a symlink in the workspace", answer.end == End::refused || (end && end->exit_code == 0),
          answer.text());
    check("nothing is planted on the host", access("/etc/planted", F_OK) != 0);
    unlink(link.c_str());
}

void bad_strings(const Place& place) {
    struct Spoilt {
        const char* name;
        std::size_t list, index;
        std::string value;
    };
    const std::string nul("a\0b", 3);
    const std::vector<Spoilt> table = {{"an argument with a NUL", 1, 2, nul},
                                       {"a variable with a NUL", 2, 0, "A=" + nul},
                                       {"a program with a NUL", 0, 0, "/bin/sh" + nul},
                                       {"a program that is relative", 0, 0, "bin/sh"},
                                       {"a program that is empty", 0, 0, ""},
                                       {"a working folder with a NUL", 0, 1, "/" + nul},
                                       {"a relative working folder", 0, 1, "tmp"},
                                       {"a host name with a NUL", 0, 2, nul},
                                       {"a host name of 300 bytes", 0, 2, std::string(300, 'h')}};
    auto stage = std::make_unique<Stage>(place);
    for (const auto& spoilt : table) {
        if (stage->spawner().ended(0)) stage = std::make_unique<Stage>(place);
        auto draft = stage->ready_draft();
        draft.blob[spoilt.list][spoilt.index] = spoilt.value;
        refuse(*stage, spoilt.name, draft);
    }
    for (const auto* name : {"", "none", "warden", "../default", "default_but_long"}) {
        if (stage->spawner().ended(0)) stage = std::make_unique<Stage>(place);
        auto draft = stage->ready_draft();
        std::fill(std::begin(draft.run.filter), std::end(draft.run.filter), '\0');
        std::string(name).copy(draft.run.filter, sizeof draft.run.filter);
        refuse(*stage, std::string("a filter named '") + name + "'", draft);
    }
    for (const auto& key :
         {std::string("../../etc"), std::string("/"), std::string(65, 'a'), std::string("zz"), std::string("..")}) {
        if (stage->spawner().ended(0)) stage = std::make_unique<Stage>(place);
        auto draft = stage->ready_draft();
        draft.run.flags |= wire::kRunKeepBox;
        key.copy(draft.run.box_key, sizeof draft.run.box_key);
        add_mount(draft, MountKind::box, wire::kMountWritable, "tmp", "/tmp");
        refuse(*stage, "a box key '" + key.substr(0, 12) + "'", draft);
    }
    auto draft =
        stage->spawner().ended(0) ? (stage = std::make_unique<Stage>(place))->ready_draft() : stage->ready_draft();
    draft.run.flags |= 0x4000;
    refuse(*stage, "an unknown run flag", draft);
    check("no command ran", !stage->marked());
}

} // namespace

void play_plans(const Place& place) {
    std::ofstream(place.folder + "/forbidden/secret") << "secret\n";
    bad_mounts(place, forbidden_sources(place));
    bad_mounts(place, bad_targets(place));
    not_the_owner(place);
    system_stays_read_only(place);
    targets_through_links(place);
    bad_strings(place);
}

} // namespace owhale::escapes

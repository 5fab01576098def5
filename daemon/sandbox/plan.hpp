// The protocol between broker and spawner: one SOCK_SEQPACKET pair, one message a packet, native byte order.
//
// Every message is one fixed struct that begins with a Header. What has no fixed length (argv, environment, paths)
// travels in one sealed memfd, the *blob* (see Blob below), as the first passed descriptor. Descriptors come by
// SCM_RIGHTS in the order a message's comment gives. Anything else (a wrong size, an unknown type, a missing or extra
// descriptor, an unsealed blob, a length that lies) is a protocol violation: the spawner ends, and with it every run.
// What a well-formed message asks for beyond its right is refused with a code, and the spawner goes on.
//
// The way of a run:   accepted -> resolve -> resolved -> run -> run_started | run_failed ; run_started -> run_ended.
// Identity is never in a message from the broker: it follows from the connection number given to `resolve`.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace owhale::wire {

inline constexpr std::uint32_t kVersion = 8;
inline constexpr std::size_t kMaxPacket = 4096;
inline constexpr std::size_t kMaxFds = 8;
inline constexpr std::size_t kMaxBlob = 4u << 20;                              // bytes; argv + environment + paths
inline constexpr std::size_t kMaxStrings = 65536;                              // strings in one list of a blob
inline constexpr std::size_t kMaxProbes = 192;                                 // paths asked about in one resolve
inline constexpr std::size_t kMaxMounts = 256;                                 // entries of a plan
inline constexpr std::size_t kMaxReads = 5;                                    // kProbeRead descriptors in one answer
inline constexpr std::size_t kIdBytes = 16;                                    // a run's UUID
inline constexpr std::string_view kDaemonSocket = "/run/owhaled/owhaled.sock"; // inside a cage
// Whom root's callers and TCP accounts run as. 0x70000000 to 0x7fffffff is the range that systemd's table (UIDS-GIDS)
// calls unused: above the ids of containers, below what some kernels take for negative. Account N is kReservedUid + N.
inline constexpr std::uint32_t kReservedUid = 1'900'000'000;
inline constexpr std::uint32_t kAccountsMax = 60'000;
inline constexpr std::uint32_t kAccountsGid = kReservedUid + kAccountsMax + 1; // of all of them, and of no root caller
inline constexpr std::size_t kRunConnections = 64;                             // open at once by one run's own listener
inline constexpr std::size_t kMaxHeld = 4096, kMaxHeldOfUid = 1024; // connections held; all of TCP count as one uid
inline constexpr std::int64_t kHoldTime = 7ll * 24 * 3600;          // seconds
inline constexpr std::size_t kMaxApproved = 64;                     // files of a plan whose content was agreed to
inline constexpr std::uint64_t kMaxApprovedFile = 256u << 20, kMaxApprovedAll = 512u << 20; // bytes
inline constexpr std::size_t kRunLists = 6;                                                 // of a Run's blob

// A scoped network, inside the run's own namespace: all of it on loopback, served by the broker.
inline constexpr std::uint16_t kProxyPort = 3128; // HTTP (CONNECT, absolute form) and SOCKS5, told by the first byte
inline constexpr std::uint16_t kDnsPort = 53;     // 127.0.0.1, UDP and TCP
inline constexpr std::uint16_t kTransparentPort = 3129; // where nftables redirects every other TCP connection
inline constexpr std::size_t kMaxHostPorts = 16;        // of the host's loopback, that one run may reach
inline constexpr std::size_t kMaxInner = 8;             // sockets in one InnerSocketsMade
inline constexpr std::string_view kSshAgentSocket = "/run/owhaled/ssh-agent.sock"; // inside a cage

// Tree heads of the audit log.
inline constexpr std::size_t kMaxVkey = 192;             // bytes of a log's verifier key as text, its end included
inline constexpr std::uint64_t kMaxLogSize = 1ull << 53; // events of an audit log
inline constexpr std::int64_t kHeadEvery = 60;           // seconds between heads that the spawner keeps

enum class Type : std::uint32_t {
    // broker -> spawner
    close_connection = 1,    // CloseConnection
    resolve = 2,             // Resolve + blob
    drop_resolution = 3,     // DropResolution
    run = 4,                 // Run + blob
    signal_run = 5,          // SignalRun
    kill_run = 6,            // KillRun
    reset_box = 7,           // ResetBox
    reopen = 8,              // Reopen: the files that were named at start are to be opened again (SIGHUP)
    hold_connection = 9,     // HoldConnection: its number stays good for resolves after its client hung up
    release_connection = 10, // ReleaseConnection
    freeze_run = 11,         // FreezeRun
    inner_sockets = 12,      // InnerSockets
    open_port = 13,          // OpenPort
    audit_head = 14,         // AuditHead
    go_run = 15,             // GoRun
    // spawner -> broker
    ready = 101,           // Ready
    accepted = 102,        // Accepted + the connected socket
    connection_gone = 103, // ConnectionGone: the peer hung up; its number is void for new resolves
    resolved = 104,        // Resolved + blob + program (if has_program_fd) + one descriptor per kProbeRead that opened
    run_started = 105, // RunStarted + stdin write end (if asked) + stdout + stderr read ends, or the pty master alone
    run_failed = 106,  // RunFailed: the command never ran
    run_ended = 107,   // RunEnded
    box_ended = 108,   // BoxEnded: idle or reset
    reopened = 109,    // Reopened + one O_RDONLY descriptor per bit of `have`, in order
    connection_held = 110,    // ConnectionHeld: answers each hold_connection, in order
    run_frozen = 111,         // RunFrozen: answers each freeze_run, in order
    run_network = 112,        // RunNetwork + one descriptor per bit of `have`, in order: before run_started
    run_host_port = 113,      // RunHostPort + listeners: after run_network, one a port
    inner_sockets_made = 114, // InnerSocketsMade + sockets: answers each inner_sockets, in order
    port_opened = 115,        // PortOpened + the listener: answers each open_port, in order
    audit_head_kept = 116,    // AuditHeadKept: answers each audit_head, in order
};

struct Header {
    Type type;
    std::uint32_t size; // of the whole struct
};

// --- spawner -> broker ---

// The spawner's file of tree heads (audit-heads), as it was found at start.
struct HeadFile {
    std::int32_t err;      // errno: no head is kept. EPERM: owner or mode; ELOOP: a link; EBADMSG: not a file of heads
    std::uint32_t count;   // of heads; 0: a new file, or one without
    std::uint64_t bytes;   // its size
    std::uint64_t size;    // the last head's, in events
    std::int64_t time;     // the last head's, seconds since 1970
    std::uint8_t root[32]; // the last head's
    char vkey[kMaxVkey];   // whose log it is of, "" a new file
};

inline constexpr std::uint32_t kIoController = 8;

struct Ready { // once, first
    Header header;
    std::uint32_t version;
    std::uint32_t rootless;           // 1: the spawner is an ordinary user's
    std::uint32_t landlock_abi;       // 0: none
    std::uint32_t cgroup;             // 0 none, 1 cgroup2 without controllers, 2 cgroup2 with memory and pids
    std::uint32_t cgroup_controllers; // bit set: 1 memory, 2 pids, 4 cpu, kIoController
    std::uint32_t missing;            // bit set of Layer: required layers that are not there
    std::uint32_t reserved_uid;       // the uid that root callers run as
    std::uint64_t ceiling_memory;     // bytes, 0 none
    std::uint64_t ceiling_pids;
    std::uint64_t memory_total; // of this machine, bytes
    std::uint32_t account_uids; // account N of TCP clients runs as this uid plus N; 0: rootless, as the one uid
    std::uint32_t accounts_max; // N is 1 to this
    char accounts_dir[256];     // the folder of their workspaces, by uid; "" none
    std::uint32_t tcp_port;     // that the spawner accepts on; 0: no TCP
    // What a scoped network would have here, by trying it once in a network namespace that is thrown away; as RunNetwork.
    std::uint32_t net_have, net_by_tproxy;
    std::int32_t net_err[8]; // kPieces; of `proxy`, when no such namespace can be made at all
    HeadFile heads;
};

enum Layer : std::uint32_t {
    kLayerUserns = 1,
    kLayerLandlock = 2,
    kLayerSeccomp = 4,
    kLayerCgroup = 8,        // no cgroup v2 at all
    kLayerCgroupLimits = 16, // memory or pids controller missing: sampler and rlimits stand in
    kLayerIdmap = 32,
    kLayerGroups = 64,    // rootless: supplementary groups cannot be dropped
    kLayerOtherUid = 128, // rootless: owhaled itself is not protected from its own uid
};

enum class PeerKind : std::uint32_t {
    local = 1, // the Unix socket, or a run's own listener (then `run` is set)
    tcp = 2,
};
struct Accepted {
    Header header;
    std::uint64_t connection; // never reused
    PeerKind kind;
    std::uint32_t uid, // local: noted by the kernel at connect; tcp: of a peer on this machine, informative, else -1
        gid;           // local, else -1
    std::int32_t pid;  // informative only
    char program[16];  // /proc/PID/comm, informative only
    std::uint64_t run; // the run whose listener, or whose cgroup (tcp), this peer came from; 0 none
    std::uint32_t group_count;
    std::uint32_t groups[64]; // local: supplementary ones as the kernel noted them, root-like ones too; for roles only
    std::uint8_t address[16]; // tcp: IPv6, or IPv4 mapped into it
    std::uint16_t port;       // tcp
    std::uint8_t on_this_machine; // tcp: the peer's socket is one of this network namespace
    std::uint8_t pad[5];
};

struct ConnectionGone {
    Header header;
    std::uint64_t connection;
};

// --- resolve: short-lived child with the requester's ids, opened paths, facts ---

enum ResolveFlags : std::uint32_t {
    kResolveWorkspace = 1, // the client named one; else it is found from cwd
    kResolveProgram = 2,   // look for a program
    kResolveSshAgent = 8,  // connect to the requester's own ssh-agent; list [0] has its path as a seventh string
    kResolveScan = 4,      // find protected names at any depth of the workspace; the blobs have one list more each
};

enum ProbeBase : std::uint32_t {
    kBaseAbsolute = 0,
    kBaseHome = 1,
    kBaseWorkspace = 2,
    kBaseGit = 3,
    kBaseGitCommon = 4
};
enum ProbeFlags : std::uint32_t {
    kProbeMount = 1, // keep an O_PATH descriptor for a plan's mount
    kProbeRead = 2,  // pass an O_RDONLY descriptor of a regular file to the broker
};

struct Resolve {
    Header header;
    std::uint64_t resolution; // chosen by the broker, never reused
    std::uint64_t connection;
    std::uint32_t flags;
    std::uint32_t probe_count;
    std::uint32_t account; // tcp connections: the account's number, whose reserved uid it becomes; local ones: 0
    std::uint32_t pad;
    // blob lists: [0] one string each: cwd, workspace or "", program or "", PATH, home hint or "", user name to run as
    //             or "" (uid 0 connections only).
    //             [1] per probe three strings: base digit, flags digit, relative path ("" = the base itself)
    //             [2] kResolveScan only: the names, without slashes, at most 128
};

struct PathFact {
    std::uint64_t dev, ino, size;
    std::int64_t mtime_ns, ctime_ns;
    std::uint32_t mode; // 0: does not exist or cannot be reached
    std::uint32_t uid, gid;
    std::int32_t err;    // errno when mode is 0
    std::uint32_t fixed; // of a program and of what a kProbeRead found: 1 when nobody but root can change or replace it
    std::uint32_t pad;
};

struct Resolved {
    Header header;
    std::uint64_t resolution;
    std::int32_t err;        // errno of the first part that failed, 0 none
    char step[24];           // "connection", "user", "account", "cwd", "workspace", "program", "deadline", "child"
    std::uint32_t uid, gid;  // what a run of this resolution would run as (root callers: the reserved uid)
    std::uint32_t owner_uid; // whose rights resolve used (root callers: 0)
    std::uint32_t group_count;
    std::uint32_t groups[64]; // kept after the root-like ones were taken out
    std::uint32_t groups_dropped;
    PathFact cwd, workspace, program, home, git, git_common;
    std::uint32_t has_program_fd;
    std::uint32_t program_is_script; // "#!"
    std::uint32_t read_count;        // descriptors that follow the program's
    std::uint32_t scan;              // 0 not asked for, 1 complete, 2 its budget ended it
    std::uint32_t net_host;          // 1: owner_uid may have the host's network; a run that asks for it is judged anew
    std::int32_t ssh_agent;          // of kResolveSshAgent: 0 connected, its descriptor is the last one; else the errno
                                     // (EPERM: another uid listens there); -1 not asked for
    // blob lists: [0] cwd, workspace (git top level or cwd when not named), program as found, program's real path,
    //                 home, user name, git folder or "", git common folder or "", "#!" line or ""
    //             [1] PathFact bytes per probe   [2] indexes (decimal) of the probes whose descriptors follow
    //             [3] kResolveScan only: 'p' and a path, 'g' and the path of a git folder, below the workspace
};

struct DropResolution {
    Header header;
    std::uint64_t resolution;
};

// --- run ---

enum RunFlags : std::uint32_t {
    kRunTty = 1,
    kRunStdin = 2,      // give the broker the write end; else /dev/null
    kRunNetHost = 4,    // refused unless the spawner's own configuration lists the uid
    kRunKeepBox = 8,    // use the box named by box_key
    kRunNetScoped = 32, // loopback alone, with the listeners of RunNetwork
    kRunSshAgent = 64,  // a listener at kSshAgentSocket, as piece ssh_agent of RunNetwork
    kRunGated = 128,    // builds its cage at once, and executes nothing before go_run says that it may
    kRunDaemon = 16,    // a listener of this run's own at kDaemonSocket, whose connections are known as the run's
};

enum class MountKind : std::uint32_t {
    system = 1,   // source: a path of the spawner's own system table; always read-only, nosuid, nodev
    resolved = 2, // source: decimal index of a kProbeMount probe of the resolution, or "cwd", "workspace"
    box = 3,      // source: a folder of the box: "tmp", "home", "shm", "cache/<name>"; writable
    tmpfs = 4,    // an empty private folder
    mask = 5,     // an empty read-only folder or file over what is there
    file = 6,     // a small read-only file: its content is `source`
    symlink = 7,  // source: its text; made only where nothing is
};
enum MountFlags : std::uint32_t {
    kMountWritable = 1, // resolved: only if the requester owns it
    kMountOptional = 2, // a source that is not there is skipped
    kMountPin = 4,      // bind the target onto itself, read-only unless kMountWritable: a protected file, or an
                        // ancestor of one, that must not be renamed away; source is ignored
};

struct Run {
    Header header;
    std::uint64_t resolution; // used up by this message
    std::uint64_t run;        // chosen by the broker, never reused
    std::uint8_t id[kIdBytes];
    std::uint64_t join; // 0, or a live run of the same uid: enter its cage (mounts, box, limits ignored)
    std::uint32_t flags;
    std::uint16_t rows, cols;
    char filter[16];  // seccomp filter by name: "default", "build", "strict"
    char box_key[65]; // hex digest, or ""
    std::uint8_t pad[3];
    std::uint32_t mount_count;
    std::uint32_t approved_count;
    std::uint32_t pad2;
    std::uint64_t memory; // bytes, 0 = the ceiling
    std::uint64_t pids;
    std::uint64_t cpu_milli;  // 1000 = one processor, 0 none
    std::uint64_t io;         // bytes a second, read and written each, on each disk behind its folders; 0 none
    std::uint64_t wall_ms;    // 0 none
    std::uint64_t file_size;  // bytes, 0 none
    std::uint64_t open_files; // 0 default 65536
    std::uint64_t box_bytes;  // size of the box's tmpfs, 0 default
    // blob lists: [0] program path inside the cage, cwd inside the cage, host name
    //             [1] argv  [2] environment "K=V"  [3] per mount four strings: kind, flags (decimal), source, target
    //             [4] per approved file two strings: path inside the cage without links, SHA-256 as 64 lower hex digits.
    //             [5] per port of the host that the run reaches on its own loopback, decimal: at most kMaxHostPorts
    // Each approved file is copied into a private tmpfs while it is hashed, by the run's own first process with its rights alone, and the
    // copy is bound read-only over the path; another digest fails the step "approved" with ESTALE, and nothing runs.
};

struct RunStarted {
    Header header;
    std::uint64_t run;
    std::int32_t warden_pid;    // as the spawner sees it; for the log
    std::uint32_t namespaces;   // bit set of what was unshared: 1 user 2 pid 4 mount 8 net 16 ipc 32 uts 64 cgroup
    std::uint32_t landlock_abi; // used for this run, 0 none
    std::uint32_t cgroup;       // as Ready.cgroup
    std::uint32_t
        limits_by; // bit set: 1 memory by cgroup, 2 by sampler, 4 pids by cgroup, 8 by rlimit, 16 cpu by cgroup, 32 by affinity,
                   // 64 io by cgroup
    std::uint8_t filter_digest[32]; // SHA-256 of the loaded BPF
    std::uint32_t idmapped;
    std::uint64_t step_ns[18]; // time at which each Step ended, since the Run message was read
};

// What of a scoped network this kernel gave. Listeners and UDP sockets are non-blocking and CLOEXEC, made in the run's
// network namespace and passed to the broker; nothing in the cage has them. An error of `proxy` or of `dns_udp` fails the
// run (step "network"); without a transparent piece programs that know no proxy have no network, and the receipt says so.
enum class Piece : std::uint32_t { // the order of the descriptors
    proxy = 0,                     // TCP, 127.0.0.1:kProxyPort
    dns_udp = 1, // UDP, 127.0.0.1:kDnsPort, with IP_PKTINFO: datagrams to any address and port 53 come here, and an
                 // answer is believed only from the address that was asked: send it with ipi_spec_dst = ipi_addr
    dns_tcp = 2,
    transparent4 = 3, // TCP, 127.0.0.1:kTransparentPort: original destination by getsockopt(SO_ORIGINAL_DST) or,
                      // with `by_tproxy`, by getsockname()
    transparent6 = 4, // the same on ::1
    udp = 5,          // every other datagram of the run, IPv4, with IP_RECVORIGDSTADDR: to be reported, never answered
    udp6 = 6,
    ssh_agent = 7, // AF_UNIX stream, at kSshAgentSocket
};
inline constexpr std::size_t kPieces = 8;
struct RunNetwork {
    Header header;
    std::uint64_t run;
    std::uint32_t have; // bit set: 1 << Piece
    std::uint32_t by_tproxy;
    std::int32_t err[kPieces]; // errno of pieces that were asked for and are not there
};
struct RunHostPort { // + listener on 127.0.0.1, + listener on ::1 where there is one
    Header header;
    std::uint64_t run;
    std::uint16_t port;
    std::uint16_t listeners;
    std::int32_t err; // EADDRINUSE cannot be: nothing runs yet
};

// Sockets of a run's network namespace, unconnected: the broker connects them to what listens inside (published ports).
struct InnerSockets {
    Header header;
    std::uint64_t run;
    std::uint32_t count;  // 1 to kMaxInner
    std::uint32_t family; // AF_INET or AF_INET6
};
struct InnerSocketsMade {
    Header header;
    std::uint64_t run;
    std::int32_t err; // ESRCH: no such run lives; EINVAL: it has the host's network
    std::uint32_t count;
};
// A listening TCP socket of the host, for a published port: on loopback, unless the spawner's own configuration has a line
// `publish any`; ports below 1024 are for uid 0's runs. Closed by the broker closing it.
struct OpenPort {
    Header header;
    std::uint64_t run;        // for which: it lives, and is not of the host's network
    std::uint8_t address[16]; // IPv6, or IPv4 mapped into it
    std::uint16_t port;       // 0: the kernel chooses
    std::uint8_t pad[6];
};
struct PortOpened {
    Header header;
    std::uint64_t run;
    std::int32_t err; // EADDRINUSE, EACCES (address or port not permitted), ESRCH, EMFILE
    std::uint16_t port;
    std::uint8_t pad[2];
};

struct RunFailed {
    Header header;
    std::uint64_t run;
    std::int32_t err;
    char step[24];    // a jail step ("mounts", "seccomp", …) or "admit"
    char detail[160]; // which path, which rule; UTF-8, cut
};

enum class EndReason : std::uint32_t {
    none = 0,
    wall = 1,
    memory = 2,
    pids = 3,
    output = 4,
    file_size = 5,
    killed = 6,
    spawner = 7,
    cpu = 8,
    parent = 9, // the run that asked for it has ended
};

inline constexpr std::uint32_t kCountedDisk = 1, kCountedStalls = 2;

struct RunEnded {
    Header header;
    std::uint64_t run;
    std::int32_t exit_code;     // -1 when it was a signal
    std::int32_t signal;        // 0 none
    EndReason reason;           // why the spawner ended it, none when it ended by itself
    std::uint32_t oom_kills;    // by cgroup memory.events
    std::uint32_t pids_refused; // forks refused by pids.max
    std::uint64_t wall_ns, user_us, system_us;
    std::uint64_t memory_peak; // bytes, 0 unknown
    std::uint64_t pids_peak;
    std::uint32_t counted; // bit set of what is known: kCountedDisk, kCountedStalls
    std::uint32_t pad;
    std::uint64_t disk_read, disk_written;                          // bytes, by io.stat
    std::uint64_t cpu_stalled_us, memory_stalled_us, io_stalled_us; // by *.pressure, "some"
};

struct SignalRun {
    Header header;
    std::uint64_t run;
    std::int32_t signal; // 1..64; goes to the command's process group, SIGKILL to the whole run
};

// The intent of a kRunGated run is on disk: it may execute its command. Once; of a run that has ended meanwhile it means nothing.
struct GoRun {
    Header header;
    std::uint64_t run;
};

struct KillRun {
    Header header;
    std::uint64_t run;
    EndReason reason;       // reported back in RunEnded
    std::uint32_t grace_ms; // SIGTERM first, SIGKILL after this; 0 at once
};

struct CloseConnection {
    Header header;
    std::uint64_t connection;
};

// A request may wait for an answer longer than its client stays. Only an open connection can be held; each hold is given
// back by one release. A hold ends with the run whose connection it is, and after kHoldTime.
struct HoldConnection {
    Header header;
    std::uint64_t connection;
};
struct ReleaseConnection {
    Header header;
    std::uint64_t connection;
};
struct ConnectionHeld {
    Header header;
    std::uint64_t connection;
    std::int32_t err; // 0; ENOTCONN: no such connection is open; EAGAIN: too many are held
    std::uint32_t pad;
};

// Holds a run still, with all that is in its cage and the runs below it, or lets it go on. One that starts is held as soon
// as it runs. While it is held its wall clock stands still, signals but SIGKILL do nothing, and a kill takes no grace.
enum class FrozenBy : std::uint32_t { none = 0, cgroup = 1, signal = 2 }; // signal: SIGSTOP of all its processes
struct FreezeRun {
    Header header;
    std::uint64_t run;
    std::uint32_t freeze; // 1 or 0
    std::uint32_t pad;
};
struct RunFrozen {
    Header header;
    std::uint64_t run;
    FrozenBy by;      // how it is held; none: it is not
    std::int32_t err; // ESRCH: no such run lives
};

struct ResetBox {
    Header header;
    char box_key[65];
    std::uint8_t pad[3];
    std::uint32_t uid;
};

// Files that need privilege to open. The spawner was told their paths at start; the broker names none. `policy` is a folder,
// and its descriptor a sealed blob: [0] names of its *.toml files in order, [1] their texts, [2] "" or, of a file that
// cannot be taken, the errno in decimal (EPERM: owner or mode, ELOOP: a link, EFBIG: larger than kMaxPolicyFile).
enum class File : std::uint32_t { tls_certificate = 0, tls_key = 1, policy = 2 };
inline constexpr std::uint32_t kFiles = 3;
inline constexpr std::size_t kMaxPolicyFile = 256u << 10;
inline constexpr std::size_t kMaxPolicyFiles = 64;
inline constexpr std::size_t kPolicyLists = 3;

struct Reopen {
    Header header;
};

struct Reopened {
    Header header;
    std::uint32_t have;       // bit set: 1 << File
    std::int32_t err[kFiles]; // errno of those that are not there; EPERM: wrong owner or mode
};

// A tree head of the audit log, to be kept where the broker cannot change it. At most one in kHeadEvery seconds, and one with
// `final`, after which there is none.
struct AuditHead {
    Header header;
    std::uint64_t size;    // 1 to kMaxLogSize
    std::uint8_t root[32]; // RFC 6962 tree hash of that many events
    char vkey[kMaxVkey];   // the log's, as C2SP signed-note writes it: origin "+" key id "+" key
    std::uint32_t final;   // 1: owhaled ends
    std::uint32_t pad;
};
struct AuditHeadKept {
    Header header;
    std::uint64_t size; // of the request
    // 0; EAGAIN: too soon; ESTALE: smaller than the last one, or of its size with another root; EXDEV: the file is of another
    // log; EINVAL: no head; ENODEV: no file is kept, as HeadFile said; else of the write (ENOSPC, EROFS, EIO)
    std::int32_t err;
    std::uint32_t pad;
};

struct BoxEnded {
    Header header;
    char box_key[65];
    std::uint8_t pad[3];
};

} // namespace owhale::wire

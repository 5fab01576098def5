#include "disk.hpp"

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <new>
#include <string_view>
#include <thread>
#include <utility>

namespace owhale::test {

// SQLite allocates it, with the default VFS's own file behind it.
struct Disk::Handle {
    sqlite3_file base;
    Disk* disk;
    std::string* name;
    sqlite3_file* real;
    bool new_in_folder; // SQLite's own VFS syncs the folder, too, with the first sync of a journal
};

struct Disk::Methods {
    static Handle& of(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
    static Disk& of(sqlite3_vfs* vfs) { return *static_cast<Disk*>(vfs->pAppData); }

    static int close(sqlite3_file* file) {
        auto& handle = of(file);
        const int code = handle.real->pMethods != nullptr ? handle.real->pMethods->xClose(handle.real) : SQLITE_OK;
        delete handle.name;
        return code;
    }
    static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 at) {
        return of(file).real->pMethods->xRead(of(file).real, to, size, at);
    }
    static int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
        auto& [base, disk, name, real, new_in_folder] = of(file);
        disk->pass_gate(*name);
        if (disk->fails(disk->write_, *name) && disk->writes_left_.fetch_sub(1) <= 0) return failed(disk->write_);
        disk->note({DiskAct::Kind::write, *name, at,
                    std::string(static_cast<const char*>(data), static_cast<std::size_t>(size))});
        return real->pMethods->xWrite(real, data, size, at);
    }
    static int truncate(sqlite3_file* file, sqlite3_int64 size) {
        auto& [base, disk, name, real, new_in_folder] = of(file);
        disk->note({DiskAct::Kind::truncate, *name, size, {}});
        return real->pMethods->xTruncate(real, size);
    }
    static int sync(sqlite3_file* file, int flags) {
        auto& [base, disk, name, real, new_in_folder] = of(file);
        ++disk->syncs_;
        if (disk->on_sync_) disk->on_sync_();
        if (disk->sync_ms_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(disk->sync_ms_));
        if (disk->fails(disk->sync_, *name)) return failed(disk->sync_);
        const int code = disk->skipping_ ? SQLITE_OK : real->pMethods->xSync(real, flags);
        if (code == SQLITE_OK) disk->note({DiskAct::Kind::sync, *name, 0, {}});
        if (code == SQLITE_OK && std::exchange(new_in_folder, false))
            disk->note({DiskAct::Kind::sync_folder, *name, 0, {}});
        return code;
    }
    static int size(sqlite3_file* file, sqlite3_int64* size) {
        return of(file).real->pMethods->xFileSize(of(file).real, size);
    }
    static int lock(sqlite3_file* file, int kind) { return of(file).real->pMethods->xLock(of(file).real, kind); }
    static int unlock(sqlite3_file* file, int kind) { return of(file).real->pMethods->xUnlock(of(file).real, kind); }
    static int reserved(sqlite3_file* file, int* out) {
        return of(file).real->pMethods->xCheckReservedLock(of(file).real, out);
    }
    static int control(sqlite3_file* file, int op, void* argument) {
        return of(file).real->pMethods->xFileControl(of(file).real, op, argument);
    }
    static int sector(sqlite3_file* file) { return of(file).real->pMethods->xSectorSize(of(file).real); }
    static int device(sqlite3_file* file) { return of(file).real->pMethods->xDeviceCharacteristics(of(file).real); }
    static int shm_map(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
        return of(file).real->pMethods->xShmMap(of(file).real, page, size, extend, out);
    }
    static int shm_lock(sqlite3_file* file, int offset, int n, int flags) {
        return of(file).real->pMethods->xShmLock(of(file).real, offset, n, flags);
    }
    static void shm_barrier(sqlite3_file* file) { of(file).real->pMethods->xShmBarrier(of(file).real); }
    static int shm_unmap(sqlite3_file* file, int remove) {
        return of(file).real->pMethods->xShmUnmap(of(file).real, remove);
    }

    static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
        auto& disk = of(vfs);
        auto& handle = of(file);
        handle.base.pMethods = nullptr; // tells SQLite that there is nothing to close
        if (disk.open_.code != SQLITE_OK) return failed(disk.open_);
        handle.disk = &disk;
        handle.real = reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + sizeof(Handle));
        const int code = disk.real_->xOpen(disk.real_, path, handle.real, flags, out_flags);
        if (code != SQLITE_OK) return code;
        const std::string_view whole = path != nullptr ? path : "";
        handle.name = new std::string(whole.substr(whole.rfind('/') + 1));
        constexpr int kJournals = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
        handle.new_in_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kJournals) != 0;
        handle.base.pMethods = &kMethods;
        return SQLITE_OK;
    }
    static int remove(sqlite3_vfs* vfs, const char* path, int sync_folder) {
        auto& disk = of(vfs);
        const int code = disk.real_->xDelete(disk.real_, path, disk.skipping_ ? 0 : sync_folder);
        const std::string_view whole = path;
        if (code == SQLITE_OK)
            disk.note({DiskAct::Kind::remove, std::string(whole.substr(whole.rfind('/') + 1)), 0, {}});
        if (code == SQLITE_OK && sync_folder != 0)
            disk.note({DiskAct::Kind::sync_folder, std::string(whole.substr(whole.rfind('/') + 1)), 0, {}});
        return code;
    }
    static int access(sqlite3_vfs* vfs, const char* path, int flags, int* out) {
        return of(vfs).real_->xAccess(of(vfs).real_, path, flags, out);
    }
    static int full_path(sqlite3_vfs* vfs, const char* path, int size, char* out) {
        return of(vfs).real_->xFullPathname(of(vfs).real_, path, size, out);
    }
    static int randomness(sqlite3_vfs* vfs, int size, char* out) {
        return of(vfs).real_->xRandomness(of(vfs).real_, size, out);
    }
    static int sleep(sqlite3_vfs* vfs, int us) { return of(vfs).real_->xSleep(of(vfs).real_, us); }
    static int time(sqlite3_vfs* vfs, double* out) { return of(vfs).real_->xCurrentTime(of(vfs).real_, out); }
    static int last_error(sqlite3_vfs* vfs, int size, char* out) {
        return of(vfs).real_->xGetLastError(of(vfs).real_, size, out);
    }

    // Version 2: no memory mapping of the database, so that every change of it comes through write().
    static constexpr sqlite3_io_methods kMethods = {
        2,       close,  read,   write,   truncate, sync,        size,      lock,    unlock, reserved,
        control, sector, device, shm_map, shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};
};

Disk::Disk() : real_(::sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    vfs_.iVersion = 1;
    vfs_.szOsFile = static_cast<int>(sizeof(Handle)) + real_->szOsFile;
    vfs_.zName = "disk";
    vfs_.pAppData = this;
    vfs_.xOpen = Methods::open;
    vfs_.xDelete = Methods::remove;
    vfs_.xAccess = Methods::access;
    vfs_.xFullPathname = Methods::full_path;
    vfs_.xRandomness = Methods::randomness;
    vfs_.xSleep = Methods::sleep;
    vfs_.xCurrentTime = Methods::time;
    vfs_.xGetLastError = Methods::last_error;
    ::sqlite3_vfs_register(&vfs_, 1);
}

Disk::~Disk() {
    ::sqlite3_vfs_unregister(&vfs_);
    ::sqlite3_vfs_register(real_, 1);
}

std::vector<DiskAct> Disk::history() const {
    const std::lock_guard lock(mutex_);
    return history_;
}

std::size_t Disk::count() const {
    const std::lock_guard lock(mutex_);
    return history_.size();
}

void Disk::set(Failing& failing, int code, int errnum) {
    failing.errnum = errnum;
    failing.code = code;
}

void Disk::heal() {
    for (auto* one : {&write_, &sync_, &open_}) set(*one, SQLITE_OK, 0);
    writes_left_ = 0;
}

int Disk::failed(const Failing& failing) {
    errno = failing.errnum;
    return failing.code;
}

void Disk::note(DiskAct act) {
    if (!remembering_ || act.file.empty() || !counts(act.file)) return;
    const std::lock_guard lock(mutex_);
    history_.push_back(std::move(act));
}

void Disk::hold() {
    const std::lock_guard lock(mutex_);
    gate_ = Gate::closed;
}

void Disk::pass_gate(const std::string& file) {
    if (!counts(file)) return;
    std::unique_lock lock(mutex_);
    if (gate_ == Gate::open) return;
    gate_ = Gate::waited_at;
    changed_.notify_all();
    changed_.wait(lock, [this] { return gate_ == Gate::open; });
}

void Disk::wait_until_held() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return gate_ == Gate::waited_at; });
}

void Disk::let_go() {
    const std::lock_guard lock(mutex_);
    gate_ = Gate::open;
    changed_.notify_all();
}

} // namespace owhale::test

#include "tests/support/hub/faulty_vfs.h"

#include <cstddef>
#include <new>

namespace ipam::hub {
namespace {

// The file of the real VFS follows behind it in the same allocation.
struct File {
  sqlite3_file base;
  FaultyVfs* vfs;
  bool is_log;
};

constexpr std::size_t kOwnBytes = (sizeof(File) + 15) / 16 * 16;

sqlite3_file* RealFile(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kOwnBytes);
}
File& Own(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
FaultyVfs& Owner(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }

int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  if (Own(file).vfs->full) return SQLITE_FULL;
  sqlite3_file* real = RealFile(file);
  return real->pMethods->xWrite(real, data, size, offset);
}
int Sync(sqlite3_file* file, int flags) {
  File& own = Own(file);
  if (own.is_log && own.vfs->sync_fails) return SQLITE_IOERR_FSYNC;
  sqlite3_file* real = RealFile(file);
  const int code = real->pMethods->xSync(real, flags);
  if (own.is_log && code == SQLITE_OK) ++own.vfs->syncs;
  return code;
}

// Everything else is the real file's.
template <auto kMethod>
struct Forward;
template <typename... Args, int (*sqlite3_io_methods::*kMethod)(sqlite3_file*, Args...)>
struct Forward<kMethod> {
  static int Call(sqlite3_file* file, Args... args) {
    sqlite3_file* real = RealFile(file);
    return (real->pMethods->*kMethod)(real, args...);
  }
};
void Barrier(sqlite3_file* file) { RealFile(file)->pMethods->xShmBarrier(RealFile(file)); }

using M = sqlite3_io_methods;
constexpr sqlite3_io_methods kMethods = {
    .iVersion = 3,
    .xClose = Forward<&M::xClose>::Call,
    .xRead = Forward<&M::xRead>::Call,
    .xWrite = Write,
    .xTruncate = Forward<&M::xTruncate>::Call,
    .xSync = Sync,
    .xFileSize = Forward<&M::xFileSize>::Call,
    .xLock = Forward<&M::xLock>::Call,
    .xUnlock = Forward<&M::xUnlock>::Call,
    .xCheckReservedLock = Forward<&M::xCheckReservedLock>::Call,
    .xFileControl = Forward<&M::xFileControl>::Call,
    .xSectorSize = Forward<&M::xSectorSize>::Call,
    .xDeviceCharacteristics = Forward<&M::xDeviceCharacteristics>::Call,
    .xShmMap = Forward<&M::xShmMap>::Call,
    .xShmLock = Forward<&M::xShmLock>::Call,
    .xShmBarrier = Barrier,
    .xShmUnmap = Forward<&M::xShmUnmap>::Call,
    .xFetch = Forward<&M::xFetch>::Call,
    .xUnfetch = Forward<&M::xUnfetch>::Call,
};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  FaultyVfs& owner = Owner(vfs);
  File* own = new (file) File{{nullptr}, &owner, (flags & SQLITE_OPEN_WAL) != 0};
  sqlite3_file* real = RealFile(file);
  real->pMethods = nullptr;
  const int code = owner.real().xOpen(&owner.real(), name, real, flags, out_flags);
  if (real->pMethods != nullptr) own->base.pMethods = &kMethods;
  return code;
}

}  // namespace

FaultyVfs::FaultyVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
  vfs_.zName = "faulty";
  vfs_.pNext = nullptr;
  vfs_.pAppData = this;
  vfs_.szOsFile = static_cast<int>(kOwnBytes) + real_->szOsFile;
  vfs_.xOpen = Open;
  sqlite3_vfs_register(&vfs_, /*makeDflt=*/1);
}

FaultyVfs::~FaultyVfs() {
  sqlite3_vfs_unregister(&vfs_);
  sqlite3_vfs_register(real_, /*makeDflt=*/1);
}

}  // namespace ipam::hub

/* Journals, in one order, what a process does to the files below one folder and what it sends over TCP.
 *
 * Loaded by LD_PRELOAD. LOSING_DISK_ROOT: the folder, as realpath writes it; LOSING_DISK_JOURNAL: the file to append to.
 * A record is a header, the name or names, the data (see disk_records.py). Whatever changes a watched file in a way that
 * is not journalled is journalled as UNSUPPORTED, so that nobody trusts the journal afterwards.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR, RMDIR, SEND, UNSUPPORTED, LINK };

struct header {
  uint32_t magic;
  uint32_t op;
  int64_t at_ms;
  uint64_t file;
  int64_t offset;
  uint32_t name_bytes;
  uint32_t data_bytes;
};

#define MAGIC 0x3144534cu
#define MAX_FILES 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_bytes;
static int journal = -1;
static dev_t root_device;
static ino_t watched[MAX_FILES];
static int watched_count;

#define REAL(name) real_##name = dlsym(RTLD_NEXT, #name)
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_send)(int, const void *, size_t, int);
static ssize_t (*real_sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_unlinkat)(int, const char *, int);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_rmdir)(const char *);
static int (*real_link)(const char *, const char *);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_posix_fallocate)(int, off_t, off_t);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);

static void unlock_in_child(void) { pthread_mutex_init(&lock, NULL); }

/* Other libraries open files before it is our turn to be constructed. */
__attribute__((constructor)) static void begin(void) {
  if (real_open != NULL) return;
  REAL(open); REAL(openat); REAL(write); REAL(pwrite); REAL(writev); REAL(send); REAL(sendto); REAL(sendmsg);
  REAL(ftruncate); REAL(fsync); REAL(fdatasync); REAL(rename); REAL(unlink); REAL(unlinkat); REAL(mkdir);
  REAL(rmdir); REAL(link); REAL(fallocate); REAL(posix_fallocate); REAL(mmap);
  const char *folder = getenv("LOSING_DISK_ROOT"), *path = getenv("LOSING_DISK_JOURNAL");
  if (folder == NULL || path == NULL) return;
  snprintf(root, sizeof root, "%s", folder);
  root_bytes = strlen(root);
  struct stat found;
  if (stat(root, &found) == 0) root_device = found.st_dev;
  journal = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  pthread_atfork(NULL, NULL, unlock_in_child);
}

static int below_root(const char *path) {
  return journal >= 0 && strncmp(path, root, root_bytes) == 0 && (path[root_bytes] == '/' || path[root_bytes] == 0);
}

/* SQLite's shared memory is no file to anybody: it is made anew from the log after a power cut. */
static int ignored(const char *path) {
  size_t bytes = strlen(path);
  return bytes > 4 && strcmp(path + bytes - 4, "-shm") == 0;
}

static void note(uint32_t op, uint64_t file, int64_t offset, const char *name, size_t name_bytes, const void *data,
                 size_t data_bytes) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t at_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
  struct header header = {MAGIC, op, at_ms, file, offset, name_bytes, data_bytes};
  struct iovec parts[3] = {{&header, sizeof header}, {(void *)name, name_bytes}, {(void *)data, data_bytes}};
  int saved = errno;
  syscall(SYS_writev, journal, parts, 3);
  errno = saved;
}

static void note_name(uint32_t op, uint64_t file, int64_t offset, const char *name) {
  note(op, file, offset, name, strlen(name), NULL, 0);
}

static void unsupported(const char *what, const char *path) {
  char text[PATH_MAX + 64];
  snprintf(text, sizeof text, "%s %s", what, path);
  note_name(UNSUPPORTED, 0, 0, text);
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t bytes = readlink(link, path, PATH_MAX - 1);
  if (bytes < 0) return 0;
  path[bytes] = 0;
  return 1;
}

/* The folder may be a link; the last name is what is renamed or removed. */
static int canonical(const char *path, char *out) {
  char copy[PATH_MAX], folder[PATH_MAX];
  if (journal < 0) return 0;
  snprintf(copy, sizeof copy, "%s", path);
  char *slash = strrchr(copy, '/');
  const char *last = slash == NULL ? copy : slash + 1;
  if (slash != NULL) *slash = 0;
  if (realpath(slash == NULL ? "." : (copy[0] ? copy : "/"), folder) == NULL) return 0;
  return snprintf(out, PATH_MAX, "%s/%s", folder, last) < PATH_MAX && below_root(out);
}

static int place_of(const struct stat *file) {
  for (int at = file->st_dev == root_device ? watched_count - 1 : -1; at >= 0; at--)
    if (watched[at] == file->st_ino) return at;
  return -1;
}

/* What is behind the descriptor: 'f' a watched file, 'd' a folder below the root, 's' a TCP socket, 0 anything else. */
static char kind_of(int fd, struct stat *found) {
  if (journal < 0 || fstat(fd, found) != 0) return 0;
  if (S_ISREG(found->st_mode)) return place_of(found) >= 0 ? 'f' : 0;
  if (S_ISDIR(found->st_mode)) return 'd';
  if (!S_ISSOCK(found->st_mode)) return 0;
  struct sockaddr_storage address;
  socklen_t bytes = sizeof address;
  if (getsockname(fd, (struct sockaddr *)&address, &bytes) != 0) return 0;
  return address.ss_family == AF_INET || address.ss_family == AF_INET6 ? 's' : 0;
}

static void opened(int fd, int flags) {
  char path[PATH_MAX];
  struct stat found;
  if (fd < 0 || journal < 0 || fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) return;
  if (!path_of(fd, path)) return;
  int at = place_of(&found);
  if (!below_root(path) || ignored(path)) {
    /* A removed file's number goes to the next one made, wherever that is. */
    if (at >= 0) watched[at] = watched[--watched_count];
    return;
  }
  if (at < 0) {
    if (watched_count == MAX_FILES) unsupported("too many files", path);
    else watched[watched_count++] = found.st_ino;
  }
  if (flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) note_name(OPEN, found.st_ino, flags & O_TRUNC ? 0 : -1, path);
}

static int open_any(int folder, const char *path, int flags, mode_t mode) {
  begin();
  int fd = real_openat(folder, path, flags, mode);
  pthread_mutex_lock(&lock);
  opened(fd, flags);
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE(flags, last)                                  \
  mode_t mode = 0;                                         \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                 \
    va_list more;                                          \
    va_start(more, last);                                  \
    mode = va_arg(more, int);                              \
    va_end(more);                                          \
  }
int open(const char *path, int flags, ...) { MODE(flags, flags) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags, flags) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_any(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags, flags) return open_any(at, path, flags, mode); }

static int64_t end_or_here(int fd, const struct stat *found) {
  int flags = fcntl(fd, F_GETFL);
  return flags & O_APPEND ? found->st_size : lseek(fd, 0, SEEK_CUR);
}

/* The order of disk and network is what is judged: nothing is sent, and nothing written, while another is noted. */
static ssize_t put(int fd, const struct iovec *parts, int count, int64_t offset,
                   ssize_t (*work)(int, const struct iovec *, int, int64_t, int), int flags) {
  begin();
  struct stat found;
  char kind = kind_of(fd, &found);
  if (kind != 'f' && kind != 's') return work(fd, parts, count, offset, flags);
  pthread_mutex_lock(&lock);
  fstat(fd, &found);
  int64_t place = kind == 'f' && offset < 0 ? end_or_here(fd, &found) : offset;
  ssize_t done = work(fd, parts, count, offset, flags);
  for (ssize_t left = done, at = 0; left > 0; at++) {
    ssize_t bytes = left < (ssize_t)parts[at].iov_len ? left : (ssize_t)parts[at].iov_len;
    note(kind == 'f' ? WRITE : SEND, found.st_ino, place, NULL, 0, parts[at].iov_base, bytes);
    left -= bytes;
    place += kind == 'f' ? bytes : 0;
  }
  pthread_mutex_unlock(&lock);
  return done;
}

static ssize_t do_write(int fd, const struct iovec *parts, int count, int64_t offset, int flags) {
  (void)count, (void)offset, (void)flags;
  return real_write(fd, parts->iov_base, parts->iov_len);
}
static ssize_t do_pwrite(int fd, const struct iovec *parts, int count, int64_t offset, int flags) {
  (void)count, (void)flags;
  return real_pwrite(fd, parts->iov_base, parts->iov_len, offset);
}
static ssize_t do_writev(int fd, const struct iovec *parts, int count, int64_t offset, int flags) {
  (void)offset, (void)flags;
  return real_writev(fd, parts, count);
}
static ssize_t do_send(int fd, const struct iovec *parts, int count, int64_t offset, int flags) {
  (void)count, (void)offset;
  return real_send(fd, parts->iov_base, parts->iov_len, flags);
}

ssize_t write(int fd, const void *data, size_t bytes) {
  struct iovec part = {(void *)data, bytes};
  return put(fd, &part, 1, -1, do_write, 0);
}
ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset) {
  struct iovec part = {(void *)data, bytes};
  return put(fd, &part, 1, offset, do_pwrite, 0);
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t offset) { return pwrite(fd, data, bytes, offset); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return put(fd, parts, count, -1, do_writev, 0); }
ssize_t send(int fd, const void *data, size_t bytes, int flags) {
  struct iovec part = {(void *)data, bytes};
  return put(fd, &part, 1, -1, do_send, flags);
}
ssize_t sendto(int fd, const void *data, size_t bytes, int flags, const struct sockaddr *to, socklen_t to_bytes) {
  return to == NULL ? send(fd, data, bytes, flags) : real_sendto(fd, data, bytes, flags, to, to_bytes);
}
static ssize_t do_sendmsg(int fd, const struct iovec *parts, int count, int64_t offset, int flags) {
  (void)offset;
  struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = count};
  return real_sendmsg(fd, &message, flags);
}
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  if (message->msg_name != NULL || message->msg_control != NULL) return real_sendmsg(fd, message, flags);
  return put(fd, message->msg_iov, message->msg_iovlen, -1, do_sendmsg, flags);
}

int ftruncate(int fd, off_t size) {
  begin();
  struct stat found;
  if (kind_of(fd, &found) != 'f') return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  int done = real_ftruncate(fd, size);
  if (done == 0) note(TRUNCATE, found.st_ino, size, NULL, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return done;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

/* Noted when it is done: only then is anything promised. */
static int sync_any(int fd, int (*work)(int)) {
  struct stat found;
  char path[PATH_MAX], kind = kind_of(fd, &found);
  if (kind != 'f' && kind != 'd') return work(fd);
  pthread_mutex_lock(&lock);
  int done = work(fd);
  if (done == 0 && kind == 'f') note(SYNC, found.st_ino, 0, NULL, 0, NULL, 0);
  if (done == 0 && kind == 'd' && path_of(fd, path) && below_root(path)) note_name(SYNC_FOLDER, 0, 0, path);
  pthread_mutex_unlock(&lock);
  return done;
}
int fsync(int fd) {
  begin();
  return sync_any(fd, real_fsync);
}
int fdatasync(int fd) {
  begin();
  return sync_any(fd, real_fdatasync);
}

static int two_names(uint32_t op, const char *from, const char *to) {
  begin();
  int (*work)(const char *, const char *) = op == LINK ? real_link : real_rename;
  char names[2 * PATH_MAX], target[PATH_MAX];
  int inside = canonical(from, names), lands = canonical(to, target);
  if (!inside && !lands) return work(from, to);
  pthread_mutex_lock(&lock);
  int done = work(from, to);
  if (done == 0 && inside && lands) {
    size_t first = strlen(names) + 1, second = strlen(target);
    memcpy(names + first, target, second);
    note(op, 0, 0, names, first + second, NULL, 0);
  } else if (done == 0) {
    unsupported("over the edge", from);
  }
  pthread_mutex_unlock(&lock);
  return done;
}
int link(const char *from, const char *to) { return two_names(LINK, from, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) {
  if (a != AT_FDCWD || b != AT_FDCWD || flags) unsupported("linkat", from);
  return link(from, to);
}
int rename(const char *from, const char *to) { return two_names(RENAME, from, to); }
int renameat(int a, const char *from, int b, const char *to) {
  if (a != AT_FDCWD || b != AT_FDCWD) unsupported("renameat", from);
  return rename(from, to);
}
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  if (flags) unsupported("renameat2", from);
  return renameat(a, from, b, to);
}

static int name_gone(uint32_t op, const char *path) {
  begin();
  int (*work)(const char *) = op == UNLINK ? real_unlink : real_rmdir;
  char name[PATH_MAX];
  if (!canonical(path, name) || ignored(name)) return work(path);
  pthread_mutex_lock(&lock);
  int done = work(path);
  if (done == 0) note_name(op, 0, 0, name);
  pthread_mutex_unlock(&lock);
  return done;
}
int unlink(const char *path) { return name_gone(UNLINK, path); }
int rmdir(const char *path) { return name_gone(RMDIR, path); }
int unlinkat(int folder, const char *path, int flags) {
  begin();
  char at[PATH_MAX], whole[2 * PATH_MAX + 2];
  if (folder == AT_FDCWD || path[0] == '/') return flags & AT_REMOVEDIR ? rmdir(path) : unlink(path);
  if (journal < 0 || !path_of(folder, at) || !below_root(at)) return real_unlinkat(folder, path, flags);
  snprintf(whole, sizeof whole, "%s/%s", at, path);
  return flags & AT_REMOVEDIR ? rmdir(whole) : unlink(whole);
}

int mkdir(const char *path, mode_t mode) {
  begin();
  char name[PATH_MAX];
  pthread_mutex_lock(&lock);
  int done = real_mkdir(path, mode);
  if (done == 0 && canonical(path, name)) note_name(MKDIR, 0, 0, name);
  pthread_mutex_unlock(&lock);
  return done;
}

/* Room is made at the end, full of zeros, or it is not followed. */
static void made_room(int fd, const struct stat *before) {
  struct stat found;
  if (fstat(fd, &found) == 0 && found.st_size > before->st_size)
    note(TRUNCATE, found.st_ino, found.st_size, NULL, 0, NULL, 0);
}
int posix_fallocate(int fd, off_t offset, off_t bytes) {
  begin();
  struct stat found;
  char kind = kind_of(fd, &found);
  int done = real_posix_fallocate(fd, offset, bytes);
  if (kind == 'f') made_room(fd, &found);
  return done;
}
int posix_fallocate64(int fd, off_t offset, off_t bytes) { return posix_fallocate(fd, offset, bytes); }
int fallocate(int fd, int mode, off_t offset, off_t bytes) {
  begin();
  struct stat found;
  char kind = kind_of(fd, &found);
  if (kind == 'f' && mode != 0) unsupported("fallocate", "");
  int done = real_fallocate(fd, mode, offset, bytes);
  if (kind == 'f') made_room(fd, &found);
  return done;
}
int fallocate64(int fd, int mode, off_t offset, off_t bytes) { return fallocate(fd, mode, offset, bytes); }
void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  struct stat found;
  if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED) && real_mmap != NULL && kind_of(fd, &found) == 'f')
    unsupported("mmap", "");
  if (real_mmap == NULL) return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
  return real_mmap(at, bytes, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return mmap(at, bytes, protection, flags, fd, offset);
}

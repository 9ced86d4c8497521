/* A library to preload: fails the n-th allocation of chosen threads, and gives and takes sockets' bytes in small pieces. What it
 * does is told by a block in the file that TORTURE names, which the driver (torture.py) maps too.
 *
 * libc, OpenSSL, jansson, libpq, libunistring and libmicrohttpd all allocate by these functions. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define INITIAL_EXEC __attribute__((tls_model("initial-exec")))
#define FILES_KNOWN 4096
#define FRAMES_MAX 32
#define PLACE_BYTES 4032

enum mode { MODE_OFF, MODE_ONCE, MODE_FROM };
enum thread_kind { THREAD_UNKNOWN = 0, THREAD_MAIN = 1, THREAD_LOOP = 2, THREAD_OTHER = 4 };

/* As torture.py reads and writes it. */
struct control {
	_Atomic uint32_t mode;
	_Atomic uint32_t threads; /* kinds, together */
	_Atomic uint32_t at; /* which allocation fails */
	_Atomic uint32_t counted;
	_Atomic uint32_t failed;
	_Atomic uint32_t
		piece; /* a socket gives and takes at most so many bytes at once; 0: as many as there are */
	_Atomic uint32_t
		interrupted_every; /* each so many calls on a socket: EINTR and EAGAIN by turns; 0: never */
	_Atomic uint32_t calls; /* on sockets, while one of these two is set */
	_Atomic uint32_t ready; /* the library is there */
	uint32_t unused[7];
	char place[PLACE_BYTES]; /* who asked for the allocation that failed first */
};

struct watched {
	int epoll;
	struct epoll_event event;
};

static struct control *control;
static struct watched watched[FILES_KNOWN];
static __thread enum thread_kind kind INITIAL_EXEC;
static __thread bool inside INITIAL_EXEC;

static void *(*real_malloc)(size_t);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_reallocarray)(void *, size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void (*real_free)(void *);
static int (*real_epoll_wait)(int, struct epoll_event *, int, int);
static int (*real_epoll_ctl)(int, int, int, struct epoll_event *);
static ssize_t (*real_recv)(int, void *, size_t, int);
static ssize_t (*real_read)(int, void *, size_t);
static ssize_t (*real_send)(int, const void *, size_t, int);
static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);

/* Looking the functions up allocates already: out of here. */
static _Alignas(16) unsigned char early[65536];
static size_t early_used;

static void *take_early(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (size > sizeof early - early_used)
		return NULL;
	void *piece = early + early_used;
	early_used += size;
	return piece;
}

static bool is_early(const void *piece)
{
	return (const unsigned char *)piece >= early && (const unsigned char *)piece < early + sizeof early;
}

#define LOOK_UP(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

static void look_up_all(void)
{
	static bool looking;
	if (looking)
		return;
	looking = true;
	LOOK_UP(calloc);
	LOOK_UP(realloc);
	LOOK_UP(reallocarray);
	LOOK_UP(aligned_alloc);
	LOOK_UP(posix_memalign);
	LOOK_UP(free);
	LOOK_UP(malloc);
	LOOK_UP(epoll_wait);
	LOOK_UP(epoll_ctl);
	LOOK_UP(recv);
	LOOK_UP(read);
	LOOK_UP(send);
	LOOK_UP(sendmsg);
	LOOK_UP(write);
	LOOK_UP(writev);
}

static void open_control(void)
{
	const char *path = getenv("TORTURE");
	int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
	if (file < 0)
		return;
	void *block = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	if (block == MAP_FAILED)
		return;
	void *frames[2];
	(void)backtrace(frames, 2); /* loads what it needs */
	control = block;
	atomic_store(&control->ready, 1);
}

__attribute__((constructor)) static void begin(void)
{
	look_up_all();
	open_control();
}

static enum thread_kind kind_of_thread(void)
{
	if (kind == THREAD_UNKNOWN)
		kind = syscall(SYS_gettid) == getpid() ? THREAD_MAIN : THREAD_OTHER;
	return kind;
}

static void note_place(void)
{
	void *frames[FRAMES_MAX];
	size_t at = 0;
	int count = backtrace(frames, FRAMES_MAX);
	for (int i = 2; i < count; i++) {
		Dl_info info;
		if (dladdr(frames[i], &info) == 0 || info.dli_fname == NULL)
			continue;
		int length = snprintf(control->place + at, PLACE_BYTES - at, "%s %s %tx\n", info.dli_fname,
			info.dli_sname == NULL ? "?" : info.dli_sname,
			(char *)frames[i] - (char *)info.dli_fbase);
		if (length < 0 || (size_t)length >= PLACE_BYTES - at)
			break;
		at += (size_t)length;
	}
	control->place[at < PLACE_BYTES ? at : PLACE_BYTES - 1] = '\0';
}

static bool must_fail(void)
{
	if (control == NULL || inside)
		return false;
	uint32_t mode = atomic_load_explicit(&control->mode, memory_order_relaxed);
	if (mode == MODE_OFF || (kind_of_thread() & atomic_load(&control->threads)) == 0)
		return false;
	uint32_t this = atomic_fetch_add(&control->counted, 1) + 1;
	uint32_t at = atomic_load(&control->at);
	if (mode == MODE_ONCE ? this != at : this < at)
		return false;
	inside = true;
	if (atomic_fetch_add(&control->failed, 1) == 0)
		note_place();
	inside = false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	if (real_malloc == NULL) {
		look_up_all();
		if (real_malloc == NULL)
			return take_early(size);
	}
	return must_fail() ? NULL : real_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	if (real_malloc == NULL) {
		look_up_all();
		if (real_malloc == NULL)
			return take_early(count * size);
	}
	return must_fail() ? NULL : real_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	if (real_malloc == NULL || is_early(old)) {
		void *piece = malloc(size);
		if (piece != NULL && old != NULL) {
			size_t left = (size_t)(early + sizeof early - (unsigned char *)old);
			memcpy(piece, old, size < left ? size : left);
		}
		return piece;
	}
	return must_fail() ? NULL : real_realloc(old, size);
}

void *reallocarray(void *old, size_t count, size_t size)
{
	return must_fail() ? NULL : real_reallocarray(old, count, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	if (real_malloc == NULL)
		look_up_all();
	return must_fail() ? NULL : real_aligned_alloc(alignment, size);
}

int posix_memalign(void **piece, size_t alignment, size_t size)
{
	if (real_malloc == NULL)
		look_up_all();
	return must_fail() ? ENOMEM : real_posix_memalign(piece, alignment, size);
}

void free(void *piece)
{
	if (piece == NULL || is_early(piece))
		return;
	if (real_free != NULL)
		real_free(piece);
}

/* --- Sockets. */

int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds)
{
	if (kind_of_thread() == THREAD_OTHER)
		kind = THREAD_LOOP;
	return real_epoll_wait(epoll, events, most, milliseconds);
}

int epoll_ctl(int epoll, int operation, int file, struct epoll_event *event)
{
	if (file >= 0 && file < FILES_KNOWN) {
		if (operation == EPOLL_CTL_DEL)
			watched[file].epoll = 0;
		else
			watched[file] = (struct watched){ epoll, *event };
	}
	return real_epoll_ctl(epoll, operation, file, event);
}

/* What was left behind, or refused for the moment, is there a moment later: an edge-triggered epoll must say so, as it would of
 * bytes that come late. */
static void raise_edge(int file)
{
	if (file < FILES_KNOWN && watched[file].epoll > 0)
		(void)real_epoll_ctl(watched[file].epoll, EPOLL_CTL_MOD, file, &watched[file].event);
}

static bool is_socket(int file)
{
	struct stat state;
	return fstat(file, &state) == 0 && S_ISSOCK(state.st_mode);
}

static bool is_tormented(int file)
{
	return control != NULL && (control->piece != 0 || control->interrupted_every != 0) &&
	       (kind_of_thread() & atomic_load(&control->threads)) != 0 && is_socket(file);
}

/* EINTR, or EAGAIN of a socket that does not wait: then the caller comes back. */
static bool is_put_off(int file)
{
	uint32_t every = atomic_load(&control->interrupted_every);
	uint32_t call = atomic_fetch_add(&control->calls, 1) + 1;
	if (every == 0 || call % every != 0)
		return false;
	bool waits = (fcntl(file, F_GETFL) & O_NONBLOCK) == 0;
	errno = waits || call / every % 2 == 0 ? EINTR : EAGAIN;
	raise_edge(file);
	return true;
}

static size_t piece_of(size_t length)
{
	uint32_t piece = atomic_load(&control->piece);
	return piece == 0 || length < piece ? length : piece;
}

static ssize_t after(int file, size_t wanted, ssize_t done)
{
	int error = errno;
	if (done > 0 && (size_t)done < wanted)
		raise_edge(file);
	errno = error;
	return done;
}

ssize_t recv(int file, void *to, size_t length, int flags)
{
	if (!is_tormented(file))
		return real_recv(file, to, length, flags);
	return is_put_off(file) ? -1 : after(file, length, real_recv(file, to, piece_of(length), flags));
}

ssize_t read(int file, void *to, size_t length)
{
	if (!is_tormented(file))
		return real_read(file, to, length);
	return is_put_off(file) ? -1 : after(file, length, real_read(file, to, piece_of(length)));
}

ssize_t send(int file, const void *from, size_t length, int flags)
{
	if (!is_tormented(file))
		return real_send(file, from, length, flags);
	return is_put_off(file) ? -1 : after(file, length, real_send(file, from, piece_of(length), flags));
}

static size_t whole_of(const struct iovec *pieces, size_t count)
{
	size_t whole = 0;
	for (size_t i = 0; i < count; i++)
		whole += pieces[i].iov_len;
	return whole;
}

static const struct iovec *first_of(const struct iovec *pieces, size_t count)
{
	while (count > 1 && pieces->iov_len == 0) {
		pieces++;
		count--;
	}
	return pieces;
}

ssize_t sendmsg(int file, const struct msghdr *message, int flags)
{
	if (!is_tormented(file) || message->msg_iovlen == 0 || message->msg_control != NULL)
		return real_sendmsg(file, message, flags);
	if (is_put_off(file))
		return -1;
	const struct iovec *first = first_of(message->msg_iov, message->msg_iovlen);
	return after(file, whole_of(message->msg_iov, message->msg_iovlen),
		real_send(file, first->iov_base, piece_of(first->iov_len), flags));
}

ssize_t write(int file, const void *from, size_t length)
{
	if (!is_tormented(file))
		return real_write(file, from, length);
	return is_put_off(file) ? -1 : after(file, length, real_write(file, from, piece_of(length)));
}

ssize_t writev(int file, const struct iovec *pieces, int count)
{
	if (!is_tormented(file) || count < 1)
		return real_writev(file, pieces, count);
	if (is_put_off(file))
		return -1;
	const struct iovec *first = first_of(pieces, (size_t)count);
	return after(file, whole_of(pieces, (size_t)count),
		real_write(file, first->iov_base, piece_of(first->iov_len)));
}

/* What the policies here need of the kernel's interface, and what each of them does besides deciding.
 *
 * With STATISTICS every outcome is counted as the compiler's programs count it: one counter for each executor, PASS
 * and DROP, and for the faults, which have one for each kind here. Without, nothing is counted.
 *
 * With GLOBALS an array is a global variable, which needs no lookup; otherwise it is a map of the kind, size and
 * flags that the compiler's programs have.
 */

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long long __s64;

#define SEC(name) __attribute__((section(name), used))
#define __always_inline inline __attribute__((always_inline))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define NULL ((void *)0)

/* -- include/uapi/linux/bpf.h ------------------------------------------------------------------------------------- */

enum { SK_DROP, SK_PASS };

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_REUSEPORT_SOCKARRAY = 20,
};

enum { BPF_ANY = 0, BPF_F_MMAPABLE = 1 << 10 };

struct sk_reuseport_md {
	void *data;
	void *data_end;
	__u32 len;
	__u32 eth_protocol;
	__u32 ip_protocol;
	__u32 bind_inany;
	__u32 hash;
};

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, __u64 flags) = (void *)2;
static __u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static __u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static long (*const bpf_skb_load_bytes)(const void *ctx, __u32 offset, void *to, __u32 size) = (void *)26;
static long (*const bpf_sk_select_reuseport)(struct sk_reuseport_md *ctx, void *map, void *key, __u64 flags) = (void *)82;

/* -- maps --------------------------------------------------------------------------------------------------------- */

#define MAP(name, map_type, key_type, value_type, entries, flags) \
	struct {                                                  \
		int (*type)[map_type];                            \
		int (*max_entries)[entries];                      \
		int (*map_flags)[flags];                          \
		key_type *key;                                    \
		value_type *value;                                \
	} name SEC(".maps")

#define HASH(name, key_type, value_type, entries) MAP(name, BPF_MAP_TYPE_HASH, key_type, value_type, entries, 0)

#ifdef GLOBALS
#define ARRAY(name, value_type, entries) value_type name[entries] SEC(".data." #name) = {}
/* The index must be compared in the register that is used, where the compiler knows already that it is in range. */
#define AT(name, index)                                                                \
	({                                                                             \
		__u64 index_ = (index);                                                \
		if (!__builtin_constant_p(index_))                                     \
			asm volatile("" : "+r"(index_));                               \
		likely(index_ < sizeof(name) / sizeof(*name)) ? &name[index_] : NULL; \
	})
#else
#define ARRAY(name, value_type, entries) \
	MAP(name, BPF_MAP_TYPE_ARRAY, __u32, value_type, entries, BPF_F_MMAPABLE)
#define AT(name, index)                                                     \
	({                                                                  \
		__u32 index_ = (index);                                     \
		(typeof(name.value))bpf_map_lookup_elem(&(name), &index_); \
	})
#endif

/* -- outcomes ----------------------------------------------------------------------------------------------------- */

#define WORKERS 6
#define MAX_EXECUTORS 64

/* As in syrupc/spec.py. */
enum fault_kind {
	SHORT_PACKET,
	NO_HEADER,
	KEY_ERROR,
	INDEX_ERROR,
	ZERO_DIVISION,
	VALUE_ERROR,
	ASSERTION_ERROR,
	MAP_FULL,
	NO_EXECUTOR,
	FAULT_KINDS,
};

enum { PASS_SLOT, DROP_SLOT, FIRST_EXECUTOR_SLOT, FIRST_FAULT_SLOT = FIRST_EXECUTOR_SLOT + MAX_EXECUTORS };

MAP(executors, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, __u32, __u64, MAX_EXECUTORS, 0);

#ifdef STATISTICS
MAP(counts, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, FIRST_FAULT_SLOT + FAULT_KINDS, 0);

static __always_inline void count(__u32 slot)
{
	__u64 *counter = bpf_map_lookup_elem(&counts, &slot);

	if (likely(counter))
		++*counter;
}
#else
static __always_inline void count(__u32 slot)
{
	(void)slot;
}
#endif

static __always_inline int pass(void)
{
	count(PASS_SLOT);
	return SK_PASS;
}

static __always_inline int drop(void)
{
	count(DROP_SLOT);
	return SK_DROP;
}

static __always_inline int fault(enum fault_kind kind)
{
	count(FIRST_FAULT_SLOT + kind);
	return SK_PASS;
}

static __always_inline int serve(struct sk_reuseport_md *ctx, __u32 worker)
{
	__u32 key = worker;

	if (unlikely(bpf_sk_select_reuseport(ctx, &executors, &key, 0)))
		return fault(NO_EXECUTOR);
	count(FIRST_EXECUTOR_SLOT + worker);
	return SK_PASS;
}

/* -- packets ------------------------------------------------------------------------------------------------------ */

#define UDP_HEADER 8

/* Reads from the payload into `into`, directly or, where the bytes are not in the linear part, by a copy. True if it
 * could.
 */
#define READ(ctx, offset, into)                                                                     \
	({                                                                                          \
		const char *at_ = (const char *)(ctx)->data + UDP_HEADER + (offset);                \
		long failed_ = 0;                                                                   \
		if (likely(at_ + sizeof(into) <= (const char *)(ctx)->data_end)) {                  \
			into = *(typeof(into) *)at_;                                                \
		} else {                                                                            \
			typeof(into) copy_;                                                         \
			failed_ = bpf_skb_load_bytes(ctx, UDP_HEADER + (offset), &copy_, sizeof(copy_)); \
			into = copy_;                                                               \
		}                                                                                   \
		likely(!failed_);                                                                   \
	})

#define POLICY(name)                              \
	char _license[] SEC("license") = "Dual BSD/GPL"; \
	SEC("sk_reuseport") int name(struct sk_reuseport_md *ctx)

/* Keep each key with the worker that served it first, unless that worker is overloaded. */

#include "policy.h"

#define BUSY 8
#define KEYS 65536
#define KEY 8

HASH(owner, __u64, __u32, KEYS);
ARRAY(load, __u64, WORKERS);
ARRAY(turn, __u64, 1);

POLICY(sticky)
{
	__u64 *has, *next;
	__u32 *known, first, helper;
	__u64 key;

	if (!READ(ctx, KEY, key))
		return fault(SHORT_PACKET);
	known = bpf_map_lookup_elem(&owner, &key);
	first = known ? *known : WORKERS;
	if (first < WORKERS) {
		has = AT(load, first);
		if (unlikely(!has))
			return fault(INDEX_ERROR);
		if (*has < BUSY)
			return serve(ctx, first);
	}
	next = AT(turn, 0);
	if (unlikely(!next))
		return fault(INDEX_ERROR);
	helper = __sync_fetch_and_add(next, 1) % WORKERS;
	if (first >= WORKERS) {
		if (known)
			*known = helper;
		else if (unlikely(bpf_map_update_elem(&owner, &key, &helper, BPF_ANY)))
			return fault(MAP_FULL);
	}
	return serve(ctx, helper);
}

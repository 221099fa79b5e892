/* Let a tenant have a number of requests a second, and a burst of them at once. */

#include "policy.h"

#define TENANTS 1024
#define TENANT 2
#define COST 1000000
#define BURST (50 * COST)

HASH(due, __u32, __u64, TENANTS);

POLICY(rate_limit)
{
	__u64 now, full, *known;
	__u32 tenant;
	__u16 raw;

	if (!READ(ctx, TENANT, raw))
		return fault(SHORT_PACKET);
	tenant = __builtin_bswap16(raw);
	now = bpf_ktime_get_ns();
	known = bpf_map_lookup_elem(&due, &tenant);
	full = known ? *known : 0;
	if (full < now)
		full = now;
	if (full - now >= BURST)
		return drop();
	full += COST;
	if (known)
		*known = full;
	else if (unlikely(bpf_map_update_elem(&due, &tenant, &full, BPF_ANY)))
		return fault(MAP_FULL);
	return pass();
}

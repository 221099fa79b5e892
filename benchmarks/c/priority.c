/* Keep workers free for the urgent requests. */

#include "policy.h"

#define LEVEL 0
#define URGENT 1
#define NORMAL 2

ARRAY(busy, __u64, WORKERS);

POLICY(priority)
{
	__u32 allowed;
	__u8 level;

	if (!READ(ctx, LEVEL, level))
		return fault(SHORT_PACKET);
	allowed = level == URGENT ? WORKERS : level == NORMAL ? 4 : 2;
	for (__u32 worker = allowed; worker-- > 0;) {
		__u64 *serves = AT(busy, worker);

		if (unlikely(!serves))
			return fault(INDEX_ERROR);
		if (!*serves)
			return serve(ctx, worker);
	}
	return serve(ctx, bpf_get_prandom_u32() % allowed);
}

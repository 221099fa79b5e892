/* Avoid the workers that are busy with a long request. */

#include "policy.h"

#define SCAN 2

ARRAY(serving, __u64, WORKERS);
ARRAY(turn, __u64, 1);

POLICY(scan_avoid)
{
	__u64 *next = AT(turn, 0);

	if (unlikely(!next))
		return fault(INDEX_ERROR);
	for (int tried = 0; tried < WORKERS; tried++) {
		__u32 worker = __sync_fetch_and_add(next, 1) % WORKERS;
		__u64 *serves = AT(serving, worker);

		if (unlikely(!serves))
			return fault(INDEX_ERROR);
		if (*serves != SCAN)
			return serve(ctx, worker);
	}
	return pass();
}

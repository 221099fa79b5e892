/* Give each request to the worker that has the least to do. */

#include "policy.h"

ARRAY(load, __u64, WORKERS);
ARRAY(turn, __u64, 1);

POLICY(least_loaded)
{
	__u64 *next = AT(turn, 0), *has, least;
	__u32 start, best;

	if (unlikely(!next))
		return fault(INDEX_ERROR);
	start = best = __sync_fetch_and_add(next, 1) % WORKERS;
	has = AT(load, start);
	if (unlikely(!has))
		return fault(INDEX_ERROR);
	least = *has;
	for (int step = 1; step < WORKERS; step++) {
		__u32 worker = (start + step) % WORKERS;

		has = AT(load, worker);
		if (unlikely(!has))
			return fault(INDEX_ERROR);
		if (*has < least) {
			best = worker;
			least = *has;
		}
	}
	return serve(ctx, best);
}

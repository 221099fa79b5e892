/* Send every request for a key to the worker that owns the key's partition. */

#include "policy.h"

#define KEY 8
#define GOLDEN 0x9E3779B97F4A7C15ull

POLICY(key_hash)
{
	__u64 key;

	if (!READ(ctx, KEY, key))
		return fault(SHORT_PACKET);
	return serve(ctx, (__u32)(key * GOLDEN >> 32) % WORKERS);
}

/* Let a user have as many requests as it has tokens. */

#include "policy.h"

#define USERS 1024
#define USER 2

HASH(left, __u32, __s64, USERS);

POLICY(tokens)
{
	__s64 *count;
	__u32 user;
	__u16 raw;

	if (!READ(ctx, USER, raw))
		return fault(SHORT_PACKET);
	user = __builtin_bswap16(raw);
	count = bpf_map_lookup_elem(&left, &user);
	if (!count || __sync_fetch_and_add(count, -1) <= 0)
		return drop();
	return pass();
}

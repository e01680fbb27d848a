-- Give a message back: it counts as long untouched, so any worker may take it. KEYS: tasks.
-- ARGV: group, consumer, message id, hints channel. Returns 1, or 0 when this consumer does not have it any more.
if not redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[3], ARGV[3], 1, ARGV[2])[1] then return 0 end
redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, ARGV[3], 'IDLE', 86400000, 'JUSTID')
redis.call('PUBLISH', ARGV[4], '')
return 1

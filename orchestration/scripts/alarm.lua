-- Something came that nobody who has the signing keys wrote. KEYS: alarm. ARGV: why, ms that the alarm lasts.
-- Returns how often that was so since the alarm began.
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'at', t[1] * 1000 + math.floor(t[2] / 1000), 'why', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HINCRBY', KEYS[1], 'messages', 1)

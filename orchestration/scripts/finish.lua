-- End a run, once, and let its keys expire. KEYS: run, events, active.
-- ARGV: id, owner's fence ('' = whoever asks, for Stop), state, result, event, retention ms, hints channel.
-- Returns 'OK', 'STALE' or 'ENDED'.
local run = redis.call('HMGET', KEYS[1], 'state', 'fence')
if run[1] ~= 'running' then return 'ENDED' end
if ARGV[2] ~= '' and run[2] ~= ARGV[2] then return 'STALE' end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'result', ARGV[4])
redis.call('XADD', KEYS[2], '*', 'e', ARGV[5], 'f', run[2])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
if ARGV[2] == '' then redis.call('PUBLISH', ARGV[7], ARGV[1]) end
return 'OK'

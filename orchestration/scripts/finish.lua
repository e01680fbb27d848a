-- End a run, once, and let its keys expire. KEYS: run, events, active.
-- ARGV: id, owner's fence ('' = whoever asks, for Stop), state, result, retention ms, hints channel, events.
-- Returns 'OK', 'STALE' or 'ENDED'.
local run = redis.call('HMGET', KEYS[1], 'state', 'fence')
if run[1] ~= 'running' then return 'ENDED' end
if ARGV[2] ~= '' and run[2] ~= ARGV[2] then return 'STALE' end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'result', ARGV[4])
for i = 7, #ARGV do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'f', run[2]) end
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
if ARGV[2] == '' then redis.call('PUBLISH', ARGV[6], ARGV[1]) end
return 'OK'

-- Let go of a step without a result, for another attempt; what this one wrote is superseded and removed.
-- KEYS: run, events. ARGV: step, fence, state ('queued' = give it back, 'retrying' = it failed), ms until it is sent
--       again, event, ids of its token events. Returns 'OK', 'STALE' or 'ENDED'.
local s = ARGV[1]
local run = redis.call('HMGET', KEYS[1], 'state', s .. '.fence', s .. '.state', s .. '.attempt')
if run[1] ~= 'running' then return 'ENDED' end
if run[2] ~= ARGV[2] or run[3] ~= 'running' then return 'STALE' end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], s .. '.state', ARGV[3], s .. '.until', t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[4])
if ARGV[3] == 'retrying' then redis.call('HINCRBY', KEYS[1], s .. '.failures', 1) end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[5], 'a', run[4], 'f', run[2])
for i = 6, #ARGV do redis.call('XDEL', KEYS[2], ARGV[i]) end
return 'OK'

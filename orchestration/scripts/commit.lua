-- Commit a step's result, once: state, result and events together; its token events are superseded and removed.
-- KEYS: run, events. ARGV: step, fence, state, result, its event up to the result, n, n events that go before it,
--       ids of its token events.
-- Returns 'OK', 'DONE' (it has a result), 'STALE' (a newer attempt owns it) or 'ENDED' (the run is over).
local s = ARGV[1]
local run = redis.call('HMGET', KEYS[1], 'state', s .. '.fence', s .. '.state', s .. '.attempt')
if run[1] ~= 'running' then return 'ENDED' end
if run[3] ~= 'running' then return 'DONE' end
if run[2] ~= ARGV[2] then return 'STALE' end
redis.call('HSET', KEYS[1], s .. '.state', ARGV[3], s .. '.result', ARGV[4])
local n = tonumber(ARGV[6])
for i = 7, 6 + n do redis.call('XADD', KEYS[2], '*', 'e', ARGV[i], 'a', run[4], 'f', run[2]) end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[5] .. ARGV[4] .. '}', 'a', run[4], 'f', run[2])
for i = 7 + n, #ARGV do redis.call('XDEL', KEYS[2], ARGV[i]) end
return 'OK'

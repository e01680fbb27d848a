-- A worker that was taken for dead is alive: the step did not kill it. KEYS: run. ARGV: step, its stale fence.
local s = ARGV[1]
local step = redis.call('HMGET', KEYS[1], s .. '.deaths', s .. '.absolved')
if not step[1] or tonumber(step[1]) == 0 or tonumber(step[2] or '0') >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], s .. '.absolved', ARGV[2])
return redis.call('HINCRBY', KEYS[1], s .. '.deaths', -1)
